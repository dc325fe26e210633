"""Models that hpctl knows by name: their configurations, other names, and the families whose name is not one model's.

`models.json` is kept by hand. A configuration holds what counts and widths follow from, as the model's `config.json`
says it; `parameters` is what follows from it for the language model, compared with the model's published count wherever
that could be had.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase
from functools import cache
from importlib.resources import files
from typing import Any

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

    `aliases` are other ids and names of models with the same configuration; `parameters` counts the language model.
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
    """Find a model by its id or another of its names; upper and lower case, `_`, `-` and spaces count as the same."""
    return _catalogue().by_name.get(_plain(name))


def find_family(name: str) -> KnownFamily | None:
    """Find a family by its name, compared as of `find_model`."""
    return _catalogue().by_family.get(_plain(name))


def nearest_names(name: str) -> tuple[str, ...]:
    """Give the names that `name` may have been meant to be, best first."""
    catalogue = _catalogue()
    short = {alias for model in catalogue.models for alias in (model.name, *model.aliases)}
    return nearest(name, sorted(short | {family.name for family in catalogue.families}))


@dataclass(frozen=True, slots=True)
class _Catalogue:
    models: tuple[KnownModel, ...]
    families: tuple[KnownFamily, ...]
    by_name: Mapping[str, KnownModel]
    by_family: Mapping[str, KnownFamily]


def _plain(name: str) -> str:
    return name.strip().casefold().replace("_", "-").replace(" ", "-")


@cache
def _catalogue() -> _Catalogue:
    data = json.loads((files("hpctl.catalog") / "models.json").read_text(encoding="utf-8"))
    models = tuple(map(_model, data["models"]))
    families = tuple(_family(row, models) for row in data["families"])
    return _Catalogue(
        models,
        families,
        {_plain(name): model for model in models for name in (model.name, *model.aliases)},
        {_plain(name): family for family in families for name in (family.name, *family.aliases)},
    )


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
