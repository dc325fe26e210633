"""Server-side apply: what one manager wants is joined with what there is, and others' fields are not taken unasked.

The steps are those of structured-merge-diff (package merge, `Updater.Apply`), conflicts are told as the API server
does, and who applies as `kubectl` takes over what `kubectl apply` wrote into an annotation before.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from hpctl.sandbox.kube.patches.fields import Fields, encoded, spelt, with_ancestors
from hpctl.sandbox.kube.patches.managed import (
    APPLY,
    UPDATE,
    Entries,
    Entry,
    entries_of,
    given_up,
    owned,
    stamp,
    with_entries,
)
from hpctl.sandbox.kube.patches.parts import difference, members, merged, without
from hpctl.sandbox.kube.resources import Object, Resource
from hpctl.sandbox.kube.schemas.shape import Shape
from hpctl.sandbox.kube.status import StatusError, bad_request

_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
_KUBECTL = "kubectl"
# Who owns what was there before anybody was written down (apiserver, managedfields/internal/skipnonapplied.go).
_BEFORE = "before-first-apply"


@dataclass(frozen=True, slots=True)
class Application:
    """To what is applied, by whom and when."""

    resource: Resource
    shape: Shape
    manager: str
    now: datetime
    subresource: str = ""

    def entry(self, config: Object, fields: Fields) -> Entry:
        """Return what the manager has after it has applied these fields."""
        return Entry(self.manager, APPLY, config["apiVersion"], self.subresource, stamp(self.now), fields)


def applied(current: Object | None, config: Object, to: Application, *, force: bool) -> Object:
    """Return an object with a configuration applied, managedFields included; raises StatusError (400, 409, 500)."""
    config = _concerned(config, to)
    _refuse_malformed(config, to)
    live = current or {"apiVersion": config["apiVersion"], "kind": config["kind"], "metadata": {}}
    entries = entries_of(live) or _unknown_past(current, to.shape)
    mine = to.entry(config, owned(members(to.shape, config)))
    last = entries.get(mine.identity)
    entries[mine.identity] = mine
    new = merged(to.shape, live, config)
    if last:
        # What names the object is nobody's in the end, and applied all the same.
        kept = (*members(to.shape, config), *(path for entry in entries.values() for path in entry.fields))
        new = _pruned(to.shape, new, with_ancestors(kept), last.fields)
    change = difference(to.shape, live, new)
    changed = owned(change.changed)
    if not force:
        _refuse_conflicts(live, entries, mine, changed, to)
    entries = given_up(entries, mine.identity, changed | change.removed)
    if current is not None and last is not None and last.fields == mine.fields and not (changed | change.removed):
        entries[mine.identity] = replace(mine, time=last.time)
    return deepcopy(with_entries(_annotated_anew(new, config, to), entries.values()))


def _concerned(config: Object, to: Application) -> Object:
    """Return the part of a configuration that the (sub)resource is for."""
    metadata = config.get("metadata")
    if not isinstance(metadata, dict) or not config.get("apiVersion") or not config.get("kind"):
        raise bad_request("metadata, apiVersion and kind must be set in an apply configuration")
    if metadata.get("managedFields"):
        raise bad_request("metadata.managedFields must be nil")
    metadata = {name: value for name, value in metadata.items() if name != "managedFields"}
    if to.subresource == "status":
        names: Object = {name: metadata[name] for name in ("name", "namespace", "uid") if name in metadata}
        kept: Object = {name: config[name] for name in ("apiVersion", "kind", "status") if name in config}
        return {**kept, "metadata": names}
    hidden = {"status"} if "status" in to.resource.subresources else set()
    return {name: value for name, value in config.items() if name not in hidden} | {"metadata": metadata}


def _unknown_past(current: Object | None, shape: Shape) -> Entries:
    if current is None:
        return {}
    fields = owned(members(shape, current))
    entry = Entry(_BEFORE, UPDATE, current["apiVersion"], "", current["metadata"].get("creationTimestamp", ""), fields)
    return {entry.identity: entry}


def _pruned(shape: Shape, whole: Object, owned_now: Fields, last: Fields) -> Object:
    """Return an object without what its manager no longer applies and nobody owns."""
    before = with_ancestors(last)
    all_there = with_ancestors(members(shape, whole))

    def gone(rest: Object | None) -> Fields:
        return all_there - with_ancestors(members(shape, rest))

    rest = without(shape, whole, encoded(before))
    # What somebody owns comes back, and then what this manager never had.
    rest = without(shape, whole, encoded(gone(rest) - owned_now))
    rest = without(shape, whole, encoded(gone(rest) & before))
    result: Object = rest or {}
    return result


def _refuse_conflicts(live: Object, entries: Entries, mine: Entry, changed: Fields, to: Application) -> None:
    taken = {
        identity: sorted(entry.fields & changed) for identity, entry in entries.items() if identity != mine.identity
    }
    if to.manager == _KUBECTL:
        own = _last_applied(live, to.shape)
        taken = {identity: [path for path in paths if path not in own] for identity, paths in taken.items()}
    conflicts = [(entries[identity], spelt(path)) for identity, paths in taken.items() for path in paths]
    if conflicts:
        raise _conflict(sorted(conflicts, key=lambda row: (_named(row[0]), row[1])))


def _last_applied(live: Object, shape: Shape) -> Fields:
    """Return the fields that `kubectl apply` has set before and that are as it set them: kubectl may take these."""
    text = (live["metadata"].get("annotations") or {}).get(_LAST_APPLIED)
    if not text:
        return frozenset()
    try:
        config = json.loads(text)
    except ValueError:
        return frozenset()
    fields = frozenset(members(shape, config))
    annotation = ("f:metadata", "f:annotations", f"f:{_LAST_APPLIED}")
    return (fields - difference(shape, config, live).changed) | {annotation}


def _annotated_anew(new: Object, config: Object, to: Application) -> Object:
    """Return an object whose annotation of `kubectl apply` tells what kubectl has applied now."""
    annotations = new["metadata"].get("annotations") or {}
    if to.manager != _KUBECTL or to.subresource or _LAST_APPLIED not in annotations:
        return new
    if _LAST_APPLIED in (config["metadata"].get("annotations") or {}):
        return new
    told = json.dumps(config, separators=(",", ":"), sort_keys=True) + "\n"
    return {**new, "metadata": {**new["metadata"], "annotations": {**annotations, _LAST_APPLIED: told}}}


def _conflict(conflicts: list[tuple[Entry, str]]) -> StatusError:
    causes = [
        {"reason": "FieldManagerConflict", "message": f"conflict with {_named(entry)}", "field": path}
        for entry, path in conflicts
    ]
    count = len(conflicts)
    if count == 1:
        told = f"1 conflict: conflict with {_named(conflicts[0][0])}: {conflicts[0][1]}"
    else:
        told = f"{count} conflicts: " + "\n".join(_listed(conflicts))
    return StatusError(409, "Conflict", f"Apply failed with {told}", details={"causes": causes})


def _listed(conflicts: list[tuple[Entry, str]]) -> Iterator[str]:
    for name in dict.fromkeys(_named(entry) for entry, _ in conflicts):
        yield f"conflicts with {name}:"
        yield from (f"- {path}" for entry, path in conflicts if _named(entry) == name)


def _named(entry: Entry) -> str:
    name = json.dumps(entry.manager)
    part = f' with subresource "{entry.subresource}"' if entry.subresource else ""
    return f"{name}{part} using {entry.api_version}" if entry.operation == UPDATE else f"{name}{part}"


def _refuse_malformed(config: Object, to: Application) -> None:
    fault = next(_malformed(to.shape, config, ""), None)
    if fault is None:
        return
    metadata, about = config["metadata"], f"{config['apiVersion']}, Kind={config['kind']}"
    about = about if "/" in config["apiVersion"] else f"/{about}"
    place = f"{metadata.get('namespace', '')}/{metadata.get('name', '')}; {about}"
    raise StatusError(500, "", f"failed to create typed patch object ({place}): {fault}")


def _malformed(shape: Shape, value: Any, path: str) -> Iterator[str]:
    if isinstance(value, list):
        yield from _malformed_list(shape, value, path)
    elif isinstance(value, dict):
        for name, part in value.items():
            inner = shape.field(name)
            if inner is not None:
                yield from _malformed(inner, part, f"{path}.{name}")
            elif shape.schema.get("properties"):
                yield f"{path}.{name}: field not declared in schema"


def _malformed_list(shape: Shape, value: list[Any], path: str) -> Iterator[str]:
    seen: set[str] = set()
    for index, item in enumerate(value):
        if shape.keys or shape.unique:
            name = shape.identity(index, item)
            if name.startswith("i:") and isinstance(item, dict):
                key = next(key for key in shape.keys if item.get(key) is None)
                told = f'associative list with keys has an element that omits key field "{key}"'
                yield f"{path}: element {index}: {told} (and doesn't have default value)"
            if name in seen:
                yield f"{path}: duplicate entries for key {spelt((name,))}"
            seen.add(name)
        yield from _malformed(shape.item, item, f"{path}[{index}]")
