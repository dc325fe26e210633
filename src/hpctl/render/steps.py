"""Steps of progress as lines, and which of them are worth a line."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Final, assert_never

from hpctl.render.diagnoses import why_and_fix
from hpctl.render.page import Piece, Prose, Style
from hpctl.render.words import LEVELS, duration, moment
from hpctl.report.progress import (
    EventSeen,
    Finished,
    GroupProgress,
    Observed,
    OperationSeen,
    Progress,
    Remarked,
    Started,
)

HEARTBEAT_S: Final = 60.0
"""A log that says nothing for longer looks like a process that hangs."""

APART_S: Final = 10.0
"""Status lines come no closer, however fast the status changes; the next one tells where things have got to."""

_DOING: Final[Mapping[str, str]] = {
    "create": "creating cluster",
    "update": "updating cluster",
    "update-software": "updating the software of cluster",
    "tag": "setting tags of cluster",
    "untag": "removing tags of cluster",
    "delete": "deleting cluster",
    "reboot": "rebooting nodes of cluster",
    "replace": "replacing nodes of cluster",
}

Stamp = Callable[[datetime], str]
"""How a time is written before a line."""


class Narrator:
    """Tells steps as lines; what was said is not said again: a state within a minute, a known cause ever."""

    def __init__(self, stamp: Stamp = moment) -> None:
        """Nothing was said yet."""
        self._stamp = stamp
        self._said: tuple[object, ...] | None = None
        self._said_at_s = 0.0
        self._explained: set[tuple[str | None, str | None]] = set()

    def tell(self, step: Progress) -> Iterator[Piece]:
        """Yield the line of a step, and cause and remedy under an event that is a known failure."""
        time = self._stamp(step.time)
        match step:
            case Started():
                arn = f" ({step.arn})" if step.arn else ""
                yield Prose(step.does or f"{_DOING[step.verb]} `{step.cluster}`{arn}", lead=time)
            case Observed():
                if self._is_news(step):
                    yield Prose(sentence(step), lead=time)
            case EventSeen():
                yield self._event(step)
                yield from self._why(step)
            case OperationSeen():
                yield Prose(operation(step), lead=time)
            case Remarked():
                yield Prose(step.message, lead=f"{time} note:")
                yield from why_and_fix(step.cause, step.hint, indent=4)
            case Finished():
                yield Prose(f"cluster `{step.cluster}`: {step.status}, after {duration(step.elapsed_s)}", lead=time)
            case _:
                assert_never(step)

    def _is_news(self, step: Observed) -> bool:
        seen = (step.status, step.groups, step.waiting_for)
        quiet_s = HEARTBEAT_S if seen == self._said else APART_S
        if self._said and step.elapsed_s - self._said_at_s < quiet_s:
            return False
        self._said, self._said_at_s = seen, step.elapsed_s
        return True

    def _event(self, step: EventSeen) -> Piece:
        event = step.event
        said = ": ".join(filter(None, (event.description, event.failure_message)))
        where = ", ".join(part for part in (event.instance_group, event.node_id) if part and part not in said)
        return Prose(
            f"{where}: {said}" if where else said,
            lead=f"{self._stamp(event.time)} {event.level}:",
            style=LEVELS.get(event.level, Style.PLAIN),
        )

    def _why(self, step: EventSeen) -> Iterator[Piece]:
        why = (step.diagnosis.cause, step.diagnosis.remedy) if step.diagnosis else (None, None)
        if why in self._explained and any(why):
            yield Prose("cause and fix: see above", indent=4)
        else:
            self._explained.add(why)
            yield from why_and_fix(*why, indent=4)


def operation(step: OperationSeen) -> str:
    """Return what an operation does, and how far it is: `operation 0d6f… Scaling: workers 2 -> 4 (InProgress)`."""
    seen = step.operation
    changes = ", ".join(f"{one.instance_group} {one.original_count} -> {one.target_count}" for one in seen.scalings)
    return f"operation {seen.operation_id} {seen.type}{f': {changes}' if changes else ''} ({seen.status})"


def sentence(step: Observed) -> str:
    """Return what is seen now in one line."""
    groups = ", ".join(count(group) for group in step.groups)
    waiting = f"waiting for {step.waiting_for}" if step.waiting_for else ""
    return "; ".join(filter(None, (f"{step.status} ({duration(step.elapsed_s)})", groups, waiting)))


def count(group: GroupProgress) -> str:
    """Return `workers 3/4`."""
    return f"{group.name} {group.current_count}/{group.target_count}"
