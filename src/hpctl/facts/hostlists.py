"""Slurm's host lists, such as `ip-10-1-0-[1-3,07],head`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

_ONE: Final = re.compile(r"(?:[^\[\],]|\[[^\]]*\])+")
_RANGES: Final = re.compile(r"\[([^\]]*)\]")
_NO_HOSTS: Final = ("", "(null)", "None", "N/A", "None assigned")
_MOST: Final = 65_536
"""Hosts of one list; Slurm itself stops at as many (`MAX_SLURM_NODES` is smaller in each known build)."""


def hosts_of(text: str) -> tuple[str, ...]:
    """Return the hosts of a host list in its order; an empty one has none, and neither have Slurm's words for it."""
    if text in _NO_HOSTS:
        return ()
    found: list[str] = []
    for part in _ONE.findall(text):
        for host in _expanded(part):
            if len(found) >= _MOST:
                return tuple(found)
            found.append(host)
    return tuple(found)


def _expanded(part: str) -> Iterator[str]:
    ranges = _RANGES.search(part)
    if ranges is None:
        yield part
        return
    for number in _numbers(ranges[1]):
        yield from _expanded(f"{part[: ranges.start()]}{number}{part[ranges.end() :]}")


def _numbers(ranges: str) -> Iterator[str]:
    for span in ranges.split(","):
        first, dash, last = span.partition("-")
        if not (dash and first.isdecimal() and last.isdecimal()):
            yield span
            continue
        for number in range(int(first), min(int(last), int(first) + _MOST) + 1):
            yield str(number).zfill(len(first))
