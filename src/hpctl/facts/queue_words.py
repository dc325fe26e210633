"""What Kueue says of a job that waits, in fewer words.

Source: Kueue's flavor assigner (v0.19), whose message names each resource of each pod set in a clause of its own.
"""

from __future__ import annotations

import re
from typing import Final

_MORE: Final = re.compile(r"insufficient unused quota for (\S+) in flavor (\S+), (\S+) more needed")
_REST: Final = re.compile(r"(?:couldn't assign flavors to pod set \S+: |[,;. ])*")


def in_short(said: str) -> str:
    """Return `needs 8 more nvidia.com/gpu of p5` for what says just that at length, else the words as they are.

    Devices come before CPUs and memory. Of a resource that several pod sets lack the last amount counts: it has
    those before it in it.
    """
    found = _MORE.findall(said)
    if not found or not _REST.fullmatch(_MORE.sub("", said)):
        return said
    lacks: dict[str, dict[str, str]] = {}
    for resource, flavor, amount in found:
        lacks.setdefault(flavor, {})[resource] = amount
    return "needs " + ", or ".join(f"{_amounts(rows)} of {flavor}" for flavor, rows in lacks.items())


def _amounts(rows: dict[str, str]) -> str:
    devices_first = sorted(rows.items(), key=lambda row: "/" not in row[0])
    return ", ".join(f"{amount} more {resource}" for resource, amount in devices_first)
