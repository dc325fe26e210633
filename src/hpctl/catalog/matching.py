"""Which known failure a text tells of.

A text of several lines is read line by line, as logs are: of the failures in it the earliest is the cause, but for
`followers` (time-outs and general refusals), which give way to any other, and for what only degrades, which gives way
to what blocks. A short text is read as one line, too: it may be a message that a terminal or a mail broke into several.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
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
        if row := match_line(plain(line), rows_of(scope)):
            found.setdefault(row.id, Sighting(row, number, line[:_SHOWN]))
    if 1 < len(lines) <= _BROKEN:
        for one in _of_the_whole(lines, scope):
            found.setdefault(one.failure.id, one)
    return tuple(sorted(found.values(), key=lambda one: one.line))


def in_order(found: Iterable[Sighting]) -> tuple[Sighting, ...]:
    """Return the sightings with the cause first, then the others by their lines."""
    first, *others = sorted(found, key=_weight) or (None,)
    return () if first is None else (first, *sorted(others, key=lambda one: one.line))


def match_line(line: str, rows: Iterable[KnownFailure]) -> KnownFailure | None:
    """Find the first of `rows` that one line tells of; the line must be `plain` already."""
    lower = line.lower()
    for row in rows:
        if any(word in lower for word in row.words) and (told := _told(row, line)) is not None:
            return replace(row, remedy=fill(row.remedy, told)) if told else row
    return None


@cache
def rows_of(scope: Scope | None) -> tuple[KnownFailure, ...]:
    """Return the rows that words can tell of, those of one scope or all, in the order in which they are tried."""
    return tuple(row for row in known_failures() if row.words and (scope is None or scope in row.scopes))


def _of_the_whole(lines: list[str], scope: Scope | None) -> Iterator[Sighting]:
    """Yield what the lines tell together, at the line in which its words begin."""
    parts = [plain(line) for line in lines]
    whole = " ".join(filter(None, parts))
    row = match_line(whole, rows_of(scope))
    if row is None:
        return
    start = min(at for word in row.words if (at := whole.lower().find(word)) >= 0)
    ends = accumulate(len(part) + bool(part) for part in parts)
    number = next((number for number, end in enumerate(ends, 1) if start < end), len(lines))
    yield Sighting(row, number, lines[number - 1][:_SHOWN])


def _weight(one: Sighting) -> tuple[int, int]:
    return weight(one.failure), one.line


def weight(failure: KnownFailure) -> int:
    """Return how likely a failure is the cause of others that are told beside it: the lower, the likelier."""
    if failure.severity is Severity.NOISE:
        return 3
    if failure.follower:
        return 2
    return 0 if failure.severity is Severity.BLOCKS else 1


def _told(row: KnownFailure, line: str) -> dict[str, str] | None:
    """Return the values that a line tells; None when it does not tell of the row's failure."""
    if not row.pattern:
        return {}
    found = _compiled(row.pattern).search(line)
    if found is None:
        return None
    told = {name: value for name, value in found.groupdict().items() if value}
    if "instance_type" in told:
        told["ec2_instance_type"] = told["instance_type"].removeprefix("ml.")
    return told


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    """Return the pattern, made ready when it is first needed: all of them would take as long as a command may."""
    return re.compile(pattern, re.IGNORECASE)
