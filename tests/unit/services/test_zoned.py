"""Events in the zone of whoever reads them: the same moments."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from hpctl.report.cluster import EventListReport
from hpctl.report.progress import EventSeen, Remarked
from hpctl.services.zoned import in_zone, zoned
from tests.unit.builders import NOW, an_event

THERE = ZoneInfo("Asia/Kolkata")


def test_the_events_of_a_report_are_at_the_same_moments_there() -> None:
    event = an_event("1")
    (moved,) = zoned(EventListReport(cluster="a", events=(event,)), THERE).events
    assert (moved.time, moved.time.tzinfo, moved.event_id) == (event.time, THERE, event.event_id)


def test_steps_and_the_events_in_them_are_there_too() -> None:
    steps = (EventSeen(time=NOW, event=an_event("1")), Remarked(time=NOW, message="well"))
    seen, said = in_zone(steps, THERE)
    assert (seen.time.tzinfo, said.time.tzinfo, seen.time) == (THERE, THERE, NOW)
    assert isinstance(seen, EventSeen)
    assert seen.event.time.tzinfo is THERE
