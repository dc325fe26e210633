"""Cluster events: each told once, paired ones as one, known failures with cause and remedy."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from hpctl import timeouts
from hpctl.errors import AccessError, NotFoundError, RefusedError
from hpctl.facts.ports import Clusters
from hpctl.facts.records import Cluster, Event
from hpctl.report.cluster import Diagnosis, EventListReport
from hpctl.services.diagnose import diagnose_event, is_noise

ERROR = "Error"

News = tuple[tuple[Event, Diagnosis | None], ...]
"""Events, errors among them with what they mean."""


class EventFeed:
    """Events of a cluster that were not told before."""

    def __init__(self, clusters: Clusters) -> None:
        """Start with nothing told."""
        self._clusters = clusters
        self._told: set[str] = set()
        self._since: datetime | None = None
        self.refused: AccessError | None = None

    def new(self, cluster: Cluster) -> News:
        """Return what happened since the last call, oldest first, without what a growing cluster always says.

        Nothing for clusters that publish no events, and for callers who may not read them: `refused` says so then.
        """
        if not cluster.continuous or self.refused:
            return ()
        try:
            return self._news(cluster)
        except AccessError as error:
            self.refused = error
            return ()

    def _news(self, cluster: Cluster) -> News:
        newest_first = tuple(self._clusters.events(cluster.name, since=self._since))
        # Those told already are collapsed too: the two events of one fault may come in two looks.
        fresh = (event for event in collapse(reversed(newest_first)) if event.event_id not in self._told)
        telling = (event for event in in_full(cluster.name, fresh, self._clusters) if not is_noise(event))
        news = tuple((event, diagnose_event(event, cluster)) for event in telling)
        # Only now: when asking failed half-way, the next call tells all of it.
        self._told.update(event.event_id for event in newest_first)
        if newest_first:
            self._since = newest_first[0].time - timedelta(seconds=timeouts.EVENTS_OVERLAP_S)
        return news


def list_events(name: str, clusters: Clusters) -> EventListReport:
    """Return the events of a cluster, oldest first, with what the known failures among them mean.

    Raises `RefusedError` for a cluster that publishes none, and says why.
    """
    cluster = clusters.describe(name)
    try:
        newest_first = list(clusters.events(name))
    except RefusedError as error:
        if cluster.continuous:
            raise
        cause = "the cluster was created without `node_provisioning: Continuous`, and only with it are there events"
        hint = f"hpctl cluster describe {name}"
        raise RefusedError(error.message, aws_code=error.aws_code, cause=cause, hint=hint) from error
    events = tuple(in_full(name, collapse(reversed(newest_first)), clusters))
    diagnoses = (diagnose_event(event, cluster) for event in events)
    unique = dict.fromkeys(one for one in diagnoses if one)
    return EventListReport(cluster=name, events=events, diagnoses=tuple(unique))


def collapse(events: Iterable[Event]) -> Iterator[Event]:
    """Yield events, the second of two errors that tell of one fault left out."""
    last: dict[tuple[str | None, str | None], Event] = {}
    near = timedelta(seconds=timeouts.PAIRED_EVENTS_S)
    for event in events:
        if event.level == ERROR:
            place = (event.instance_group, event.node_id)
            before = last.get(place)
            last[place] = event
            if before is not None and event.time - before.time <= near:
                continue
        yield event


def in_full(name: str, events: Iterable[Event], clusters: Clusters) -> Iterator[Event]:
    """Yield events, errors with the failure message that only DescribeClusterEvent tells."""
    for event in events:
        yield _in_full(name, event, clusters) if event.level == ERROR else event


def _in_full(name: str, event: Event, clusters: Clusters) -> Event:
    try:
        return clusters.event(name, event.event_id)
    except NotFoundError:  # AWS keeps events for a while only; what the list told is better than nothing
        return event
