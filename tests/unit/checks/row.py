"""One row of the table of checks: a wish, the world it is judged in, and the judgement word for word."""

from __future__ import annotations

from dataclasses import dataclass, field

from hpctl.checks.catalogue import CLUSTER_CHECKS
from hpctl.checks.declare import Check
from hpctl.checks.engine import run_checks
from hpctl.report.check import CheckResult, Finding
from hpctl.spec.cluster import ClusterSpec
from hpctl.terms import Outcome
from tests.unit.fakes import FakeAccount

BY_ID = {one.id: one for one in CLUSTER_CHECKS}


@dataclass(frozen=True)
class Row:
    """`case` completes the sentence "<check> <outcome> with …"; `reason` is why a check could not look."""

    check: str
    case: str
    spec: ClusterSpec
    outcome: Outcome
    findings: tuple[Finding, ...] = ()
    account: FakeAccount = field(default_factory=FakeAccount, compare=False)
    reason: str | None = None

    def __str__(self) -> str:
        return f"{self.check}-{self.outcome}-{self.case}"


def passes(check: str, case: str, spec: ClusterSpec, account: FakeAccount | None = None) -> Row:
    return Row(check, case, spec, Outcome.PASS, account=account or FakeAccount())


def notes(check: str, case: str, spec: ClusterSpec, *findings: Finding, account: FakeAccount | None = None) -> Row:
    """A pass with something to say."""
    return Row(check, case, spec, Outcome.PASS, findings, account or FakeAccount())


def warns(check: str, case: str, spec: ClusterSpec, *findings: Finding, account: FakeAccount | None = None) -> Row:
    return Row(check, case, spec, Outcome.WARN, findings, account or FakeAccount())


def fails(
    check: str,
    case: str,
    spec: ClusterSpec,
    *findings: Finding,
    account: FakeAccount | None = None,
    reason: str | None = None,
) -> Row:
    return Row(check, case, spec, Outcome.FAIL, findings, account or FakeAccount(), reason)


def cannot_tell(check: str, case: str, spec: ClusterSpec, reason: str, account: FakeAccount | None = None) -> Row:
    """A check that could not look."""
    return Row(check, case, spec, Outcome.UNKNOWN, account=account or FakeAccount(), reason=reason)


def judge(check_id: str, spec: ClusterSpec, account: FakeAccount) -> CheckResult:
    """Run one check alone, as it runs when those it needs are left out with `--skip`."""
    (result,) = run_checks([one_check(check_id)], (spec,), account.world).results
    return result


def one_check(check_id: str) -> Check:
    return BY_ID[check_id]
