"""Time limits as Slurm writes them.

Source: sbatch(1), `--time`: `minutes`, `minutes:seconds`, `hours:minutes:seconds`, `days-hours`, `days-hours:minutes`,
`days-hours:minutes:seconds`; slurm.conf(5), `MaxTime`.
"""

from __future__ import annotations

import math
import re
from typing import Final

_ENDLESS: Final = frozenset({"INFINITE", "UNLIMITED"})
_TIME: Final = re.compile(r"(?:(?P<days>\d+)-)?(?P<parts>\d+(?::\d+){0,2})", re.ASCII)


def minutes_of(text: str) -> float | None:
    """Return how many minutes a limit is; infinite for none, None for what is no limit. 0 is no limit for sbatch."""
    if text.upper() in _ENDLESS:
        return math.inf
    found = _TIME.fullmatch(text)
    if found is None:
        return None
    parts = [int(part) for part in found["parts"].split(":")]
    hours, minutes, seconds = _of_parts(parts, after_days=found["days"] is not None)
    total = int(found["days"] or 0) * 24 * 60 + hours * 60 + minutes + seconds / 60
    return total or math.inf


def _of_parts(parts: list[int], *, after_days: bool) -> tuple[int, int, int]:
    """Return hours, minutes and seconds: after days come hours, else the last of several parts are seconds."""
    match parts:
        case [minutes] if not after_days:
            return 0, minutes, 0
        case [minutes, seconds] if not after_days:
            return 0, minutes, seconds
    hours, minutes, seconds = (*parts, 0, 0)[:3]
    return hours, minutes, seconds
