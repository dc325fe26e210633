"""Models that hpctl knows by name: their configurations, other names, and the families whose name is not one model's.

`models.json` is kept by hand. A configuration holds what counts and widths follow from, as the model's `config.json`
on the Hugging Face Hub says it; `parameters` is what follows from it, of vision models with the vision part where the
configuration has it. Where the maker's own count of the checkpoint is known, it is the same number; what counts in
the end is the file itself, and `hpctl check-model ID --hub` reads it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase
from functools import cache
from importlib.resources import files
from typing import Any, TypeVar

from hpctl.catalog.nearest import nearest

__all__ = [
    "Gate",
    "KnownFamily",
    "KnownModel",
    "find_family",
    "find_model",
    "known_families",
    "known_models",
    "nearest_names",
]


class Gate(StrEnum):
    """Whether the Hub gives a model's files to everybody."""

    OPEN = "open"
    GATED = "gated"


@dataclass(frozen=True, slots=True)
class KnownModel:
    """One model: its Hub id, its configuration, and what its name does not say (`note`).

    `aliases` are other ids and names of models with the same configuration; `parameters` counts what it describes.
    """

    name: str
    parameters: int
    config: Mapping[str, Any] = field(hash=False)
    aliases: tuple[str, ...] = ()
    note: str | None = None
    gate: Gate = Gate.OPEN


@dataclass(frozen=True, slots=True)
class KnownFamily:
    """A name that stands for several models, and those of them that are known here."""

    name: str
    models: tuple[KnownModel, ...]
    aliases: tuple[str, ...] = ()
    note: str | None = None


def known_models() -> tuple[KnownModel, ...]:
    """All models, in the order of the catalogue: makers together, small before large."""
    return _catalogue().models


def known_families() -> tuple[KnownFamily, ...]:
    """All families."""
    return _catalogue().families


def find_model(name: str) -> KnownModel | None:
    """Find a model by its id or another of its names, an id's maker left out too.

    Upper and lower case, `_`, `-` and spaces count as the same, and so do `gemma3-4b` and `gemma-3-4b` unless that is a
    family's name; `gemma-27b` and `gemma-2-7b` do not.
    """
    catalogue, said = _catalogue(), _plain(name)
    if said in catalogue.by_name or said in catalogue.by_family:
        return catalogue.by_name.get(said)
    return catalogue.by_spaced_name.get(_spaced(said))


def find_family(name: str) -> KnownFamily | None:
    """Find a family by its name, compared as of `find_model`."""
    catalogue, said = _catalogue(), _plain(name)
    return catalogue.by_family.get(said) or catalogue.by_spaced_family.get(_spaced(said))


_FEW = 3
"""So many names are as good as a question."""


def nearest_names(name: str) -> tuple[str, ...]:
    """Give the names that `name` may have been meant to be, best first: those that go on from it before all others."""
    catalogue = _catalogue()
    short = {alias for model in catalogue.models for alias in (model.name, *model.aliases)}
    known = sorted(short | {family.name for family in catalogue.families})
    said = _spaced(_plain(name))
    longer = [one for one in known if said and _spaced(_plain(one)).startswith(f"{said}-")]
    return tuple(dict.fromkeys((*sorted(longer, key=len)[:_FEW], *nearest(name, known))))[:_FEW]


_Known = TypeVar("_Known", KnownModel, KnownFamily)


@dataclass(frozen=True, slots=True)
class _Catalogue:
    models: tuple[KnownModel, ...]
    families: tuple[KnownFamily, ...]
    by_name: Mapping[str, KnownModel]
    by_family: Mapping[str, KnownFamily]
    by_spaced_name: Mapping[str, KnownModel]
    by_spaced_family: Mapping[str, KnownFamily]


def _spaced(name: str) -> str:
    """Put a hyphen wherever letters and digits meet."""
    return re.sub(r"(?<=[a-z])-?(?=\d)|(?<=\d)-?(?=[a-z])", "-", name)


def _plain(name: str) -> str:
    return name.strip().casefold().replace("_", "-").replace(" ", "-")


@cache
def _catalogue() -> _Catalogue:
    data = json.loads((files("hpctl.catalog") / "models.json").read_text(encoding="utf-8"))
    models = tuple(map(_model, data["models"]))
    families = tuple(_family(row, models) for row in data["families"])
    by_name, by_family = _by_name(models), _by_family(families)
    return _Catalogue(models, families, by_name, by_family, _respelt(by_name), _respelt(by_family))


def _by_name(models: tuple[KnownModel, ...]) -> dict[str, KnownModel]:
    """Name each model by its names as they stand, and by the part of its ids behind the maker where it has no other."""
    full = {_plain(name): model for model in models for name in (model.name, *model.aliases)}
    short: dict[str, set[str]] = {}
    for name, model in full.items():
        short.setdefault(name.rpartition("/")[2], set()).add(model.name)
    return {name: full[_plain(meant.pop())] for name, meant in short.items() if len(meant) == 1} | full


def _by_family(families: tuple[KnownFamily, ...]) -> dict[str, KnownFamily]:
    return {_plain(name): family for family in families for name in (family.name, *family.aliases)}


def _respelt(named: Mapping[str, _Known]) -> dict[str, _Known]:
    """Respell all names; one that would then stand for several stands for none."""
    meant: dict[str, list[_Known]] = {}
    for name, known in named.items():
        meant.setdefault(_spaced(name), []).append(known)
    return {name: known[0] for name, known in meant.items() if all(one is known[0] for one in known)}


def _model(row: Mapping[str, Any]) -> KnownModel:
    return KnownModel(
        name=row["name"],
        parameters=row["parameters"],
        config=row["config"],
        aliases=tuple(row.get("aliases", ())),
        note=row.get("note"),
        gate=Gate.GATED if row.get("gated") else Gate.OPEN,
    )


def _family(row: Mapping[str, Any], models: tuple[KnownModel, ...]) -> KnownFamily:
    types = row.get("types")
    members = tuple(
        model
        for model in models
        if fnmatchcase(model.name, row["models"]) and (types is None or model.config["model_type"] in types)
    )
    return KnownFamily(row["name"], members, tuple(row.get("aliases", ())), row.get("note"))
