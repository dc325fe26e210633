"""The shape of an answer: every path in it, with the type of what stands there."""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator
from importlib import import_module
from typing import Any

from pydantic import BaseModel

import hpctl.report
from hpctl.report.base import Report
from hpctl.report.progress import EventSeen, Finished, Observed, OperationSeen, Remarked, Started

Shape = dict[str, str]

STEPS: tuple[type[BaseModel], ...] = (Started, Observed, EventSeen, OperationSeen, Remarked, Finished)
_TYPES = {bool: "boolean", float: "number", int: "integer", str: "string", type(None): "null"}


def reports() -> dict[str, type[Report]]:
    """Return every report that there is, by its `kind`."""
    for module in pkgutil.iter_modules(hpctl.report.__path__):
        import_module(f"hpctl.report.{module.name}")
    return {found.model_fields["kind"].default: found for found in Report.__subclasses__()}


def promised(model: type[BaseModel]) -> Shape:
    """Return every path that an answer of this model may have; types that may stand there are joined by `|`."""
    schema = model.model_json_schema(mode="serialization")
    types: dict[str, set[str]] = {}
    for path, kind in _promised(schema, schema.get("$defs", {}), "$"):
        types.setdefault(path, set()).add(kind)
    return {path: " | ".join(sorted(kinds)) for path, kinds in types.items()}


def _promised(schema: Any, defs: Any, path: str) -> Iterator[tuple[str, str]]:  # noqa: C901  a case a kind of schema
    match schema:
        case {"$ref": str(ref)}:
            yield from _promised(defs[ref.rpartition("/")[2]], defs, path)
        case {"anyOf": list(choices)}:
            for choice in choices:
                yield from _promised(choice, defs, path)
        case {"const": word}:
            yield path, f'"{word}"'
        case {"enum": list(words)}:
            for word in words:
                yield path, f'"{word}"'
        case {"type": "object", "properties": members}:
            yield path, "object"
            for name, member in members.items():
                yield from _promised(member, defs, f"{path}.{name}")
        case {"type": "object"}:
            yield path, "object"
            yield from _promised(schema.get("additionalProperties", {}), defs, f"{path}.*")
        case {"type": "array"}:
            yield path, "array"
            yield from _promised(schema.get("items", {}), defs, f"{path}[]")
        case {"type": str(kind)}:
            yield path, kind
        case _:
            yield path, "any"


def broken_promises(answer: Any, shape: Shape) -> list[str]:
    """Return where an answer is not what its shape promises: unknown paths, other types, members left out."""
    return sorted(set(_strange(answer, shape, "$")))


def _strange(value: Any, shape: Shape, path: str) -> Iterator[str]:  # noqa: C901  a case a kind of value
    kinds = shape.get(path, "nothing").split(" | ")
    if "any" in kinds:
        return
    match value:
        case dict():
            yield from _expect("object", kinds, path)
            members = {known.removeprefix(f"{path}.") for known in shape if known.startswith(f"{path}.")}
            named = {name for name in members if not set(name) & set(".[")}
            if named != {"*"}:
                yield from (f"{path}.{name} is not there" for name in named - value.keys())
            for name, member in value.items():
                yield from _strange(member, shape, f"{path}.*" if named == {"*"} else f"{path}.{name}")
        case list():
            yield from _expect("array", kinds, path)
            for member in value:
                yield from _strange(member, shape, f"{path}[]")
        case str() if f'"{value}"' in kinds:
            return
        case int() if "number" in kinds:
            return
        case _:
            yield from _expect(_TYPES[type(value)], kinds, path)


def _expect(kind: str, kinds: list[str], path: str) -> Iterator[str]:
    if kind not in kinds:
        yield f"{path} is {kind}, not {' or '.join(kinds)}"
