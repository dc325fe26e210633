"""Carry out a plan: the only place that changes anything at AWS.

Each action is written down before it is sent and after AWS took it, in one step that a first Ctrl-C lets end. So
whatever ends the process, the journal and the account together tell how far it came.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from datetime import timedelta
from typing import Final

from hpctl import timeouts
from hpctl.errors import HpctlError
from hpctl.facts.ports import Ports
from hpctl.plan.journal import Journal, key_of, run_of
from hpctl.plan.send import NotYet, Sent, is_at_work, send
from hpctl.report.action import Action
from hpctl.report.plan import PlanReport
from hpctl.report.progress import Progress, Remarked, Started

_RECENT: Final = timedelta(seconds=timeouts.NODE_WAIT_S)
"""So long a reboot or a replacement that was begun is gone on with; after that, the same command is a new wish."""

_UNWRITTEN: Final = "what was done cannot be written down; the tags in the account tell it all the same"


def apply(plan: PlanReport, ports: Ports) -> Iterator[Progress]:
    """Send every action of `plan` in order and yield a step for each.

    Raises `ConflictError` when a cluster that is not this run's has taken the name meanwhile, or is busy, and
    `StateError` when the journal cannot be written before anything was done.
    """
    journal = Journal(plan, ports)
    for action in plan.actions:
        sent = Sent(plan.arn) if _is_done(action, plan, ports) else (yield from _carry_out(action, journal, ports))
        now, does = ports.clock.now(), action.does
        yield Started(time=now, verb=action.verb, cluster=plan.cluster, arn=sent.arn, does=does, refused=sent.refused)


def _is_done(action: Action, plan: PlanReport, ports: Ports) -> bool:
    """Whether an earlier command of this run has it done: a second time would wipe nodes again, or reboot them."""
    if action.verb not in ("update-software", "reboot", "replace"):
        return False
    run = run_of(plan.run_id, ports.state.lines(key_of(plan.identity, plan.cluster)))
    if run is None:
        return False
    if action.verb != "update-software":
        return run.had_effect(action) and ports.clock.now() - run.began < _RECENT
    return run.had_effect(action) or (run.intended(action) and is_at_work(action, ports.clusters))


def _carry_out(action: Action, journal: Journal, ports: Ports) -> Generator[Progress, None, Sent]:
    """Return what AWS answered; tries again what AWS refuses only for now."""
    tries, said = 1, None
    while isinstance(answer := _step(action, journal, ports, tries), NotYet):
        yield from _unwritten(journal, ports)
        if answer.why != said:
            said = answer.why
            yield Remarked(time=ports.clock.now(), message=f"{said}; hpctl tries again for a minute")
        ports.clock.sleep(timeouts.AGAIN_S)
        tries += 1
    yield from _unwritten(journal, ports)
    return answer


def _step(action: Action, journal: Journal, ports: Ports, tries: int) -> Sent | NotYet:
    with ports.signals.held_back():
        journal.intent(action)
        try:
            answer = send(action, ports)
            if isinstance(answer, NotYet) and tries > timeouts.AGAIN_TIMES:
                raise answer.error
        except HpctlError as error:
            journal.failed(action, error)
            raise
        if isinstance(answer, Sent):
            journal.effect(action, answer.arn)
        return answer


def _unwritten(journal: Journal, ports: Ports) -> Iterator[Remarked]:
    for error in journal.unwritten():
        yield Remarked(time=ports.clock.now(), message=f"{_UNWRITTEN}: {error.message}", hint=error.hint)
