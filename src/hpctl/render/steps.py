"""Steps of progress as lines, and which of them are worth a line."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Final, assert_never

from hpctl.render.diagnoses import why_and_fix
from hpctl.render.page import Piece, Prose, Style
from hpctl.render.words import LEVELS, duration, moment
from hpctl.report.progress import EventSeen, Finished, GroupProgress, Observed, Progress, Started

HEARTBEAT_S: Final = 60.0
"""A log that says nothing for longer looks like a process that hangs."""


class Memory:
    """What was said last, so that nothing is said twice within a minute."""

    def __init__(self) -> None:
        """Nothing was said yet."""
        self._said: tuple[object, ...] | None = None
        self._said_at_s = 0.0

    def is_news(self, step: Progress) -> bool:
        """Whether `step` tells what was not said before, or a minute has passed; remembers it, if so."""
        if not isinstance(step, Observed):
            return True
        seen = (step.status, step.groups, step.waiting_for)
        if seen == self._said and step.elapsed_s - self._said_at_s < HEARTBEAT_S:
            return False
        self._said, self._said_at_s = seen, step.elapsed_s
        return True


Stamp = Callable[[datetime], str]
"""How a time is written before a line."""


def pieces_of(step: Progress, stamp: Stamp = moment) -> Iterator[Piece]:
    """Yield one line for a step, and cause and remedy under an event that is a known failure."""
    time = stamp(step.time)
    match step:
        case Started():
            verb = {"create": "creating", "delete": "deleting"}[step.verb]
            yield Prose(f"{verb} cluster `{step.cluster}`{f' ({step.arn})' if step.arn else ''}", lead=time)
        case Observed():
            yield Prose(sentence(step), lead=time)
        case EventSeen():
            yield from _event(step, stamp)
        case Finished():
            yield Prose(finished(step), lead=time)
        case _:
            assert_never(step)


def sentence(step: Observed) -> str:
    """Return what is seen now in one line."""
    groups = ", ".join(count(group) for group in step.groups)
    waiting = f"waiting for {step.waiting_for}" if step.waiting_for else ""
    return "; ".join(filter(None, (f"{step.status} ({duration(step.elapsed_s)})", groups, waiting)))


def finished(step: Finished) -> str:
    """Return how it ended, and how long that took."""
    return f"cluster `{step.cluster}`: {step.status}, after {duration(step.elapsed_s)}"


def count(group: GroupProgress) -> str:
    """Return `workers 3/4`."""
    return f"{group.name} {group.current_count}/{group.target_count}"


def _event(step: EventSeen, stamp: Stamp) -> Iterator[Piece]:
    event = step.event
    said = ": ".join(filter(None, (event.description, event.failure_message)))
    where = ", ".join(part for part in (event.instance_group, event.node_id) if part and part not in said)
    yield Prose(
        f"{where}: {said}" if where else said,
        lead=f"{stamp(event.time)} {event.level}:",
        style=LEVELS.get(event.level, Style.PLAIN),
    )
    if step.diagnosis is not None:
        yield from why_and_fix(step.diagnosis.cause, step.diagnosis.remedy, indent=4)
