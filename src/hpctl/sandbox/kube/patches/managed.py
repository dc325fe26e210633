"""managedFields: who set which field of an object (Kubernetes documentation, "Server-Side Apply").

The rules are those of structured-merge-diff (package merge) and of the API server's field managers.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from hpctl.sandbox.kube.patches.fields import Fields, Path, decoded, encoded
from hpctl.sandbox.kube.patches.parts import difference
from hpctl.sandbox.kube.resources import Object
from hpctl.sandbox.kube.schemas.shape import Shape

APPLY: Final = "Apply"
UPDATE: Final = "Update"
# What nobody owns: the server sets it, or it names the object.
_META: Final = (
    "creationTimestamp",
    "generation",
    "managedFields",
    "name",
    "namespace",
    "resourceVersion",
    "selfLink",
    "uid",
)
_NOBODYS: Final = frozenset(
    {("f:apiVersion",), ("f:kind",), ("f:metadata",), *(("f:metadata", f"f:{name}") for name in _META)}
)
Identity = tuple[str, str, str, str]


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of managedFields."""

    manager: str
    operation: str
    api_version: str
    subresource: str
    time: str
    fields: Fields

    @property
    def identity(self) -> Identity:
        """What tells it from others: of an apply without the version, so that it stays one over versions."""
        version = "" if self.operation == APPLY else self.api_version
        return self.manager, self.operation, version, self.subresource

    @property
    def told(self) -> Object:
        """The entry as it stands in an object."""
        part = {"subresource": self.subresource} if self.subresource else {}
        return {
            "manager": self.manager,
            "operation": self.operation,
            "apiVersion": self.api_version,
            "time": self.time,
            "fieldsType": "FieldsV1",
            "fieldsV1": encoded(self.fields),
            **part,
        }


Entries = dict[Identity, Entry]


def entries_of(body: Object) -> Entries:
    """Return the entries of an object by what tells them apart."""
    rows = (body.get("metadata") or {}).get("managedFields") or ()
    entries = [_entry(row) for row in rows if isinstance(row, dict)]
    return {entry.identity: entry for entry in entries if entry.manager or entry.fields}


def _entry(row: dict[str, Any]) -> Entry:
    return Entry(
        manager=row.get("manager", ""),
        operation=row.get("operation", UPDATE),
        api_version=row.get("apiVersion", ""),
        subresource=row.get("subresource", ""),
        time=row.get("time", ""),
        fields=decoded(row.get("fieldsV1") or {}),
    )


def with_entries(body: Object, entries: Iterable[Entry]) -> Object:
    """Return an object with these entries as its managedFields, in the API server's order."""
    rows = sorted(entries, key=lambda entry: (entry.operation, entry.time, *entry.identity))
    metadata = {key: value for key, value in body.get("metadata", {}).items() if key != "managedFields"}
    return {**body, "metadata": metadata | ({"managedFields": [row.told for row in rows]} if rows else {})}


def owned(paths: Iterable[Path]) -> Fields:
    """Return of these fields those that somebody can own."""
    return frozenset(paths) - _NOBODYS


def given_up(entries: Entries, keeper: Identity, lost: Fields) -> Entries:
    """Return the entries after all but one have lost these fields; who has none left goes."""
    left = {
        identity: entry if identity == keeper else replace(entry, fields=entry.fields - lost)
        for identity, entry in entries.items()
    }
    return {identity: entry for identity, entry in left.items() if entry.fields}


def stamp(now: datetime) -> str:
    """Return a moment as objects tell it."""
    return now.strftime("%Y-%m-%dT%H:%M:%SZ")


def stamped(
    before: Object | None, after: Object, *, shape: Shape, manager: str, now: datetime, subresource: str = ""
) -> Object:
    """Return an object as created, updated or patched, with managedFields that own its changes to `manager`.

    `before` is the stored object (None: it is new), `after` what will be stored, defaults included.
    """
    entries = _entries_to_update(before or {}, after, subresource)
    change = difference(shape, before or {}, after)
    changed, removed = owned(change.changed), change.removed
    fresh = Entry(manager, UPDATE, str(after.get("apiVersion", "")), subresource, stamp(now), frozenset())
    mine = entries.get(fresh.identity, fresh)
    entries = given_up(entries, fresh.identity, changed | removed)
    fields = (mine.fields - removed) | changed
    if fields != mine.fields:
        mine = replace(fresh, fields=fields)
    if fields:
        entries[fresh.identity] = mine
    else:
        entries.pop(fresh.identity, None)
    return with_entries(after, entries.values())


def _entries_to_update(before: Object, after: Object, subresource: str) -> Entries:
    """Return the entries to go on from: clients may write them, clear them with one empty entry, or leave them out."""
    rows = (after.get("metadata") or {}).get("managedFields")
    if subresource or not rows:
        return entries_of(before)
    return {} if rows == [{}] else entries_of(after) or entries_of(before)
