"""Which known failure a text tells of.

A text of several lines is read line by line, as logs are: of the failures in it the earliest is the cause, but for
`followers` (time-outs and general refusals), which give way to any other, and for what only degrades, which gives way
to what blocks. A short text is read as one line, too: it may be a message that a terminal or a mail broke into several.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache
from itertools import accumulate
from typing import Final

from hpctl.catalog.failures import KnownFailure, Scope, Severity, fill, known_failures
from hpctl.catalog.plain import plain

__all__ = ["Sighting", "in_order", "match", "match_job", "match_line", "rows_of", "sightings", "weight"]

_LONGEST: Final = 20_000
"""Characters of a text that are searched: messages are far shorter, logs are for `log_reading`."""

_BROKEN: Final = 12
"""Lines up to which a text may be one message that was broken into lines."""

_SHOWN: Final = 500
"""Characters of a line that are kept as evidence."""


@dataclass(frozen=True)
class Sighting:
    """The first line of a text, counted from 1, that tells of a failure."""

    failure: KnownFailure
    line: int
    text: str


def match(text: str, scope: Scope | None = None) -> KnownFailure | None:
    """Find the known failure that is the cause of what `text` tells, or None.

    What the text itself tells (an instance type, a security group) is in the remedy already; the
    other placeholders are left for `fill`.
    """
    return next((one.failure for one in in_order(sightings(text[:_LONGEST], scope))), None)


def match_job(text: str) -> KnownFailure | None:
    """Find the known failure that the last lines of a job's log tell of, or None."""
    return match(text[-_LONGEST:], Scope.JOB)


def sightings(text: str, scope: Scope | None = None) -> tuple[Sighting, ...]:
    """Return each known failure that a text tells of, once, in the order of the lines."""
    lines = text.split("\n")
    found: dict[str, Sighting] = {}
    for number, line in enumerate(lines, 1):
        if (words := plain(line)) and (row := match_line(words, rows_of(scope))):
            found.setdefault(row.id, Sighting(row, number, line[:_SHOWN]))
    if 1 < len(lines) <= _BROKEN:
        _add_whole(found, lines, scope)
    return tuple(sorted(found.values(), key=lambda one: (one.line, _places()[one.failure.id])))


def in_order(found: Iterable[Sighting]) -> tuple[Sighting, ...]:
    """Return the sightings with the cause first, then the others by their lines."""
    first, *others = sorted(found, key=_weight) or (None,)
    return () if first is None else (first, *sorted(others, key=lambda one: one.line))


def match_line(line: str, rows: Iterable[KnownFailure]) -> KnownFailure | None:
    """Find the first of `rows` that one line tells of; the line must be `plain` already."""
    lower = line.lower()
    for row in rows:
        if any(word in lower for word in row.words) and (found := _search(row, line)):
            told = _told(found)
            return replace(row, remedy=fill(row.remedy, told)) if told else row
    return None


@cache
def rows_of(scope: Scope | None) -> tuple[KnownFailure, ...]:
    """Return the rows that words can tell of, those of one scope or all, in the order in which they are tried."""
    return tuple(row for row in known_failures() if row.words and (scope is None or scope in row.scopes))


def _add_whole(found: dict[str, Sighting], lines: list[str], scope: Scope | None) -> None:
    """Add what the lines tell together, at the line in which that begins; parts of it told something more general."""
    parts = [plain(line) for line in lines]
    whole = " ".join(filter(None, parts))
    row = match_line(whole, rows_of(scope))
    told = _search(row, whole) if row else None
    if row is None or told is None:
        return
    ends = list(accumulate(len(part) + bool(part) for part in parts))
    first, last = (bisect_right(ends, at) for at in (told.start(), told.end() - 1))
    for other in list(found.values()):
        if first < other.line <= last + 1 and _places()[other.failure.id] > _places()[row.id]:
            del found[other.failure.id]
    found.setdefault(row.id, Sighting(row, first + 1, lines[first][:_SHOWN]))


def _weight(one: Sighting) -> tuple[int, int]:
    return weight(one.failure), one.line


def weight(failure: KnownFailure) -> int:
    """Return how likely a failure is the cause of others that are told beside it: the lower, the likelier."""
    if failure.severity is Severity.NOISE:
        return 3
    if failure.follower:
        return 2
    return 0 if failure.severity is Severity.BLOCKS else 1


@cache
def _places() -> dict[str, int]:
    return {row.id: place for place, row in enumerate(known_failures())}


def _search(row: KnownFailure, line: str) -> re.Match[str] | None:
    """Return where a line that has one of the row's words tells of its failure; None when it does not."""
    return _compiled(row.pattern or "|".join(map(re.escape, row.words))).search(line)


def _told(found: re.Match[str]) -> dict[str, str]:
    told = {name: value for name, value in found.groupdict().items() if value}
    if "instance_type" in told:
        told["ec2_instance_type"] = told["instance_type"].removeprefix("ml.")
    return told


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    """Return the pattern, made ready when it is first needed: all of them would take as long as a command may."""
    return re.compile(pattern, re.IGNORECASE)
