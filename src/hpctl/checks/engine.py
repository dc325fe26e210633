"""Run checks: each once, after what it needs, beside what it does not; never mistake silence for a pass."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from difflib import get_close_matches

from hpctl.checks.declare import Check
from hpctl.errors import AccessError, HpctlError, UsageError
from hpctl.facts.world import World
from hpctl.report.check import CheckReport, CheckResult, Finding
from hpctl.spec.cluster import ClusterSpec
from hpctl.terms import Outcome

WORKERS = 8
"""Checks that may wait for AWS at the same time."""

Observer = Callable[[CheckResult], None]
Locate = Callable[[tuple[str | int, ...]], str | None]


def run_checks(
    checks: Iterable[Check],
    spec: ClusterSpec,
    world: World,
    *,
    skip: Iterable[str] = (),
    locate: Locate = lambda _path: None,
    observe: Observer = lambda _result: None,
) -> CheckReport:
    """Run `checks` on a spec and return every result in catalogue order.

    `skip` names checks not to run (`UsageError` for an id that does not exist), `locate` turns a spec path into
    `file:line:column`, `observe` receives each result as it comes, in the caller's own thread.
    """
    catalogue = tuple(checks)
    skipped = _known(skip, catalogue)
    runs: dict[str, Future[CheckResult]] = {}
    with ThreadPoolExecutor(WORKERS, thread_name_prefix="check") as pool:
        # Submitted after what they need, so that a check only ever waits for one that has a thread already.
        for one in in_order(catalogue):
            needs = {need: runs[need] for need in one.needs if need in runs and need not in skipped}
            runs[one.id] = pool.submit(_run, one, spec, world, needs, one.id in skipped, locate)
        for run in as_completed(runs.values()):
            observe(run.result())
    results = tuple(runs[one.id].result() for one in catalogue)
    return CheckReport(subject=f"cluster/{spec.name}", results=results)


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


def _known(skip: Iterable[str], catalogue: tuple[Check, ...]) -> frozenset[str]:
    ids = [one.id for one in catalogue]
    wanted = frozenset(skip)
    for name in sorted(wanted - set(ids)):
        near = get_close_matches(name, ids, n=1)
        raise UsageError(
            f"there is no check `{name}`", hint=f"did you mean `{near[0]}`?" if near else f"checks: {', '.join(ids)}"
        )
    return wanted


def _run(
    one: Check,
    spec: ClusterSpec,
    world: World,
    needs: Mapping[str, Future[CheckResult]],
    skipped: bool,  # noqa: FBT001  an argument of the pool, not of a caller
    locate: Locate,
) -> CheckResult:
    if skipped:
        return _result(one, Outcome.SKIP, reason="left out with `--skip`")
    for need, run in needs.items():
        if run.result().outcome not in (Outcome.PASS, Outcome.WARN):
            return _result(one, Outcome.SKIP, reason=f"needs `{need}`, which did not hold")
    findings: list[Finding] = []
    try:
        findings.extend(_located(found, locate) for found in one.judge(spec, world))
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
