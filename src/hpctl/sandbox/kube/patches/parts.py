"""Objects as sets of fields: what they have, what differs, and how two become one.

What a node's parts are follows from its shape: fields of a map, items of a list by their keys or values. An atomic list
or map, or a scalar, has none: it is set and owned as one (structured-merge-diff, package typed).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hpctl.sandbox.kube.patches.fields import Fields, Path, holds
from hpctl.sandbox.kube.schemas.shape import ANYTHING, Shape

Parts = dict[str, tuple[Shape, Any]]


def parts(shape: Shape, value: Any) -> Parts | None:
    """Return what a value is made of, by path element, or None when it is one."""
    if isinstance(value, dict) and not shape.atomic:
        return {f"f:{name}": (shape.field(name) or ANYTHING, part) for name, part in value.items()}
    if isinstance(value, list) and (shape.keys or shape.unique):
        return {shape.identity(index, item): (shape.item, item) for index, item in enumerate(value)}
    return None


def members(shape: Shape, value: Any, path: Path = ()) -> Iterator[Path]:
    """Yield the fields that a value has: leaves, items of lists, and entries of maps whose keys are free."""
    named = shape.schema.get("properties") or {}
    for name, (inner, part) in (parts(shape, value) or {}).items():
        below = parts(inner, part)
        here = (*path, name)
        if below is None or part == {} or not (name.startswith("f:") and name[2:] in named):
            yield here
        yield from members(inner, part, here)


@dataclass(frozen=True, slots=True)
class Difference:
    """What changed from one object to another."""

    changed: Fields
    """Fields that are new or have another value."""
    removed: Fields


def difference(shape: Shape, before: Any, after: Any) -> Difference:
    """Return what changed between two values of one shape."""
    found = list(_differing(shape, before, after, ()))
    removed = frozenset(path for path, gone in found if gone)
    return Difference(frozenset(path for path, gone in found if not gone) - removed, removed)


def _differing(shape: Shape, before: Any, after: Any, path: Path) -> Iterator[tuple[Path, bool]]:
    old, new = parts(shape, before), parts(shape, after)
    if old is None or new is None:
        if before != after:
            yield path, False
        return
    for name in dict.fromkeys((*old, *new)):
        here = (*path, name)
        if name in old and name in new:
            yield from _differing(new[name][0], old[name][1], new[name][1], here)
        elif name in new:
            yield from ((found, False) for found in _whole(shape, name, new, path))
        else:
            yield from ((found, True) for found in (here, *_whole(shape, name, old, path)))


def _whole(shape: Shape, name: str, of: Parts, path: Path) -> Iterator[Path]:
    one = of[name][1]
    whole = {name[2:]: one} if name.startswith("f:") else [one]
    yield from members(shape, whole, path)
    yield from _collections(shape, whole, path)


def _collections(shape: Shape, value: Any, path: Path) -> Iterator[Path]:
    """Yield the maps and lists in a value: who makes one by an update owns it, beside what is in it."""
    needed = shape.schema.get("required") or ()
    for name, (inner, part) in (parts(shape, value) or {}).items():
        here = (*path, name)
        is_free = isinstance(part, list) or "additionalProperties" in inner.schema
        if is_free and name.startswith("f:") and name[2:] not in needed and parts(inner, part):
            yield here
        yield from _collections(inner, part, here)


def without(shape: Shape, value: Any, fields: Mapping[str, Any]) -> Any:
    """Return a value without the fields of a `fieldsV1`; a map or list that loses all it has goes, too (None)."""
    found = parts(shape, value)
    if found is None or not fields:
        return value
    kept: dict[str, Any] = {}
    for name, (inner, part) in found.items():
        below = fields.get(name)
        if below is None:
            kept[name] = part
        elif not holds(below) and (rest := without(inner, part, below)) is not None:
            kept[name] = rest
    return _rebuilt(value, kept) if kept or not found else None


def _rebuilt(value: Any, kept: Mapping[str, Any]) -> Any:
    return list(kept.values()) if isinstance(value, list) else {name[2:]: part for name, part in kept.items()}


def merged(shape: Shape, live: Any, applied: Any) -> Any:
    """Return a live value with what is applied to it: fields and items are joined, all else is replaced."""
    old, new = parts(shape, live), parts(shape, applied)
    if old is None or new is None:
        return applied
    order = _interleaved(list(old), list(new)) if isinstance(applied, list) else dict.fromkeys((*old, *new))
    result = {}
    for name in order:
        if name in old and name in new:
            result[name] = merged(new[name][0], old[name][1], new[name][1])
        else:
            result[name] = (new.get(name) or old[name])[1]
    return _rebuilt(applied, result)


def _interleaved(old: list[str], new: list[str]) -> Iterator[str]:
    """Yield the new items in their order, and between them, where they stood, those that are only in the old list."""
    wanted, pending = set(new), iter(new)
    told: set[str] = set()
    for name in old:
        if name not in wanted:
            yield name
        while name in wanted and name not in told:
            following = next(pending)
            told.add(following)
            yield following
    yield from pending
