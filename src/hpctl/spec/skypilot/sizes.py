"""Numbers of CPUs, and amounts of memory and disk, as SkyPilot writes them (0.14.1, `sky/utils/resources_utils.py`)."""

from __future__ import annotations

import math
import re
from typing import Final

_GIB = 2**30
_AMOUNT = re.compile(r"(\d+(?:\.\d+)?)\s*([a-z]*)\+?", re.IGNORECASE | re.ASCII)
_COUNT = re.compile(r"(\d+(?:\.\d+)?)\+?", re.ASCII)
_TIMES = re.compile(r"(\d+(?:\.\d+)?)x\+?", re.IGNORECASE | re.ASCII)
_POWERS: Final = {letter: power for power, letter in enumerate("kmgtp", start=1)}
_MOST = 1e15


def count(text: str) -> float | None:
    """Read `4`, `"4"` or `"4+"`; None unless it is a number above 0."""
    found = _COUNT.fullmatch(text.strip())
    return _positive(float(found[1])) if found else None


def gibibytes(text: str) -> float | None:
    """Read an amount in GiB; a bare number counts decimal gigabytes, as SkyPilot's pods do. None if it is none."""
    found = _AMOUNT.fullmatch(text.strip())
    unit = _unit(found[2].casefold()) if found else None
    return _positive(float(found[1]) * unit / _GIB) if found and unit else None


def times(text: str) -> float | None:
    """Read `4x` (GB for each CPU); None unless it is that."""
    found = _TIMES.fullmatch(text.strip())
    return _positive(float(found[1])) if found else None


def decimal_gb(amount: float) -> float:
    """Turn gigabytes into GiB."""
    return amount * 1e9 / _GIB


def whole_gib(amount: float) -> int:
    """Round up to whole GiB."""
    return math.ceil(amount)


def _unit(suffix: str) -> float | None:
    if not suffix:
        return 1e9
    letter, rest = suffix[0], suffix[1:]
    if letter not in _POWERS or rest not in {"", "b", "i", "ib"}:
        return None
    return float(1024 ** _POWERS[letter]) if rest.startswith("i") else float(1000 ** _POWERS[letter])


def _positive(value: float) -> float | None:
    return value if 0 < value < _MOST else None
