"""Known failures: what a message means, what is behind it, and what to type.

The rows are data (`known_failures/*.toml`, a file an area); a new failure is one row with a sample text. `matching`
finds the row that a text tells of, `log_reading` the one that a long log does, `likeness` those that come near.

A row says:

- `words`: any of these must be in the text, which is compared as `plain.plain` leaves it, in lower case: one space for
  any white space, `'` for any quote. Without words nothing in a text tells of the failure; `symptom` says then what is
  seen instead.
- `pattern`: where the words alone are not enough, or the text tells values for the remedy (named groups).
- `follower`: the text tells that something failed, and hardly why (time-outs, general refusals): any other failure that
  is told beside it is the cause.
- `passes`: HyperPod may get past it by itself, so that who waits for a cluster goes on waiting; a file says it for its
  rows. Without it a failure that blocks is final.
- `scopes`: what writes such texts, `cluster` or `job` or both; a file says it for its rows. Waiting, `describe` and
  `events` listen to the one, jobs to the other, `explain` to both.
- `samples`: texts that match: the words that are asked for are real, names and what stands around them are examples.

Rows are tried in the order of the files and of their lines, and the first that matches wins: a row that is special
stands above one that is general. `basis` is where the words come from: `documentation` (of AWS, or of the program that
says them), `guides` (samples, workshops and operational guides that AWS publishes), `reported` (by users in public
issues), `observed` (of the live service, or measured), `service-model` (botocore's), `common` (general knowledge of
Kubernetes, NCCL and Neuron: the words were not seen on HyperPod).
"""

from __future__ import annotations

import re
import shlex
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any, Final

__all__ = ["KnownFailure", "Scope", "Severity", "failure", "fill", "known_failures"]

_FILES: Final = (
    "creation",
    "lifecycle",
    "slurm",
    "eks",
    "refusals",
    "access",
    "operations",
    "pods",
    "jobs",
    "general",
)


class Severity(StrEnum):
    """What a failure does to the work."""

    BLOCKS = "blocks"
    DEGRADES = "degrades"
    NOISE = "noise"


class Scope(StrEnum):
    """Who writes a text: HyperPod and what prepares its nodes, or what runs on them."""

    CLUSTER = "cluster"
    JOB = "job"


@dataclass(frozen=True)
class KnownFailure:
    """A failure that was seen before; the module says what its parts are.

    `remedy` may begin with a line of advice; the lines after it are commands to paste, with
    `{placeholders}` for what the message does not tell. `checks` are the ids of the checks that see
    the cause beforehand. `area` is the file that the row stands in.
    """

    id: str
    area: str
    scopes: frozenset[Scope]
    severity: Severity
    words: tuple[str, ...]
    cause: str
    remedy: str
    checks: tuple[str, ...]
    basis: str
    samples: tuple[str, ...]
    pattern: str = ""
    symptom: str = ""
    follower: bool = False
    passes: bool = False

    @property
    def final(self) -> bool:
        """Whether no waiting cures it."""
        return self.severity is Severity.BLOCKS and not self.passes

    @property
    def example(self) -> str:
        """What is seen: the first sample in one line, or the symptom where no words tell of it."""
        return " ".join(self.samples[0].split()) if self.samples else self.symptom


@cache
def known_failures() -> tuple[KnownFailure, ...]:
    """All known failures, in the order in which they are tried."""
    return tuple(row for area in _FILES for row in _rows(area))


def failure(failure_id: str) -> KnownFailure | None:
    """Return the known failure of an id, None when there is none."""
    return next((row for row in known_failures() if row.id == failure_id), None)


def fill(remedy: str, values: Mapping[str, str | None]) -> str:
    """Put `values` for the `{placeholders}` of a remedy, quoted for a shell; unknown ones stay."""

    def value(placeholder: re.Match[str]) -> str:
        known = values.get(placeholder[1])
        return shlex.quote(known) if known else placeholder[0]

    return re.sub(r"\{([a-z][a-z0-9_]*)\}", value, remedy)


def _rows(area: str) -> tuple[KnownFailure, ...]:
    text = (files("hpctl.catalog") / "known_failures" / f"{area}.toml").read_text(encoding="utf-8")
    told = tomllib.loads(text)
    defaults = {key: value for key, value in told.items() if key != "failure"}
    return tuple(_row(defaults | row, area) for row in told["failure"])


def _row(row: dict[str, Any], area: str) -> KnownFailure:
    tuples = {key: tuple(row[key]) for key in ("words", "checks", "samples")}
    scoped = frozenset(map(Scope, row["scopes"]))
    typed = {"area": area, "scopes": scoped, "severity": Severity(row["severity"]), "remedy": row["remedy"].strip()}
    return KnownFailure(**row | tuples | typed)
