"""Environment variables that hpctl reads, as data (`environment.toml`)."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files


def own() -> Mapping[str, str]:
    """Return hpctl's variables that stand for no option, each with what it does."""
    return _told()["own"]


def foreign() -> Mapping[str, str]:
    """Return what hpctl honours of others: names, several with commas between them, with what they do."""
    return _told()["foreign"]


@cache
def _told() -> Mapping[str, Mapping[str, str]]:
    return tomllib.loads(files("hpctl.catalog").joinpath("environment.toml").read_text(encoding="utf-8"))
