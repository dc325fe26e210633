"""Events that say the same of many nodes, told once: a group of 500 must not scroll 3,000 lines by."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from hpctl.report.progress import EventSeen, Progress

_NODE_ID = re.compile(r"\bi-[0-9a-f]{8,17}\b")

_Key = tuple[str, str | None, str, str | None]


def gathered(steps: Iterable[Progress]) -> Iterator[Progress]:
    """Yield the steps, of events between two looks that differ in the node alone only the first, with a count."""
    waiting: dict[_Key, list[EventSeen]] = {}
    for step in steps:
        if isinstance(step, EventSeen):
            waiting.setdefault(_key(step), []).append(step)
            continue
        yield from _told(waiting)
        waiting.clear()
        yield step
    yield from _told(waiting)


def _key(step: EventSeen) -> _Key:
    event = step.event
    said = f"{event.description}\n{event.failure_message or ''}"
    cause = step.diagnosis.cause if step.diagnosis else None
    return event.level, event.instance_group, _NODE_ID.sub("i-*", said), cause


def _told(waiting: dict[_Key, list[EventSeen]]) -> Iterator[EventSeen]:
    for first, *others in waiting.values():
        event = first.event
        said = f"{event.description} (and {len(others)} more)" if others else event.description
        yield first.model_copy(update={"event": replace(event, description=said)})
