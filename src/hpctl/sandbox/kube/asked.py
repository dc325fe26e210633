"""One request to one cluster: who asks, about what, and what its query and body say."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Protocol

from hpctl.sandbox.kube import media
from hpctl.sandbox.kube.ports import Access
from hpctl.sandbox.kube.status import StatusError, bad_request

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from aiohttp import web

    from hpctl.sandbox.kube.api import ClusterApi
    from hpctl.sandbox.kube.ports import PodStreams, Schemas
    from hpctl.sandbox.kube.requests import Place
    from hpctl.sandbox.kube.resources import Object, Resource, User

_LONGEST_MANAGER: Final = 128
_STRICT: Final = "Strict"
_WARN: Final = "Warn"
_IGNORE: Final = "Ignore"


class Gate(Access, Protocol):
    """Who comes in and what they may do, and what they may let others do."""

    def refuse_escalation(self, user: User, resource: Resource, body: Object) -> None:
        """Refuse (403) to grant by a role or a binding what the user may not do."""


@dataclass(frozen=True, slots=True)
class Served:
    """One cluster as the wire serves it; `version` tells its Kubernetes version, such as `1.33`."""

    api: ClusterApi
    access: Gate
    schemas: Schemas
    streams: PodStreams
    version: Callable[[], str]
    warnings: Callable[[Resource, Object], Iterable[str]] = lambda *_: ()


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that has been let in; `warnings` go back in its answer's headers, `twice` is what its body repeats."""

    request: web.Request
    cluster: Served
    user: User
    place: Place
    warnings: list[str] = field(default_factory=list)
    twice: list[str] = field(default_factory=list)

    @property
    def query(self) -> Mapping[str, str]:
        """The query; of a parameter that is there several times the first."""
        return self.request.query

    @property
    def manager(self) -> str:
        """Who is to own the fields that change: as it says, or as its program is called; raises StatusError (422)."""
        named = self.query.get("fieldManager", "")
        if len(named) > _LONGEST_MANAGER:
            raise _invalid_options("fieldManager: Too long: may not be more than 128 bytes")
        if not named.isprintable():
            known = "should only contain printable characters"
            raise _invalid_options(f"fieldManager: Invalid value: {json.dumps(named)}: {known}")
        return named or self.request.headers.get("User-Agent", "unknown").partition("/")[0]

    @property
    def dry_run(self) -> bool:
        """Whether nothing is to be kept; raises StatusError (422)."""
        return _dry_run(self.request.query.getall("dryRun", []))

    async def body(self) -> Object:
        """Return the object in the body; raises StatusError (400, 413, 415)."""
        found = media.read(await self.raw(), self.request.headers.get("Content-Type", ""), self.twice)
        return an_object(found)

    async def raw(self) -> bytes:
        """Return the body; raises StatusError (413)."""
        from aiohttp.web import HTTPRequestEntityTooLarge

        try:
            return await self.request.read()
        except HTTPRequestEntityTooLarge as error:
            told = f"Request entity too large: limit is {media.MOST_BODY}"
            raise StatusError(413, "RequestEntityTooLarge", told) from error

    def look(self, resource: Resource, body: Object) -> None:
        """Refuse (400) or warn of fields that a kind does not have, as `fieldValidation` says.

        What would let others do more than who asks may do is refused too (403).
        """
        metadata = {"namespace": self.place.namespace, **(body.get("metadata") or {})}
        self.cluster.access.refuse_escalation(self.user, resource, {**body, "metadata": metadata})
        how = self.query.get("fieldValidation") or _WARN
        if how not in {_STRICT, _WARN, _IGNORE}:
            known = 'supported values: "Ignore", "Strict", "Warn"'
            raise _invalid_options(f'fieldValidation: Unsupported value: "{how}": {known}')
        self.warnings.extend(self.cluster.warnings(resource, body))
        unknown = [] if how == _IGNORE else [str(path) for path in self.cluster.schemas.unknown_fields(resource, body)]
        twice = [] if how == _IGNORE else [f'duplicate field "{name}"' for name in self.twice]
        told = [*twice, *(f'unknown field "{path}"' for path in unknown)]
        if told and how == _STRICT:
            what = f'{resource.kind} in version "{resource.version}" cannot be handled as a {resource.kind}'
            raise bad_request(f"{what}: strict decoding error: {', '.join(told)}")
        self.warnings.extend(told)


def an_object(found: Any) -> Object:
    """Return a body that is a JSON object; raises StatusError (400)."""
    if not isinstance(found, dict):
        raise bad_request("couldn't get version/kind; json parse error: the body is not an object")
    return found


def _dry_run(values: Iterable[str]) -> bool:
    told = list(values)
    if any(value != "All" for value in told):
        other = next(value for value in told if value != "All")
        raise _invalid_options(f'dryRun: Unsupported value: "{other}": supported values: "All"')
    return bool(told)


def dry_run(asked: Asked, options: Object) -> bool:
    """Whether the query or the `DeleteOptions` of a body say that nothing is to be kept; raises StatusError (422)."""
    return _dry_run(options.get("dryRun") or ()) or asked.dry_run


def required_manager(asked: Asked) -> str:
    """Return the manager of an apply, who must be named; raises StatusError (422)."""
    if not asked.query.get("fieldManager"):
        raise _invalid_options("fieldManager: Required value: is required for apply patch", "PatchOptions")
    return asked.manager


def _invalid_options(told: str, kind: str = "CreateOptions") -> StatusError:
    details = {"group": "meta.k8s.io", "kind": kind}
    return StatusError(422, "Invalid", f'{kind}.meta.k8s.io "" is invalid: {told}', details=details)
