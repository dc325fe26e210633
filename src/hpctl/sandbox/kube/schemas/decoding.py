"""Built-in kinds as the API server reads them: nulls and unknown fields go, and each part gets its defaults.

What is of another type is refused (400), in the words of Go's JSON decoder, which the API server passes on.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from hpctl.sandbox.kube.resources import Object, Resource
from hpctl.sandbox.kube.schemas.builtin import definitions, names
from hpctl.sandbox.kube.schemas.defaults import DEFAULTS
from hpctl.sandbox.kube.schemas.quantities import canonical
from hpctl.sandbox.kube.status import bad_request

_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_TOLD: Final = {str: "string", bool: "bool", int: "number", float: "number", dict: "object", list: "array"}
_PYTHON: Final[Mapping[str, tuple[type, ...]]] = {
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
    "array": (list,),
    "object": (dict,),
}
_GO: Final = {"boolean": "bool", "number": "float64", "object": "map[string]interface {}", "array": "[]interface {}"}
Schema = Mapping[str, Any]


class _MisfitError(ValueError):
    """What the decoder says of a value, and where."""


def decoded(resource: Resource, body: Object) -> Object:
    """Return an object with the fields that its kind has, each of its type, and its defaults; raises StatusError."""
    name = names()[resource.api_version, resource.kind]
    try:
        found: Object = _value({"$ref": f"#/definitions/{name}"}, body, "", "")
    except _MisfitError as misfit:
        kind = resource.kind
        told = f'{kind} in version "{resource.version}" cannot be handled as a {kind}: {misfit}'
        raise bad_request(told) from misfit
    return found


def resolved(schema: Schema) -> Schema:
    """Return what a reference stands for; anything else stands for itself."""
    reference = schema.get("$ref")
    found: Schema = definitions()[reference.rpartition("/")[2]] if reference else schema
    return found


def _value(schema: Schema, value: Any, owner: str, path: str) -> Any:
    reference, schema = schema.get("$ref", ""), resolved(schema)
    if read := _READERS.get(schema.get("format", "")):
        return read(value, owner, path)
    kind = schema.get("type")
    if kind is None:
        return value
    if type(value) not in _PYTHON[kind]:
        raise _misfit(value, owner, path, _go_type(schema, reference))
    if kind == "array":
        item = schema["items"]
        return [_value(item, part, owner, path) for part in value if part is not None]
    if kind != "object":
        return value
    found = _object(schema, value, reference.rpartition(".")[2] or owner, path)
    if complete := DEFAULTS.get(reference.rpartition("/")[2]):
        complete(found)
    return found


def _object(schema: Schema, value: dict[str, Any], owner: str, path: str) -> dict[str, Any]:
    parts, more = schema.get("properties"), schema.get("additionalProperties")
    if parts is None and more is None:
        return value
    result = {}
    for name, part in value.items():
        inner = more if parts is None else parts.get(name)
        if part is None or inner is None:
            continue
        found = _value(inner, part, owner, path if parts is None else f"{path}.{name}")
        if found or not _is_nothing(inner, found) or name in schema.get("required", ()):
            result[name] = found
    return result


def _is_nothing(schema: Schema, value: Any) -> bool:
    """Whether a value is an empty list or map, which Go leaves out (`omitempty`); structures stay when empty."""
    return value == [] or (value == {} and "additionalProperties" in schema)


def _misfit(value: Any, owner: str, path: str, wanted: str) -> _MisfitError:
    place = f"Go struct field {owner}{path}" if path else "Go value"
    return _MisfitError(f"json: cannot unmarshal {_TOLD.get(type(value), 'null')} into {place} of type {wanted}")


def _go_type(schema: Schema, reference: str) -> str:
    if reference:
        version, _, kind = reference.rpartition(".")
        return f"{version.rpartition('.')[2]}.{kind}"
    kind = str(schema["type"])
    if kind == "array":
        return f"[]{_go_type(resolved(schema['items']), schema['items'].get('$ref', ''))}"
    return str(schema.get("format", "int64")) if kind == "integer" else _GO.get(kind, kind)


def _quantity(value: Any, owner: str, path: str) -> str:
    if type(value) not in {str, int, float}:
        raise _misfit(value, owner, path, "resource.Quantity")
    try:
        return canonical(str(value))
    except ValueError as error:
        raise _MisfitError(str(error)) from error


def _int_or_string(value: Any, owner: str, path: str) -> Any:
    if type(value) not in {str, int}:
        raise _misfit(value, owner, path, "intstr.IntOrString")
    return value


def _int(bits: int) -> Callable[[Any, str, str], int]:
    def read(value: Any, owner: str, path: str) -> int:
        if type(value) is float and value.is_integer():
            value = int(value)
        if type(value) is not int or not -(2 ** (bits - 1)) <= value < 2 ** (bits - 1):
            raise _misfit(value, owner, path, f"int{bits}")
        return value

    return read


def _time(value: Any, owner: str, path: str) -> str:
    if type(value) is not str:
        raise _misfit(value, owner, path, "v1.Time")
    if not is_time(value):
        told = f'parsing time "{value}" as "2006-01-02T15:04:05Z07:00": cannot parse "{value}" as "2006"'
        raise _MisfitError(told)
    return value


def is_time(text: str) -> bool:
    """Whether a text is a moment in the form of RFC 3339."""
    try:
        return bool(_TIME.fullmatch(text) and datetime.fromisoformat(text))
    except ValueError:
        return False


def _bytes(value: Any, owner: str, path: str) -> str:
    if type(value) is not str:
        raise _misfit(value, owner, path, "[]uint8")
    try:
        base64.b64decode(value, validate=True)
    except binascii.Error as error:
        wrong = re.search(r"[^A-Za-z0-9+/=]", value)
        raise _MisfitError(f"illegal base64 data at input byte {wrong.start() if wrong else len(value)}") from error
    return value


_READERS: Final[Mapping[str, Callable[[Any, str, str], Any]]] = {
    "quantity": _quantity,
    "int-or-string": _int_or_string,
    "int32": _int(32),
    "int64": _int(64),
    "date-time": _time,
    "byte": _bytes,
}
