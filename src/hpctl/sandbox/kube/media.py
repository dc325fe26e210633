"""Media types: what a client takes, and what it sends."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from hpctl.sandbox.kube import protobuf
from hpctl.sandbox.kube.status import StatusError, bad_request

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_BODY: Final = 3 * 1024 * 1024
"""The largest body that the API server reads (`MaxRequestBodyBytes`)."""

_JSON: Final = "application/json"
_YAML: Final = "application/yaml"
_SHOWN: Final = (_JSON, _YAML, "application/*", "*/*")
_KINDS: Final = ("Table", "PartialObjectMetadata", "PartialObjectMetadataList")


@dataclass(frozen=True, slots=True)
class Form:
    """How an answer is wanted: as JSON or YAML, and as another kind than it is (`as=Table`)."""

    media: str = _JSON
    kind: str = ""
    group: str = ""
    version: str = ""

    @property
    def content_type(self) -> str:
        """The `Content-Type` of the answer."""
        extra = f";as={self.kind};g={self.group};v={self.version}" if self.kind else ""
        return self.media + extra

    def written(self, body: Any) -> bytes:
        """Return an answer as bytes."""
        if self.media == _YAML:
            return _yaml(body)
        return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def wanted(accept: str, *more: tuple[str, str, str, str]) -> Form:
    """Return the first form that a client takes and that can be had; raises StatusError (406).

    `more` are forms beside the usual ones: media type, group, version and kind.
    """
    for media, parameters in _accepted(accept or "*/*"):
        if media not in _SHOWN:
            continue
        form = Form(_YAML if media == _YAML else _JSON, *(parameters.get(name, "") for name in ("as", "g", "v")))
        special = (form.media, form.group, form.version, form.kind)
        if not form.kind or special in more:
            return form
        if not more and form.kind in _KINDS and (form.group, form.version) == ("meta.k8s.io", "v1"):
            return form
    told = "only the following media types are accepted: application/json, application/yaml"
    raise StatusError(406, "NotAcceptable", told)


def read(body: bytes, content_type: str, twice: list[str] | None = None) -> Any:
    """Return what a body says; raises StatusError (400, 415). `twice` gets the fields that are there twice."""
    media = content_type.partition(";")[0].strip().lower() or _JSON
    if media == protobuf.MEDIA_TYPE:
        return protobuf.decoded(body)
    if media not in {_JSON, _YAML}:
        raise unsupported((_JSON, _YAML, protobuf.MEDIA_TYPE))
    return parsed(body, twice, yaml=media == _YAML)


def parsed(body: bytes, twice: list[str] | None = None, *, yaml: bool) -> Any:
    """Return what JSON says, or YAML when it may be that; raises StatusError (400)."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs) and twice is not None:
            names = [name for name, _ in pairs]
            twice.extend(name for name in found if names.count(name) > 1)
        return found

    try:
        return json.loads(body, object_pairs_hook=once)
    except ValueError as error:
        if not yaml:
            raise bad_request(f"couldn't get version/kind; json parse error: {error}") from error
    return _from_yaml(body)


def unsupported(known: tuple[str, ...]) -> StatusError:
    """Return the refusal of a body of another media type."""
    told = f"the body of the request was in an unknown format - accepted media types include: {', '.join(known)}"
    return StatusError(415, "UnsupportedMediaType", told)


def _accepted(accept: str) -> Iterator[tuple[str, dict[str, str]]]:
    for part in accept.split(","):
        media, *parameters = (piece.strip() for piece in part.split(";"))
        yield media.lower(), dict(piece.partition("=")[::2] for piece in parameters)


def _from_yaml(body: bytes) -> Any:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        return YAML(typ="safe").load(body)
    except (YAMLError, UnicodeDecodeError) as error:
        raise bad_request(f"error decoding YAML: {error}") from error


def _yaml(body: Any) -> bytes:
    from io import BytesIO

    from ruamel.yaml import YAML

    writer, out = YAML(typ="safe"), BytesIO()
    writer.default_flow_style = False
    writer.dump(body, out)
    return out.getvalue()
