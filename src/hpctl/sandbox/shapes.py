"""What a request violates of its service model: required members, enums, patterns, lengths and ranges.

The words are those of AWS's JSON services ("1 validation error detected: Value '…' at '…' failed to satisfy
constraint: …"), which check on the server what botocore leaves unchecked on the client. AWS's services
pass over unknown members; the sandbox names them, because a member that is silently dropped is a bug here.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from hpctl.catalog.patterns import matches

if TYPE_CHECKING:
    from collections.abc import Iterator

    from botocore.model import Shape

_TYPES: dict[str, tuple[type, ...]] = {
    "structure": (dict,), "map": (dict,), "list": (list,), "string": (str,), "boolean": (bool,), "integer": (int,),
    "long": (int,), "float": (int, float), "double": (int, float), "timestamp": (int, float, str, datetime),
}  # fmt: skip


class SerializationError(Exception):
    """A value has another JSON type than its shape; AWS answers `SerializationException`."""


def validation_message(shape: Shape, value: Any) -> str | None:
    """Return what the request violates, in AWS's words, or None; raises SerializationError."""
    found = list(_violations(shape, value, ""))
    if not found:
        return None
    return f"{len(found)} validation error{'s' * (len(found) > 1)} detected: {'; '.join(found)}"


def _violations(shape: Any, value: Any, path: str) -> Iterator[str]:
    kind = shape.type_name
    if not _has_type(value, kind):
        raise SerializationError(f"{type(value).__name__} at '{path}' cannot be converted to {kind}")
    match kind:
        case "structure":
            yield from _in_structure(shape, value, path)
        case "list" | "map":
            yield from _outside(shape, len(value), path, value, "length")
            for inner, item, place in _items(shape, value, path):
                yield from _violations(inner, item, place)
        case "string":
            yield from _in_string(shape, value, path)
        case "integer" | "long" | "float" | "double":
            yield from _outside(shape, value, path, value, "value")


def _has_type(value: Any, kind: str) -> bool:
    # JSON's true is Python's 1.
    is_number = kind in {"integer", "long", "float", "double"}
    return isinstance(value, _TYPES.get(kind, (object,))) and not (is_number and isinstance(value, bool))


def _items(shape: Any, value: Any, path: str) -> Iterator[tuple[Any, Any, str]]:
    if shape.type_name == "list":
        for number, item in enumerate(value, start=1):
            yield shape.member, item, f"{path}.{number}.member"
        return
    for key, item in value.items():
        yield shape.key, key, f"{path}.key"
        yield shape.value, item, f"{path}.{key}.member"


def _in_structure(shape: Any, value: dict[str, Any], path: str) -> Iterator[str]:
    if shape.is_document_type:
        return
    if shape.is_tagged_union and len(value) != 1:
        yield _failed(value, path, "Member must have exactly one member set")
    for name in shape.required_members:
        if value.get(name) is None:
            yield f"Value null at '{_join(path, name)}' failed to satisfy constraint: Member must not be null"
    for name, item in value.items():
        if name not in shape.members:
            yield f"Value at '{_join(path, name)}' failed to satisfy constraint: Member is not known"
        elif item is not None:
            yield from _violations(shape.members[name], item, _join(path, name))


def _in_string(shape: Any, value: str, path: str) -> Iterator[str]:
    if shape.enum and value not in shape.enum:
        yield _failed(value, path, f"Member must satisfy enum value set: [{', '.join(shape.enum)}]")
    too_long_or_short = list(_outside(shape, len(value), path, value, "length"))
    yield from too_long_or_short
    pattern = shape.metadata.get("pattern")
    if pattern and not too_long_or_short and not matches(pattern, value):
        yield _failed(value, path, f"Member must satisfy regular expression pattern: {pattern}")


def _outside(shape: Shape, size: float, path: str, value: Any, noun: str) -> Iterator[str]:
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    if most is not None and size > most:
        yield _failed(value, path, f"Member must have {noun} less than or equal to {most}")
    if least is not None and size < least:
        yield _failed(value, path, f"Member must have {noun} greater than or equal to {least}")


def _failed(value: Any, path: str, constraint: str) -> str:
    return f"Value '{value}' at '{path}' failed to satisfy constraint: {constraint}"


def _join(path: str, name: str) -> str:
    member = name[0].lower() + name[1:]
    return f"{path}.{member}" if path else member
