"""Known failures: what a message of AWS means, what is behind it, and what to type.

The rows are data (`failures.toml`, for what jobs write `job_failures.toml`); a new failure is one row with a sample
text.
"""

from __future__ import annotations

import re
import shlex
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any

__all__ = ["KnownFailure", "Severity", "fill", "known_failures", "known_job_failures", "match", "match_job"]

_LONGEST = 20_000
"""Characters of a text that are searched: messages of AWS are far shorter, pasted logs need not be."""


class Severity(StrEnum):
    """What a failure does to the work."""

    BLOCKS = "blocks"
    DEGRADES = "degrades"
    NOISE = "noise"


@dataclass(frozen=True)
class KnownFailure:
    """A failure that was seen before.

    `remedy` may begin with a line of advice; the lines after it are commands to paste, with
    `{placeholders}` for what the message does not tell. `checks` are the ids of the checks that see
    the cause beforehand. `basis` is where the words come from: AWS's documentation or published
    guides, reports of users, or observation of the service. `samples` are texts that match.
    """

    id: str
    severity: Severity
    pattern: str
    cause: str
    remedy: str
    checks: tuple[str, ...]
    basis: str
    samples: tuple[str, ...]


def match(text: str) -> KnownFailure | None:
    """Find the most specific known failure that `text` tells of, or None.

    What the text itself tells (an instance type, a security group) is in the remedy already; the
    other placeholders are left for `fill`.
    """
    return _first(known_failures(), text[:_LONGEST])


def match_job(text: str) -> KnownFailure | None:
    """Find the most specific known failure that the last lines of a job's log tell of, or None."""
    return _first(known_job_failures(), text[-_LONGEST:])


def _first(rows: Iterable[KnownFailure], searched: str) -> KnownFailure | None:
    for failure in rows:
        found = _compiled(failure.pattern).search(searched)
        if found:
            return replace(failure, remedy=fill(failure.remedy, _told(found)))
    return None


def fill(remedy: str, values: Mapping[str, str | None]) -> str:
    """Put `values` for the `{placeholders}` of a remedy, quoted for a shell; unknown ones stay."""

    def value(placeholder: re.Match[str]) -> str:
        known = values.get(placeholder[1])
        return shlex.quote(known) if known else placeholder[0]

    return re.sub(r"\{([a-z][a-z0-9_]*)\}", value, remedy)


@cache
def known_failures() -> tuple[KnownFailure, ...]:
    """All known failures of clusters, in the order in which they are tried."""
    return _rows("failures.toml")


@cache
def known_job_failures() -> tuple[KnownFailure, ...]:
    """All known failures of jobs, in the order in which they are tried."""
    return _rows("job_failures.toml")


def _rows(name: str) -> tuple[KnownFailure, ...]:
    text = (files("hpctl.catalog") / name).read_text(encoding="utf-8")
    return tuple(_row(row) for row in tomllib.loads(text)["failure"])


def _row(row: dict[str, Any]) -> KnownFailure:
    tuples = {key: tuple(row[key]) for key in ("checks", "samples")}
    return KnownFailure(**row | tuples | {"severity": Severity(row["severity"]), "remedy": row["remedy"].strip()})


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern.replace(" ", r"(?:\s+)"), re.IGNORECASE | re.DOTALL)


def _told(found: re.Match[str]) -> dict[str, str]:
    told = {name: value for name, value in found.groupdict().items() if value}
    if "instance_type" in told:
        told["ec2_instance_type"] = told["instance_type"].removeprefix("ml.")
    return told
