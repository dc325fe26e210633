"""What the SageMaker service model allows in a cluster request, judged without a call.

botocore looks at types, required and unknown members, and minima only: enums, patterns and maxima
are left to the service, minutes later. Here all of them are judged, every violation at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from hpctl.catalog.nearest import nearest
from hpctl.catalog.patterns import matches
from hpctl.catalog.shapes import Shape, shape

__all__ = ["Rule", "Shape", "Violation", "shape", "violations"]

Path = tuple[str | int, ...]

_TYPES: dict[str, tuple[type, ...]] = {
    "structure": (Mapping,),
    "map": (Mapping,),
    "list": (list, tuple),
    "string": (str,),
    "integer": (int,),
    "boolean": (bool,),
    "timestamp": (str, int, float, datetime),
}
_WORDS = {
    "structure": "an object",
    "map": "an object",
    "list": "a list",
    "string": "a string",
    "integer": "an integer",
    "boolean": "true or false",
    "timestamp": "a time",
}
_LISTABLE = 12
"""Above so many values an error names their number and the nearest, not all of them."""

_SHOWN = 80
"""Characters of a wrong value that a message repeats."""


class Rule(StrEnum):
    """The kind of limit that a value breaks."""

    TYPE = "type"
    REQUIRED = "required"
    UNKNOWN = "unknown"
    UNION = "union"
    ENUM = "enum"
    PATTERN = "pattern"
    MIN = "min"
    MAX = "max"


@dataclass(frozen=True)
class Violation:
    """One value that the service model does not allow.

    `path` leads to the value through member names and list positions (for a missing or an unknown
    member: to that member). `allowed` is what would do, as text: enum values, member names, the
    pattern as AWS writes it, or the bound. `nearest` are the choices most like the value, best first.
    """

    path: Path
    value: object
    rule: Rule
    allowed: tuple[str, ...]
    message: str
    nearest: tuple[str, ...] = ()


def violations(shape_name: str, value: object) -> Iterator[Violation]:
    """Every way in which `value` breaks the shape, depth first, in the order of the value.

    `value` is plain data as JSON or YAML gives it. Raises NotFoundError for an unknown shape.
    """
    yield from _walk(shape(shape_name), value, ())


def _walk(model: Shape, value: object, path: Path) -> Iterator[Violation]:
    if not _is_a(model.type, value):
        word = _WORDS[model.type]
        yield Violation(path, value, Rule.TYPE, (word,), f"{_show(value)} is not {word}")
        return
    yield from _scalar(model, value, path)
    if isinstance(value, Mapping):
        inside = _structure if model.type == "structure" else _map
        yield from inside(model, value, path)
    elif isinstance(value, list | tuple):
        entry = shape(model.member or "")
        for position, item in enumerate(value):
            yield from _walk(entry, item, (*path, position))


def _is_a(type_name: str, value: object) -> bool:
    if isinstance(value, bool):
        return type_name == "boolean"
    if type_name == "timestamp" and isinstance(value, str):
        return _is_iso_time(value)
    return isinstance(value, _TYPES[type_name])


def _is_iso_time(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _structure(model: Shape, value: Mapping[object, object], path: Path) -> Iterator[Violation]:
    names = tuple(model.members)
    for key, item in value.items():
        if key in model.members:
            yield from _walk(shape(model.members[str(key)]), item, (*path, str(key)))
        else:
            message = f"`{key}` is not a member of `{model.name}`"
            yield Violation((*path, str(key)), item, Rule.UNKNOWN, names, message, nearest(str(key), names))
    for name in model.required:
        if name not in value:
            yield Violation((*path, name), None, Rule.REQUIRED, (name,), f"`{name}` is missing")
    if model.union and len(value) != 1:
        listed = ", ".join(f"`{name}`" for name in names)
        yield Violation(path, value, Rule.UNION, names, f"exactly one of {listed} is needed, not {len(value)}")


def _map(model: Shape, value: Mapping[object, object], path: Path) -> Iterator[Violation]:
    key_shape, value_shape = shape(model.key or ""), shape(model.value or "")
    for key, item in value.items():
        yield from _walk(key_shape, key, (*path, str(key)))
        yield from _walk(value_shape, item, (*path, str(key)))


def _scalar(model: Shape, value: object, path: Path) -> Iterator[Violation]:
    if isinstance(value, str) and model.enum and value not in model.enum:
        close = nearest(value, model.enum)
        yield Violation(path, value, Rule.ENUM, model.enum, _not_one_of(model, value), close)
    yield from _bounds(model, value, path)
    if isinstance(value, str) and model.pattern and not matches(model.pattern, value):
        message = f"{_show(value)} does not match `{model.pattern}`"
        yield Violation(path, value, Rule.PATTERN, (model.pattern,), message)


def _not_one_of(model: Shape, value: object) -> str:
    if len(model.enum) > _LISTABLE:
        return f"{_show(value)} is not one of the {len(model.enum)} values of `{model.name}`"
    return f"{_show(value)} is not one of {', '.join(f'`{one}`' for one in model.enum)}"


def _bounds(model: Shape, value: object, path: Path) -> Iterator[Violation]:
    match value:
        case int():
            size, subject = value, f"{_show(value)} is"
        case str():
            size, subject = len(value), f"{_show(value)} has {len(value)} characters,"
        case Mapping() | list() | tuple():
            size, subject = len(value), f"it has {len(value)} entries,"
        case _:
            return
    if model.min is not None and size < model.min:
        yield Violation(path, value, Rule.MIN, (str(model.min),), f"{subject} below the minimum of {model.min}")
    if model.max is not None and size > model.max:
        yield Violation(path, value, Rule.MAX, (str(model.max),), f"{subject} above the maximum of {model.max}")


def _show(value: object) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return f"`{str(value).lower()}`"
        case Mapping():
            return "an object"
        case list() | tuple():
            return "a list"
        case _:
            return f"`{_cut(str(value))}`"


def _cut(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"
