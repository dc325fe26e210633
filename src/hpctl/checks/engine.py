"""Run checks: each once, after what it needs, beside what it does not; never mistake silence for a pass."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from difflib import get_close_matches
from enum import StrEnum

from hpctl.checks.declare import Check, Target
from hpctl.errors import AccessError, HpctlError, UsageError
from hpctl.facts.job_target import JobInCluster
from hpctl.facts.live_targets import LiveNode, NodeInside, NodeOnEks
from hpctl.facts.records import Machine
from hpctl.facts.slurm_target import JobOnSlurm
from hpctl.facts.world import World
from hpctl.report.check import CheckReport, CheckResult, Finding
from hpctl.terms import Outcome

WORKERS = 64
"""Checks that may wait at the same time, for AWS or for what they need: with fewer, a few slow answers hold up all."""

Observer = Callable[[CheckResult], None]
Locate = Callable[[tuple[str | int, ...]], str | None]


class Reach(StrEnum):
    """How far checks may look: they ask AWS, are told not to, or AWS answers nobody here."""

    AWS = "aws"
    OFFLINE = "offline"
    BLIND = "blind"


_UNASKED = {Reach.OFFLINE: "asks AWS; left out with `--offline`", Reach.BLIND: "asks AWS, which cannot be asked here"}


def run_checks(
    checks: Iterable[Check],
    targets: Iterable[Target],
    world: World,
    *,
    skip: Iterable[str] = (),
    reach: Reach = Reach.AWS,
    locate: Locate = lambda _path: None,
    observe: Observer = lambda _result: None,
) -> CheckReport:
    """Run `checks`, each on the target of its type, and return every result in catalogue order.

    Checks that find nothing to judge in `targets`, such as Slurm's own in a spec for EKS, have no result. `skip` names
    checks not to run (`UsageError` for an id that does not exist), `reach` whether those run that ask AWS, `locate`
    turns a spec path into `file:line:column`, `observe` receives each result as it comes, in the caller's own thread.
    """
    by_type = {type(target): target for target in targets}
    catalogue = tuple(checks)
    left_out = _left_out(catalogue, demand_known(skip, catalogue), reach)
    judging = judgeable(catalogue, by_type.values())
    runs: dict[str, Future[CheckResult]] = {}
    with ThreadPoolExecutor(WORKERS, thread_name_prefix="check") as pool:
        # Submitted after what they need, so that a check only ever waits for one that has a thread already.
        for one in in_order(judging):
            if one.id in left_out:
                runs[one.id] = pool.submit(_result, one, Outcome.SKIP, reason=left_out[one.id])
            else:
                needs = {need: runs[need] for need in one.needs if need in runs and need not in left_out}
                runs[one.id] = pool.submit(_run, one, by_type[one.target], world, needs, locate)
        for run in as_completed(runs.values()):
            observe(run.result())
    results = tuple(runs[one.id].result() for one in judging)
    return CheckReport(subject=_subject(tuple(by_type.values())[-1]), results=results)


def judgeable(checks: Iterable[Check], targets: Iterable[Target]) -> tuple[Check, ...]:
    """Return the checks that have something to judge: those with a result in the report, in the same order."""
    there = tuple(targets)
    return tuple(one for one in checks if any(one.judges(target) for target in there))


def with_needs(ids: Iterable[str], checks: tuple[Check, ...]) -> tuple[Check, ...]:
    """Return the checks of these ids and those they need, in catalogue order; `UsageError` for an unknown id."""
    by_id = {one.id: one for one in checks}
    wanted = set(demand_known(ids, checks))
    waiting = list(wanted)
    while waiting:
        needs = set(by_id[waiting.pop()].needs) & set(by_id) - wanted
        wanted |= needs
        waiting.extend(needs)
    return tuple(one for one in checks if one.id in wanted)


def in_order(checks: tuple[Check, ...]) -> tuple[Check, ...]:
    """Return the checks with each one after those it needs."""
    placed: dict[str, Check] = {}
    by_id = {one.id: one for one in checks}

    def place(one: Check) -> None:
        for need in one.needs:
            if need in by_id and need not in placed:
                place(by_id[need])
        placed.setdefault(one.id, one)

    for one in checks:
        place(one)
    return tuple(placed.values())


def demand_known(ids: Iterable[str], catalogue: tuple[Check, ...]) -> frozenset[str]:
    """Return the ids; `UsageError` for one that no check has."""
    known = [one.id for one in catalogue]
    wanted = frozenset(ids)
    for name in sorted(wanted - set(known)):
        near = get_close_matches(name, known, n=1)
        raise UsageError(
            f"there is no check `{name}`", hint=f"did you mean `{near[0]}`?" if near else f"checks: {', '.join(known)}"
        )
    return wanted


def _left_out(catalogue: Iterable[Check], skipped: frozenset[str], reach: Reach) -> dict[str, str]:
    why = _UNASKED.get(reach)
    reasons = {one.id: why for one in catalogue if why and one.reads}
    return reasons | dict.fromkeys(skipped, "left out with `--skip`")


def _subject(target: Target) -> str:
    match target:
        case Machine():
            return "this machine"
        case JobInCluster() | JobOnSlurm():
            return f"job/{target.name}"
        case LiveNode() | NodeInside() | NodeOnEks():
            return f"node/{target.name}"
        case _:
            return f"cluster/{target.name}"


def _run(
    one: Check,
    target: Target,
    world: World,
    needs: Mapping[str, Future[CheckResult]],
    locate: Locate,
) -> CheckResult:
    for need, run in needs.items():
        if run.result().outcome not in (Outcome.PASS, Outcome.WARN):
            return _result(one, Outcome.SKIP, reason=f"needs `{need}`, which did not hold")
    findings: list[Finding] = []
    try:
        findings.extend(_located(found, locate) for found in one.judge(target, world))
    except HpctlError as error:
        # What was seen before counts: a failure stays one, but nothing passes half judged.
        outcome = Outcome.FAIL if _outcome(findings) is Outcome.FAIL else Outcome.UNKNOWN
        return _result(one, outcome, findings, reason=f"could not look: {error.message}", hint=_hint(error))
    return _result(one, _outcome(findings), findings)


def _outcome(findings: Iterable[Finding]) -> Outcome:
    levels = {found.level for found in findings}
    return Outcome.FAIL if "fail" in levels else Outcome.WARN if "warn" in levels else Outcome.PASS


def _result(
    one: Check,
    outcome: Outcome,
    findings: Iterable[Finding] = (),
    *,
    reason: str | None = None,
    hint: str | None = None,
) -> CheckResult:
    return CheckResult(
        id=one.id,
        title=one.title,
        outcome=outcome,
        blocking=one.blocking,
        findings=tuple(findings),
        reason=reason,
        hint=hint,
    )


def _located(found: Finding, locate: Locate) -> Finding:
    where = locate(found.path) if found.path else None
    return found.model_copy(update={"location": where}) if where else found


def _hint(error: HpctlError) -> str | None:
    if isinstance(error, AccessError) and error.action:
        return f"allow `{error.action}`, or leave the check out with `--skip`"
    return error.hint
