"""Facts as JSON and back, each value as exactly what it was: so that they can be judged where nobody can ask again.

Strings, numbers, booleans and null are themselves and lists are lists; everything else is an object of one key that
says what it is. What is read back can only be what facts are made of: no name in a file loads a module.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from types import NoneType
from typing import Any, Final

from hpctl import errors, facts, terms
from hpctl.errors import HpctlError, UsageError
from hpctl.spec import cluster, job, sbatch
from hpctl.spec.model import SpecModel


def encode(value: object) -> Any:  # noqa: ANN401 - JSON is any
    """Return `value` as JSON; `TypeError` for what no fact is made of."""
    for kind, write in _WRITERS:
        if isinstance(value, kind):
            return write(value)
    if is_dataclass(value) and not isinstance(value, type):
        told = {field.name: encode(getattr(value, field.name)) for field in fields(value)}
        return {"row": [_name(type(value)), told]}
    message = f"no fact is a {type(value).__name__}"
    raise TypeError(message)


def decode(data: Any) -> Any:  # noqa: ANN401 - JSON is any
    """Return the value; `UsageError` when it is not what `encode` writes."""
    if isinstance(data, list):
        return [decode(one) for one in data]
    if not isinstance(data, dict):
        return data
    try:
        ((kind, told),) = data.items()
        return _READERS[kind](told)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise UsageError(
            f"a fact in the bundle cannot be read: {error}", hint="was it written by a newer hpctl?"
        ) from error


def _bytes(value: bytes) -> dict[str, str]:
    try:
        return {"text": value.decode()}
    except UnicodeDecodeError:
        return {"bytes": value.decode("latin-1")}


def _row(told: Any) -> object:  # noqa: ANN401 - JSON is any
    name, members = told
    return _kinds()[name](**{member: decode(one) for member, one in members.items()})


def _error(told: Any) -> HpctlError:  # noqa: ANN401 - JSON is any
    name, state = told[0], decode(told[1])
    kind = getattr(errors, name)
    if not (isinstance(kind, type) and issubclass(kind, HpctlError)):
        raise KeyError(name)
    error = kind.__new__(kind, state["message"])
    vars(error).update(state)
    return error


def _name(kind: type) -> str:
    return f"{kind.__module__.rpartition('.')[2]}.{kind.__name__}"


@cache
def _kinds() -> Mapping[str, Any]:
    """The classes of facts and of what they are told in, by name."""
    modules = [import_module(f"{facts.__name__}.{found.name}") for found in iter_modules(facts.__path__)]
    return {
        _name(kind): kind
        for module in (*modules, terms, cluster, job, sbatch)
        for kind in vars(module).values()
        if isinstance(kind, type)
        and kind.__module__ == module.__name__
        and (is_dataclass(kind) or issubclass(kind, Enum | SpecModel))
    }


_WRITERS: Final[tuple[tuple[Any, Callable[[Any], Any]], ...]] = (
    (Enum, lambda value: {"enum": [_name(type(value)), value.value]}),  # before str, which many of them are
    (str | bool | int | float | NoneType, lambda value: value),
    (bytes, _bytes),
    (datetime, lambda value: {"time": value.isoformat()}),
    (list, lambda value: [encode(one) for one in value]),
    (tuple, lambda value: {"tuple": [encode(one) for one in value]}),
    (frozenset, lambda value: {"set": sorted((encode(one) for one in value), key=json.dumps)}),
    (Mapping, lambda value: {"map": [[encode(key), encode(one)] for key, one in value.items()]}),
    (SpecModel, lambda value: {"spec": [_name(type(value)), value.model_dump(mode="json", exclude_unset=True)]}),
    (HpctlError, lambda value: {"error": [type(value).__name__, encode(vars(value))]}),
)

_READERS: Final[Mapping[str, Callable[[Any], object]]] = {
    "enum": lambda told: _kinds()[told[0]](told[1]),
    "text": lambda told: told.encode(),
    "bytes": lambda told: told.encode("latin-1"),
    "time": datetime.fromisoformat,
    "tuple": lambda told: tuple(decode(told)),
    "set": lambda told: frozenset(decode(told)),
    "map": lambda told: {decode(key): decode(one) for key, one in told},
    "spec": lambda told: _kinds()[told[0]].model_validate(told[1]),
    "error": _error,
    "row": _row,
}
