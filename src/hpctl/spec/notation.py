"""How specs are spelled: a cluster in hpctl's own keys or as members of CreateCluster, a job in hpctl's keys."""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cache
from typing import Annotated, Union, get_args, get_origin

from hpctl.catalog.nearest import nearest
from hpctl.spec.members import members
from hpctl.spec.model import SpecModel
from hpctl.spec.positions import SpecPath, joined


class Notation(Enum):
    """How a file spells its keys."""

    HPCTL = "an hpctl spec"
    CREATE_CLUSTER = "a CreateCluster request"
    JOB = "an hpctl job"


@dataclass(frozen=True, slots=True)
class Structure:
    """A field that holds another model."""

    model: type[SpecModel]


@dataclass(frozen=True, slots=True)
class ListOf:
    """A field that holds a list."""

    item: Kind


@dataclass(frozen=True, slots=True)
class TextMap:
    """A field that maps texts to texts, with keys of the user's own."""


@dataclass(frozen=True, slots=True)
class Text:
    """A field that holds a text, whatever the text looks like."""


@dataclass(frozen=True, slots=True)
class Value:
    """A field that holds a number, a boolean or a time."""


Kind = Structure | ListOf | TextMap | Text | Value


@cache
def kinds(model: type[SpecModel]) -> Mapping[str, Kind]:
    """Map each field of `model` to what it holds."""
    return {name: _kind(info.annotation) for name, info in model.model_fields.items()}


@cache
def keys(model: type[SpecModel], notation: Notation) -> Mapping[str, str]:
    """Map each key that `notation` has for `model` to the field's name."""
    if notation is not Notation.CREATE_CLUSTER:
        return {name: name for name in model.model_fields}
    return {member.aws: name for name, member in members(model).items() if member.aws}


def key_of(model: type[SpecModel], field: str, notation: Notation) -> str | None:
    """Spell a field; None where `notation` has no word for it."""
    return next((key for key, name in keys(model, notation).items() if name == field), None)


def nearest_key(wrong: str, model: type[SpecModel], notation: Notation) -> str | None:
    """Find the key that was meant, also when it was spelled as the other notation does."""
    others = (Notation.JOB,) if notation is Notation.JOB else (Notation.HPCTL, Notation.CREATE_CLUSTER)
    fields = [keys(model, other).get(wrong) for other in reversed(others)]
    for other in others:
        fields += [keys(model, other)[close] for close in nearest(wrong, keys(model, other))]
    fields += [name for name in model.model_fields if wrong.casefold() in name.split("_")]
    spelled = (key_of(model, field, notation) for field in fields if field)
    return next((key for key in spelled if key), None)


def written_path(root: type[SpecModel], path: SpecPath, notation: Notation) -> str:
    """Spell a path of the spec as `notation` does."""
    written = ""
    for length, step in enumerate(path):
        model = model_at(root, path[:length])
        key = key_of(model, str(step), notation) if model else None
        written = joined(written, key or step)
    return written


def model_at(root: type[SpecModel], path: SpecPath) -> type[SpecModel] | None:
    """Find the model that stands at a path of the spec, if one does."""
    current: Kind = Structure(root)
    for step in path:
        match current:
            case Structure(model) if step in model.model_fields:
                current = kinds(model)[str(step)]
            case ListOf(item):
                current = item
            case _:
                return None
    return current.model if isinstance(current, Structure) else None


def _kind(annotation: object) -> Kind:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _kind(arguments[0])
    if origin in {Union, types.UnionType}:
        return _kind(next(one for one in arguments if one is not type(None)))
    if origin is tuple:
        return ListOf(_kind(arguments[0]))
    if origin is Mapping:
        return TextMap()
    if isinstance(annotation, type) and issubclass(annotation, SpecModel):
        return Structure(annotation)
    is_text = origin is not None or (isinstance(annotation, type) and issubclass(annotation, str))
    return Text() if is_text else Value()
