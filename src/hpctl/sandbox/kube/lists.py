"""Lists as the wire asks for them: pages that stay consistent, and lists of a version.

Source: Kubernetes documentation, "API Concepts" (retrieving large result sets; resource versions).
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from hpctl.sandbox.kube.api import chosen_of
from hpctl.sandbox.kube.kinds import kept
from hpctl.sandbox.kube.status import StatusError, bad_request

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hpctl.sandbox.kube.api import ClusterApi
    from hpctl.sandbox.kube.objects import Key
    from hpctl.sandbox.kube.resources import Object, Resource

_TOO_OLD: Final = (
    "The provided continue parameter is too old to display a consistent list result. You can start a new list "
    "without the continue parameter, or use the continue token in this response to retrieve the remainder of the "
    "results. Continuing with the provided token results in an inconsistent list - objects that were created, "
    "modified, or deleted between the time the first chunk was returned and now may show up in the list."
)
_INCONSISTENT: Final = -1


@dataclass(frozen=True, slots=True)
class Page:
    """Some objects of a list, and the `ListMeta` that goes with them."""

    items: tuple[Object, ...]
    metadata: dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Start:
    """Where a page begins: the version of the whole list, and the key after which it goes on."""

    version: int
    after: Key | None = None


class ContinueError(StatusError):
    """The version that a continue token belongs to is gone; the remainder as it is now can be had."""

    def __init__(self, after: Key) -> None:
        """Tell the key after which the remainder begins."""
        super().__init__(410, "Expired", _TOO_OLD)
        self._remainder = _token(_Start(_INCONSISTENT, after))

    @property
    def status(self) -> Object:
        """The `Status` object, with the token for the remainder."""
        return {**super().status, "metadata": {"continue": self._remainder}}


def page(api: ClusterApi, resource: Resource, namespace: str | None, query: Mapping[str, str]) -> Page:
    """Return the page that a query asks for; raises StatusError (400, 410, 422, 504)."""
    labels, fields = query.get("labelSelector", ""), query.get("fieldSelector", "")
    chosen = api.selector(resource, labels, fields)
    limit, start = _limit(query), _start(api, query)
    found = _as_of(api, resource, start)
    version = api.objects.version if start.version == _INCONSISTENT else start.version
    rest = chosen_of({key: one for key, one in found.items() if start.after is None or key > start.after},
                     resource, namespace, chosen)  # fmt: skip
    metadata: dict[str, Any] = {"resourceVersion": str(version)}
    if limit and len(rest) > limit:
        last = rest[limit - 1]["metadata"]
        metadata["continue"] = _token(_Start(version, (last.get("namespace", ""), last["name"])))
        if not labels and not fields:
            metadata["remainingItemCount"] = len(rest) - limit
    return Page(rest[:limit] if limit else rest, metadata)


def known_version(api: ClusterApi, text: str) -> int:
    """Read a resource version; raises StatusError (400; 504 when it is of the future)."""
    if not text.isdigit():
        raise bad_request(
            f'resourceVersion: Invalid value: "{text}": strconv.ParseUint: parsing "{text}": invalid syntax'
        )
    if int(text) > api.objects.version:
        told = f"Too large resource version: {text}, current: {api.objects.version}"
        cause = {"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}
        details = {"causes": [cause], "retryAfterSeconds": 1}
        raise StatusError(504, "Timeout", told, details=details, headers={"Retry-After": "1"})
    return int(text)


def _limit(query: Mapping[str, str]) -> int:
    text = query.get("limit") or "0"
    if not text.lstrip("-").isdigit():
        raise bad_request(f'strconv.ParseInt: parsing "{text}": invalid syntax')
    return max(int(text), 0)


def _start(api: ClusterApi, query: Mapping[str, str]) -> _Start:
    version, match = query.get("resourceVersion", ""), query.get("resourceVersionMatch", "")
    if token := query.get("continue"):
        if version not in {"", "0"} or match:
            raise bad_request("specifying resource version is not allowed when using continue")
        return _read(token)
    _refuse_match(version, match)
    exact = match == "Exact" or (not match and bool(_limit(query)))
    known = known_version(api, version) if version else 0
    return _Start(known) if known and exact else _Start(api.objects.version)


def _refuse_match(version: str, match: str) -> None:
    why = ""
    if match and not version:
        why = "Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided"
    elif match not in {"", "Exact", "NotOlderThan"}:
        why = f'Unsupported value: "{match}": supported values: "Exact", "NotOlderThan"'
    elif match == "Exact" and version == "0":
        why = 'Forbidden: resourceVersionMatch "exact" is forbidden for resourceVersion "0"'
    if why:
        told = f'ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: {why}'
        raise StatusError(422, "Invalid", told, details={"group": "meta.k8s.io", "kind": "ListOptions"})


def _as_of(api: ClusterApi, resource: Resource, start: _Start) -> Mapping[Key, Object]:
    place = kept(resource)
    if start.version in {_INCONSISTENT, api.objects.version}:
        return api.objects.every(place)
    try:
        return api.objects.at(place, start.version)
    except StatusError as gone:
        if start.after is None:
            raise
        raise ContinueError(start.after) from gone


def _token(start: _Start) -> str:
    told = {"v": "meta.k8s.io/v1", "rv": start.version, "start": start.after}
    return base64.urlsafe_b64encode(json.dumps(told, separators=(",", ":")).encode()).decode().rstrip("=")


def _read(token: str) -> _Start:
    try:
        told = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        namespace, name = told["start"]
        return _Start(int(told["rv"]), (str(namespace), str(name)))
    except (binascii.Error, KeyError, TypeError, ValueError) as error:
        raise bad_request(f"continue key is not valid: {error}") from error
