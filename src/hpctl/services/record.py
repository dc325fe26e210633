"""Write down how a run ended, and say at an early end where it stands."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Final

from hpctl.errors import (
    ClusterFailedError,
    HpctlError,
    InterruptedWaitError,
    StateError,
    Terminated,
    TerminatedWaitError,
)
from hpctl.facts.ports import Ports
from hpctl.plan.journal import Purpose, Run, close, key_of, run_of
from hpctl.report.plan import PlanReport
from hpctl.report.progress import Progress, Remarked

_LOOK: Final = "to see where it stands: "
_UNTOUCHED: Final = "stopped before anything was changed"


def recorded(steps: Iterable[Progress], plan: PlanReport, purpose: Purpose, ports: Ports) -> Iterator[Progress]:
    """Yield the steps and write into the journal that the run is over when they end, or when the cluster failed.

    What ends them otherwise (time, a signal, an outage) leaves the run unfinished: the same command goes on with it.
    """
    try:
        yield from steps
    except ClusterFailedError as error:
        with suppress(StateError):  # the failure says more
            if _open_run(plan, ports):
                close(plan, purpose, ports, error)
        raise
    try:
        if _open_run(plan, ports):
            close(plan, purpose, ports)
    except StateError as error:
        message = f"that this is done cannot be written down; the next command may speak of it again: {error.message}"
        yield Remarked(time=ports.clock.now(), message=message, hint=error.hint)


def _open_run(plan: PlanReport, ports: Ports) -> Run | None:
    run = run_of(plan.run_id, ports.state.lines(key_of(plan.identity, plan.cluster)))
    return run if run and run.unfinished else None


def farewell(
    end: KeyboardInterrupt, plan: PlanReport, ports: Ports, *, resume: str, cancel: str | None
) -> InterruptedWaitError:
    """Return what to say when Ctrl-C or SIGTERM ends a run: where it stands, how to go on and how to cancel."""
    kind = TerminatedWaitError if isinstance(end, Terminated) else InterruptedWaitError
    behind = end.__context__
    cause = behind.message if isinstance(behind, HpctlError) else None
    message, hints = _standing(plan, ports, resume)
    if plan.state == "around":  # the cluster itself, if there is one, says nothing of it
        hints = [hint for hint in hints if not hint.startswith(_LOOK)]
    if cancel and message != _UNTOUCHED:
        hints.append(f"to cancel: {cancel}")
    return kind(message, cause=cause, hint="\n".join(hints))


def _standing(plan: PlanReport, ports: Ports, resume: str) -> tuple[str, list[str]]:
    look = f"{_LOOK}hpctl cluster describe {plan.cluster}"
    try:
        run = run_of(plan.run_id, ports.state.lines(key_of(plan.identity, plan.cluster)))
    except StateError as error:
        return f"stopped; how far it came cannot be read: {error.message}", [look, f"to go on: {resume}"]
    effects = _effects(plan, run) if run else 0
    if run and run.under_way:
        return f"left at once; `{run.under_way}` may have reached AWS or not", [
            look,
            f"to find out and go on: {resume}",
        ]
    if effects >= len(plan.actions):
        return "stopped waiting; AWS goes on working", [f"to go on waiting: {resume}"]
    if effects:
        message = f"stopped after {effects} of {len(plan.actions)} steps; AWS goes on working on those"
        return message, [look, f"to do the rest: {resume}"]
    return _UNTOUCHED, [f"to begin again: {resume}"]


def _effects(plan: PlanReport, run: Run) -> int:
    """Count what AWS took of the plan; one that mends is made anew each time, without what an earlier one did."""
    return sum(map(run.had_effect, plan.actions)) if plan.state == "around" else run.effects
