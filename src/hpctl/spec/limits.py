"""The service model's limits as field annotations: they validate, and they show in the JSON Schema."""

from __future__ import annotations

from collections.abc import Sized
from dataclasses import dataclass
from enum import EnumType
from typing import TYPE_CHECKING

from pydantic_core import PydanticCustomError, core_schema

from hpctl.catalog.limits import Rule, Shape, Violation, shape, violations

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
    from pydantic.json_schema import JsonSchemaValue
    from pydantic_core import CoreSchema

PLACEHOLDER = {"type": "string", "pattern": r"\$(\{[A-Za-z_]\w*\}|[A-Za-z_])"}
"""In a file, any limited value may still be a `${VAR}`: the JSON Schema describes the file before substitution."""


@dataclass(frozen=True, slots=True)
class OrPlaceholder:
    """Let the JSON Schema accept a placeholder too; validation sees what was put in its place."""

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Offer both."""
        return {"anyOf": [handler(core), PLACEHOLDER]}


@dataclass(frozen=True, slots=True)
class Limits:
    """Hold a value to the shape of this name in the SageMaker service model.

    Texts and numbers are judged in full; of lists and mappings only the size is, for their entries
    carry limits of their own.
    """

    shape: str

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Judge after the type; an enum is judged before it, so that all enums fail with the same words."""
        inner = handler(source)
        if isinstance(source, EnumType):
            return core_schema.no_info_before_validator_function(self._judge, inner)
        if inner["type"] == "int":
            inner = core_schema.int_schema(strict=True)
        return core_schema.no_info_after_validator_function(self._judge, inner)

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Say the same limits in JSON Schema's keywords."""
        limited = {**handler(core), **_keywords(shape(self.shape))}
        if limited.get("type") not in {"string", "integer"}:
            return limited
        return {"anyOf": [limited, PLACEHOLDER]}

    def _judge(self, value: object) -> object:
        found = tuple(self._violations(value))
        for violation in sorted(found, key=lambda one: one.rule != Rule.PATTERN):
            context = {"violation": violation, "shape": self.shape, "text": violation.message}
            raise PydanticCustomError("limit", "{text}", context)
        return value

    def _violations(self, value: object) -> Iterator[Violation]:
        limits = shape(self.shape)
        if limits.type not in {"list", "map"}:
            yield from violations(self.shape, value)
        elif isinstance(value, Sized):
            yield from _size_violations(limits, len(value))


def _size_violations(limits: Shape, size: int) -> Iterator[Violation]:
    if limits.min is not None and size < limits.min:
        yield Violation((), size, Rule.MIN, (str(limits.min),), f"it has {_entries(size)}, fewer than {limits.min}")
    if limits.max is not None and size > limits.max:
        yield Violation((), size, Rule.MAX, (str(limits.max),), f"it has {_entries(size)}, more than {limits.max}")


def _entries(size: int) -> str:
    return "1 entry" if size == 1 else f"{size} entries"


_SIZES = {
    "string": ("minLength", "maxLength"),
    "integer": ("minimum", "maximum"),
    "list": ("minItems", "maxItems"),
    "map": ("minProperties", "maxProperties"),
}


def _keywords(limits: Shape) -> JsonSchemaValue:
    r"""Translate a shape; a pattern with `\p{…}` is left out, for few validators know it."""
    least, most = _SIZES.get(limits.type, ("", ""))
    if limits.name == "TagList":
        least, most = _SIZES["map"]
    found: JsonSchemaValue = {}
    if limits.enum:
        found["enum"] = list(limits.enum)
    if limits.min:
        found[least] = limits.min
    if limits.max is not None:
        found[most] = limits.max
    if limits.pattern and r"\p{" not in limits.pattern:
        found["pattern"] = f"^(?:{limits.pattern})$"
    return found
