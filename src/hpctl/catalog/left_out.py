"""Which checks of the plan there are not, and why; and which have another name here.

The rows are data (`checks_left_out.toml`). The plan gave every check an id before there was one, and what people write
down by these ids must lead somewhere.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

__all__ = ["LeftOut", "checks_left_out", "checks_named_otherwise"]

_FILE = "checks_left_out.toml"


@dataclass(frozen=True)
class LeftOut:
    """Checks that there are not, by the ids that they would have, and why."""

    because: str
    checks: tuple[str, ...]


def checks_left_out() -> tuple[LeftOut, ...]:
    """Return the checks that there are not, by reason."""
    return tuple(LeftOut(row["because"], tuple(row["checks"])) for row in _document()["left_out"])


def checks_named_otherwise() -> Mapping[str, str]:
    """Return the ids of the plan that another check answers, each with the id of that check."""
    return dict(_document()["same_as"])


@cache
def _document() -> Mapping[str, Any]:
    return tomllib.loads(files(__package__).joinpath(_FILE).read_text(encoding="utf-8"))
