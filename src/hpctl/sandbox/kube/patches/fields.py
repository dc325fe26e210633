"""Sets of fields, as managedFields write them: `FieldsV1` of Kubernetes (structured-merge-diff, package fieldpath).

A path is a tuple of elements: `f:` and a field's name, `k:` and the keys of an item of a list of maps, `v:` and an item
of a set. A field is in a set when its path is.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

Path = tuple[str, ...]
Fields = frozenset[Path]
_SELF = "."


def encoded(fields: Iterable[Path]) -> dict[str, Any]:
    """Return a set as `fieldsV1`: nested by element, `.` for a field that is in the set beside fields below it."""
    root: dict[str, Any] = {}
    # A field sorts before what lies in it, so it is there, and empty, when the first of these comes.
    inside = set()
    for path in sorted(fields):
        node = root
        for depth, element in enumerate(path):
            if path[:depth] in inside:
                node[_SELF] = {}
            node = node.setdefault(element, {})
        inside.add(path)
    return root


def decoded(fields: Mapping[str, Any]) -> Fields:
    """Return the set that a `fieldsV1` stands for."""
    return frozenset(_paths(fields, ()))


def _paths(node: Mapping[str, Any], path: Path) -> Iterator[Path]:
    for element, below in node.items():
        if element == _SELF:
            yield path
        elif below:
            yield from _paths(below, (*path, element))
        else:
            yield (*path, element)


def holds(node: Mapping[str, Any]) -> bool:
    """Whether the field that a node of a `fieldsV1` stands for is itself in the set."""
    return not node or _SELF in node


def with_ancestors(fields: Iterable[Path]) -> Fields:
    """Return a set with every field that something in it lies in, items of lists left out."""
    return frozenset(
        path[:end]
        for path in fields
        for end in range(1, len(path) + 1)
        if end == len(path) or path[end - 1].startswith("f:")
    )


def spelt(path: Path) -> str:
    """Return a path as refusals write it: `.spec.containers[name="a"].image`."""
    return "".join(map(_spelt, path))


def _spelt(element: str) -> str:
    kind, text = element[:2], element[2:]
    match kind:
        case "f:":
            return f".{text}"
        case "k:":
            keys = sorted(json.loads(text).items())
            return f"[{','.join(f'{key}={json.dumps(value)}' for key, value in keys)}]"
        case "v:":
            return f"[={text}]"
    return f"[{text}]"
