"""Durations as people write them: `90`, `90s`, `45m`, `2h`."""

from __future__ import annotations

import re

import typer

_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)([smh]?)")


def seconds(text: str | float) -> float:
    """Return the seconds that `text` means; a wrong one is refused as any wrong option is."""
    found = _DURATION.fullmatch(str(text))
    if found is None:
        raise typer.BadParameter(f"`{text}` is no duration; write 90s, 45m or 2h")
    return float(found[1]) * _UNITS[found[2]]
