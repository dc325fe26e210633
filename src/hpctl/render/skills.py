"""The skill for coding agents: what was written where."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from hpctl.render.page import Piece, Prose
from hpctl.report.skill import SkillReport

_TOLD: Final = {
    "written": "`{path}` is written",
    "replaced": "`{path}` is replaced",
    "unchanged": "`{path}` is what it should be: nothing to do",
}


def skill(report: SkillReport) -> Iterator[Piece]:
    """Yield what became of the file."""
    yield Prose(_TOLD[report.result].format(path=report.path))
