"""What is wrong with a custom resource by its schema, in the API server's words.

Source of the words: k8s.io/kube-openapi, pkg/validation/errors, and k8s.io/apiextensions-apiserver,
pkg/apiserver/validation and pkg/apiserver/schema/listtype. What an update leaves as it was is not held against it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from hpctl.sandbox.kube.resources import Object, Resource
from hpctl.sandbox.kube.schemas.causes import duplicate, invalid, mistyped, required, too_long, too_many, unsupported
from hpctl.sandbox.kube.schemas.custom import CustomKind
from hpctl.sandbox.kube.schemas.metadata import metadata_faults
from hpctl.sandbox.kube.schemas.shape import Shape
from hpctl.sandbox.kube.status import Cause

if TYPE_CHECKING:
    from jsonschema import ValidationError

_ABSENT: Final = object()
_TYPES: Final = {str: "string", bool: "boolean", int: "integer", float: "number", dict: "object", list: "array"}
_JUNCTORS: Final = {
    "allOf": "must validate all the schemas (allOf)",
    "anyOf": "must validate at least one schema (anyOf)",
    "oneOf": "must validate one and only one schema (oneOf)",
    "not": "must not validate the schema (not)",
}
_LIMITS: Final[Mapping[str, str]] = {
    "maxProperties": "should have at most {} properties",
    "minProperties": "should have at least {} properties",
    "minItems": "should have at least {} items",
    "minLength": "should be at least {} chars long",
    "multipleOf": "should be a multiple of {}",
    "pattern": "should match '{}'",
}


def custom_faults(resource: Resource, kind: CustomKind, body: Object, old: Object | None) -> Iterator[Cause]:
    """Yield what is wrong with an object that has its defaults."""
    yield from metadata_faults(resource, body, old)
    seen: set[tuple[str, str]] = set()
    for error in kind.validator.iter_errors(body):
        if old is not None and _at(old, error.absolute_path) == error.instance:
            continue
        for cause in _causes(error):
            if (cause.field, cause.message) not in seen:
                seen.add((cause.field, cause.message))
                yield cause
    yield from _duplicates(kind.shape, body, "")


def _at(value: Any, path: Sequence[str | int]) -> Any:
    for step in path:
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            return _ABSENT
    return value


def _causes(error: ValidationError) -> Iterator[Cause]:
    path, rule = _spelt(error.absolute_path), str(error.validator)
    limit: Any = error.validator_value
    if rule == "required" and isinstance(error.instance, dict):
        missing = (name for name in limit if name not in error.instance)
        yield from (required(f"{path}.{name}" if path else name) for name in missing)
    elif rule in _JUNCTORS:
        yield invalid(path, "", f'"{path}" {_JUNCTORS[rule]}')
    else:
        yield _OF.get(rule, _limit)(path, error.instance, limit, error)


def _spelt(path: Sequence[str | int]) -> str:
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).removeprefix(".")


def _type(path: str, value: Any, limit: Any, _: ValidationError) -> Cause:
    found = _TYPES.get(type(value), "null")
    wanted = limit if isinstance(limit, str) else ",".join(name for name in limit if name != "null")
    return mistyped(path, found, f'{path} in body must be of type {wanted}: "{found}"')


def _format(path: str, value: Any, limit: Any, _: ValidationError) -> Cause:
    return invalid(path, value, f'{path} in body must be of type {limit}: "{value}"')


def _bound(path: str, value: Any, limit: Any, error: ValidationError) -> Cause:
    is_most = error.validator == "maximum"
    schema = error.schema if isinstance(error.schema, dict) else {}
    is_open = schema.get("exclusiveMaximum" if is_most else "exclusiveMinimum")
    order = "less" if is_most else "greater"
    told = f"{order} than {limit}" if is_open else f"{order} than or equal to {limit}"
    return invalid(path, value, f"{path} in body should be {told}")


def _limit(path: str, value: Any, limit: Any, error: ValidationError) -> Cause:
    told = _LIMITS.get(str(error.validator), error.message).format(limit)
    shown = len(value) if isinstance(value, list | dict) else value
    return invalid(path, shown, f"{path} in body {told}")


_OF: Final[Mapping[str, Callable[[str, Any, Any, ValidationError], Cause]]] = {
    "enum": lambda path, value, limit, _: unsupported(path, value, limit),
    "format": _format,
    "maxItems": lambda path, value, limit, _: too_many(path, len(value), limit),
    "maxLength": lambda path, _value, limit, _: too_long(path, limit),
    "maximum": _bound,
    "minimum": _bound,
    "type": _type,
}


def _duplicates(shape: Shape, value: Any, path: str) -> Iterator[Cause]:
    if isinstance(value, list):
        seen: set[str] = set()
        for index, item in enumerate(value):
            here = f"{path}[{index}]"
            if shape.keys or shape.unique:
                name = shape.identity(index, item)
                if name in seen:
                    yield duplicate(here, {key: item.get(key) for key in shape.keys} if shape.keys else item)
                seen.add(name)
            yield from _duplicates(shape.item, item, here)
    elif isinstance(value, dict):
        for name, part in value.items():
            if isinstance(part, dict | list) and (inner := shape.field(name)) is not None:
                yield from _duplicates(inner, part, f"{path}.{name}" if path else name)
