"""What a request is about, by its method, path and query: as Kubernetes' own `RequestInfo` reads them.

Source: k8s.io/apiserver/pkg/endpoints/request/requestinfo.go.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from hpctl.sandbox.kube.resources import Attributes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_BY_METHOD: Final = {
    "GET": "get",
    "HEAD": "get",
    "POST": "create",
    "PUT": "update",
    "PATCH": "patch",
    "DELETE": "delete",
}
_OF_NAMESPACES: Final = ("", "status", "finalize")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a path leads; `plural` is empty when it leads to no resource."""

    path: str
    group: str = ""
    version: str = ""
    plural: str = ""
    namespace: str | None = None
    name: str = ""
    subresource: str = ""
    rest: tuple[str, ...] = ()

    @property
    def qualified(self) -> str:
        """The resource with its group, as refusals name it."""
        return f"{self.plural}.{self.group}" if self.group else self.plural


def place(path: str) -> Place:
    """Read a path of the API."""
    match path.strip("/").split("/"):
        case ["api", version, *rest] if rest:
            return _resource(path, "", version, rest)
        case ["apis", group, version, *rest] if rest:
            return _resource(path, group, version, rest)
        case _:
            return Place(path)


def verb(method: str, where: Place, query: Mapping[str, str]) -> str:
    """Return the verb that a request is authorized by."""
    if not where.plural:
        return method.lower()
    named = _BY_METHOD.get(method, method.lower())
    if where.name:
        return named
    if named == "get":
        return "watch" if watches(query) else "list"
    return "deletecollection" if named == "delete" else named


def watches(query: Mapping[str, str]) -> bool:
    """Whether a list is to be watched."""
    return query.get("watch", "") in {"1", "true", "True"}


def attributes(method: str, where: Place, query: Mapping[str, str]) -> Attributes:
    """Return what a request is authorized by."""
    if not where.plural:
        return Attributes(method.lower(), path=where.path)
    return Attributes(
        verb=verb(method, where, query),
        group=where.group,
        resource=where.plural,
        subresource=where.subresource,
        namespace=where.namespace or "",
        name=where.name or _single(query),
    )


def _single(query: Mapping[str, str]) -> str:
    """A list of one name alone is authorized by that name, so that a `resourceNames` rule can allow it."""
    terms = query.get("fieldSelector", "").split(",")
    return next((term.partition("=")[2].lstrip("=") for term in terms if term.startswith("metadata.name=")), "")


def _resource(path: str, group: str, version: str, parts: Sequence[str]) -> Place:
    match parts:
        case ["namespaces"]:
            return Place(path, group, version, "namespaces")
        case ["namespaces", name, *rest] if not group and (rest[0] if rest else "") in _OF_NAMESPACES:
            return Place(path, group, version, "namespaces", name, name, rest[0] if rest else "", tuple(rest[1:]))
        case ["namespaces", namespace, plural, *rest]:
            return Place(path, group, version, plural, namespace, *_named(rest))
        case [plural, *rest]:
            return Place(path, group, version, plural, None, *_named(rest))
        case _:
            return Place(path)


def _named(parts: Sequence[str]) -> tuple[str, str, tuple[str, ...]]:
    name, subresource, *rest = [*parts, "", ""]
    return name, subresource, tuple(part for part in rest if part)
