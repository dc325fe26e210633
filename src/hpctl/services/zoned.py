"""The times of events in the zone of whoever reads them; everything else is in UTC."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import tzinfo

from hpctl.facts.records import Event
from hpctl.report.cluster import EventListReport
from hpctl.report.progress import EventSeen, Progress


def zoned(report: EventListReport, zone: tzinfo) -> EventListReport:
    """Return the report with the times of its events in a zone."""
    return report.model_copy(update={"events": tuple(_there(event, zone) for event in report.events)})


def in_zone(steps: Iterable[Progress], zone: tzinfo) -> Iterator[Progress]:
    """Yield steps with their times, and those of events, in a zone."""
    for step in steps:
        changes: dict[str, object] = {"time": step.time.astimezone(zone)}
        if isinstance(step, EventSeen):
            changes["event"] = _there(step.event, zone)
        yield step.model_copy(update=changes)


def _there(event: Event, zone: tzinfo) -> Event:
    return replace(event, time=event.time.astimezone(zone))
