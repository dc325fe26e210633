"""The options that sbatch takes: data (`sbatch_options.toml`)."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any, Literal

Arity = Literal["none", "required", "optional"]


@dataclass(frozen=True, slots=True)
class SbatchOption:
    """One option: `short` is its letter, `since` and `until` are releases of Slurm, None without a bound."""

    name: str
    value: Arity
    short: str | None = None
    since: str | None = None
    until: str | None = None
    plugin: bool = False


@cache
def sbatch_options() -> Mapping[str, SbatchOption]:
    """Return all options by their long name, those of pyxis included."""
    table = _table()
    rows = (("options", False), ("spank", True))
    found = {
        name: SbatchOption(name, plugin=plugin, **members)
        for key, plugin in rows
        for name, members in table[key].items()
    }
    return MappingProxyType(found)


@cache
def by_letter() -> Mapping[str, SbatchOption]:
    """Return the options that have a one-letter form, by it."""
    return MappingProxyType({one.short: one for one in sbatch_options().values() if one.short})


def elsewhere(name: str) -> str | None:
    """Return what to write instead of an option that sbatch does not take and people think it does."""
    told: str | None = _table()["elsewhere"].get(name)
    return told


@cache
def _table() -> Mapping[str, Mapping[str, Any]]:
    text = (files("hpctl.catalog") / "sbatch_options.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)
