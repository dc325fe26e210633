"""Mend what checks found: carry the plan out, let AWS take it in, and look again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from hpctl import timeouts
from hpctl.facts.ports import Clock, Ports
from hpctl.plan.apply import apply
from hpctl.plan.journal import Run
from hpctl.report.action import Action
from hpctl.report.check import CheckReport
from hpctl.report.plan import PlanReport
from hpctl.report.progress import Progress, Remarked
from hpctl.terms import Outcome

_ACTIVE: Final = "ACTIVE"
_EKS_CHANGE: Final = "update-cluster-config"
_SLOW: Final = frozenset({"associate-access-policy", "create-access-entry", "put-role-policy"})


def fix(plan: PlanReport, ports: Ports) -> Iterator[Progress]:
    """Carry out the plan, and wait until EKS clusters that it changes are active again."""
    yield from apply(plan, ports)
    for action in plan.actions:
        if action.verb == _EKS_CHANGE:
            yield from _until_active(action.request["name"], ports)


def settled(resumed: Run | None, ports: Ports) -> Iterator[Progress]:
    """Wait for what an earlier command began and did not stay for: an EKS cluster that changes looks ill."""
    for subject in dict.fromkeys(str(line["subject"]) for line in (resumed.lines if resumed else ()) if _is_eks(line)):
        yield from _until_active(subject.partition("/")[2], ports)


def look_again(examine: Callable[[], CheckReport], plan: PlanReport, clock: Clock) -> CheckReport:
    """Return what the checks say afterwards; for a minute as long as AWS has not taken in what was mended."""
    report = examine()
    for _try in range(timeouts.AGAIN_TIMES):
        if not _awaited(plan) & _complaining(report):
            break
        clock.sleep(timeouts.AGAIN_S)
        report = examine()
    return report


def _until_active(name: str, ports: Ports) -> Iterator[Progress]:
    said = False
    for _look in range(timeouts.EKS_LOOKS):
        if ports.eks.describe(name).status == _ACTIVE:
            return
        if not said:
            said = True
            yield Remarked(time=ports.clock.now(), message=f"waiting until EKS cluster `{name}` is active again")
        ports.clock.sleep(timeouts.EKS_LOOK_S)


def _is_eks(line: Mapping[str, object]) -> bool:
    return line.get("verb") == _EKS_CHANGE and line["entry"] in ("intent", "effect")


def _awaited(plan: PlanReport) -> set[tuple[str, str]]:
    """Return check and subject of what the plan mends and AWS takes a while to tell everybody: permissions."""
    sent = {action.subject for action in plan.actions if action.verb in _SLOW}
    return {
        (result.id, finding.subject)
        for result in (plan.checks.results if plan.checks else ())
        for finding in result.findings
        if any(isinstance(one, Action) and one.verb in _SLOW and one.subject in sent for one in finding.fix)
    }


def _complaining(report: CheckReport) -> set[tuple[str, str]]:
    return {
        (result.id, finding.subject)
        for result in report.results
        if result.outcome in (Outcome.FAIL, Outcome.WARN)
        for finding in result.findings
    }
