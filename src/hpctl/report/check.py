"""What checks find, and what a run of them answers."""

from __future__ import annotations

from collections import Counter
from typing import Literal

from hpctl.report.action import Fix
from hpctl.report.base import Part, Report
from hpctl.terms import Outcome


class Finding(Part):
    """One thing a check found about one subject.

    `level` is how much it matters (a note changes no outcome), `evidence` the values seen and needed,
    `remedy` what to type or edit, `path` the place in the spec, `location` its `file:line:column`. `fix` is what
    `doctor --fix` does about it by itself, nothing where that is for a person to decide.
    """

    level: Literal["fail", "warn", "note"]
    subject: str
    message: str
    evidence: tuple[str, ...] = ()
    remedy: str | None = None
    path: tuple[str | int, ...] = ()
    location: str | None = None
    fix: tuple[Fix, ...] = ()


class CheckResult(Part):
    """How one check ended; `reason` says why it could not look (unknown) or did not run (skip)."""

    id: str
    title: str
    outcome: Outcome
    blocking: bool
    findings: tuple[Finding, ...] = ()
    reason: str | None = None
    hint: str | None = None

    @property
    def area(self) -> str:
        """What the check is about, in one word: the first of its id."""
        return area_of(self.id)


def area_of(check_id: str) -> str:
    """Return the area of a check: `network` of `network-dns`."""
    return check_id.partition("-")[0]


class CheckReport(Report):
    """The results of one run of checks, in catalogue order."""

    kind: Literal["Checks"] = "Checks"
    subject: str
    results: tuple[CheckResult, ...]

    @property
    def counts(self) -> Counter[Outcome]:
        """How many checks ended how."""
        return Counter(result.outcome for result in self.results)

    @property
    def areas(self) -> dict[str, tuple[CheckResult, ...]]:
        """The results by area, in the order in which the catalogue first comes to each."""
        found: dict[str, tuple[CheckResult, ...]] = {}
        for result in self.results:
            found[result.area] = (*found.get(result.area, ()), result)
        return found

    @property
    def failed(self) -> tuple[CheckResult, ...]:
        """The checks that failed."""
        return tuple(result for result in self.results if result.outcome is Outcome.FAIL)

    @property
    def blind(self) -> tuple[CheckResult, ...]:
        """The checks that would block if they failed, and could not look."""
        return tuple(result for result in self.results if result.blocking and result.outcome is Outcome.UNKNOWN)

    def names(self) -> tuple[str, ...]:
        """Return the ids of the checks that did not pass."""
        return tuple(result.id for result in self.results if result.outcome is not Outcome.PASS)


class DeclaredCheck(Part):
    """One check as it is declared: what it judges, whether it must hold, what it needs, and what it asks of AWS."""

    id: str
    title: str
    judges: Literal["machine", "spec", "cluster", "node", "job"]
    blocking: bool
    needs: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()


class CheckListReport(Report):
    """Every check that there is, in catalogue order."""

    kind: Literal["CheckList"] = "CheckList"
    checks: tuple[DeclaredCheck, ...]

    def names(self) -> tuple[str, ...]:
        """Return the ids."""
        return tuple(one.id for one in self.checks)
