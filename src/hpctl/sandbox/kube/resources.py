"""What a kind of objects is to the API: `Resource`, as discovery shows it, and the shapes that all rooms share."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

Object = dict[str, Any]
"""A Kubernetes object in JSON. Nobody changes one that the `Api` has given out: take a copy."""

READ: Final = ("get", "list", "watch")
WRITE: Final = ("create", "update", "patch", "delete", "deletecollection")


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource of one group and version; `subresources` are those served beside it (status, scale, log, …)."""

    group: str
    version: str
    plural: str
    kind: str
    singular: str
    namespaced: bool = True
    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    subresources: frozenset[str] = frozenset()
    verbs: tuple[str, ...] = READ + WRITE

    @property
    def api_version(self) -> str:
        """The `apiVersion` of its objects."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def qualified(self) -> str:
        """The plural with its group, as refusals name it: `pods`, `daemonsets.apps`."""
        return f"{self.plural}.{self.group}" if self.group else self.plural


class Change(StrEnum):
    """What a watch tells of an object."""

    ADDED = "ADDED"
    MODIFIED = "MODIFIED"
    DELETED = "DELETED"


@dataclass(frozen=True, slots=True)
class Event:
    """A change of one object; `before` is what it was, None when it is new."""

    change: Change
    resource: Resource
    object: Object
    before: Object | None = None


class PatchType(StrEnum):
    """The content types of a patch."""

    JSON = "application/json-patch+json"
    MERGE = "application/merge-patch+json"
    STRATEGIC = "application/strategic-merge-patch+json"
    APPLY = "application/apply-patch+yaml"


@dataclass(frozen=True, slots=True)
class User:
    """Who asks, as an access entry names them."""

    name: str
    groups: tuple[str, ...] = ()
    extra: tuple[tuple[str, tuple[str, ...]], ...] = ()


@dataclass(frozen=True, slots=True)
class Attributes:
    """What somebody wants to do: the attributes that Kubernetes authorizes by. Empty means all, as in RBAC."""

    verb: str
    group: str = ""
    resource: str = ""
    subresource: str = ""
    namespace: str = ""
    name: str = ""
    path: str = ""
    """Of a request that is about no resource, such as `/version`."""


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether it may be done, and why, in the words of an authorizer."""

    allowed: bool
    reason: str = ""
