"""Why hpctl does nothing by itself about what a check finds: data (`left_alone.toml`)."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

__all__ = ["why_left_alone"]


def why_left_alone(check_id: str) -> str:
    """Return why findings of a check without a fix are a person's to mend; raises KeyError for an unknown area."""
    table = _table()
    return table["check"].get(check_id) or table["area"][check_id.partition("-")[0]]


@cache
def _table() -> Mapping[str, Mapping[str, str]]:
    text = (files("hpctl.catalog") / "left_alone.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)
