"""Cluster events: each told once, paired ones as one, known failures with cause and remedy."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from hpctl import timeouts
from hpctl.errors import AccessError, NotFoundError, RefusedError
from hpctl.facts.incidents import ERROR, collapse
from hpctl.facts.ports import Clusters, Ports
from hpctl.facts.records import Cluster, Event
from hpctl.report.cluster import Diagnosis, EventListReport
from hpctl.services.diagnose import diagnose_event, is_noise
from hpctl.services.history import DERIVED, history, operations, snapshot

IN_FULL = 100
"""Errors of one listing that are asked for in full, the newest: each is a call of its own."""

_AT_ONCE = 8

News = tuple[tuple[Event, Diagnosis | None], ...]
"""Events, errors among them with what they mean."""


@dataclass(frozen=True)
class Selection:
    """Which events are wanted: all of them, unless something is said."""

    since: datetime | None = None
    instance_group: str | None = None
    node_id: str | None = None

    def takes(self, event: Event) -> bool:
        """Whether the event is among the selected ones."""
        return (
            (self.since is None or event.time > self.since)
            and self.instance_group in (None, event.instance_group)
            and self.node_id in (None, event.node_id)
        )


def telling(event: Event) -> bool:
    """Whether a waiter tells of an event: not what a growing cluster always says."""
    return not is_noise(event)


class EventFeed:
    """Events of a cluster that were not told before."""

    def __init__(
        self, clusters: Clusters, selection: Selection | None = None, wanted: Callable[[Event], bool] = telling
    ) -> None:
        """Start with nothing told; of the selected events those that are `wanted` are."""
        self._clusters = clusters
        self._selection = selection or Selection()
        self._wanted = wanted
        self._told: set[str] = set()
        self._since = self._selection.since
        self.refused: AccessError | RefusedError | None = None

    def new(self, cluster: Cluster) -> News:
        """Return what happened since the last call, oldest first.

        Nothing for clusters that publish no events, and where they cannot be read: `refused` says why then.
        """
        if not cluster.continuous or self.refused:
            return ()
        try:
            return self._news(cluster)
        except (AccessError, RefusedError) as error:
            self.refused = error
            return ()

    def _news(self, cluster: Cluster) -> News:
        newest_first = tuple(select(cluster.arn, self._clusters, self._selection, self._since))
        # Those told already are collapsed too: the two events of one fault may come in two looks.
        fresh = (event for event in collapse(reversed(newest_first)) if event.event_id not in self._told)
        wanted = filter(self._wanted, in_full(cluster.arn, fresh, self._clusters))
        news = tuple((event, diagnose_event(event, cluster)) for event in wanted)
        # Only now: when asking failed half-way, the next call tells all of it.
        self._told.update(event.event_id for event in newest_first)
        if newest_first:
            again = newest_first[0].time - timedelta(seconds=timeouts.EVENTS_OVERLAP_S)
            self._since = max(filter(None, (again, self._selection.since)))
        return news


def select(arn: str, clusters: Clusters, selection: Selection, since: datetime | None) -> Iterator[Event]:
    """Yield the selected events of a cluster after `since`, newest first."""
    return clusters.events(arn, since=since, instance_group=selection.instance_group, node_id=selection.node_id)


def in_full(name: str, events: Iterable[Event], clusters: Clusters) -> Iterator[Event]:
    """Yield events, the newest errors with the failure message that only DescribeClusterEvent tells."""
    listed = tuple(events)
    errors = [event for event in listed if event.level == ERROR][-IN_FULL:]
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="events") as pool:
        told = pool.map(lambda event: _in_full(name, event, clusters), errors)
        full = {event.event_id: event for event in told}
    for event in listed:
        yield full.get(event.event_id, event)


def _in_full(name: str, event: Event, clusters: Clusters) -> Event:
    try:
        return clusters.event(name, event.event_id)
    except NotFoundError:  # AWS keeps events for a while only; what the list told is better than nothing
        return event


def list_events(name: str, ports: Ports, selection: Selection) -> EventListReport:
    """Return the selected events of a cluster, oldest first, with what the known failures among them mean.

    Of a cluster that publishes none, what its statuses and times tell instead, with a note. Raises `NotFoundError`
    when there is no such cluster, no such node, or neither such a group nor events of it.
    """
    cluster = ports.clusters.describe(name)
    wanted = resolved(name, selection, ports.clusters)
    if cluster.continuous:
        newest_first = select(cluster.arn, ports.clusters, wanted, wanted.since)
        events = tuple(in_full(cluster.arn, collapse(reversed(tuple(newest_first))), ports.clusters))
    else:
        events = tuple(filter(wanted.takes, history(snapshot(cluster, ports), operations(cluster, ports.clusters))))
    demand_group(cluster, selection, events)
    return _report(cluster, selection, events)


def _report(cluster: Cluster, selection: Selection, events: tuple[Event, ...]) -> EventListReport:
    diagnoses = (diagnose_event(event, cluster) for event in events)
    return EventListReport(
        cluster=cluster.name,
        since=selection.since,
        instance_group=selection.instance_group,
        node_id=selection.node_id,
        note=None if cluster.continuous else DERIVED,
        events=events,
        diagnoses=tuple(dict.fromkeys(one for one in diagnoses if one)),
    )


def resolved(name: str, selection: Selection, clusters: Clusters) -> Selection:
    """Return the selection with its node by instance id, which is all that events know nodes by."""
    if selection.node_id is None or selection.node_id.startswith("i-"):
        return selection
    return replace(selection, node_id=clusters.node(name, selection.node_id).node_id)


def demand_group(cluster: Cluster, selection: Selection, events: Collection[object]) -> None:
    """Raise `NotFoundError` for a group that the cluster has not, unless there are events of it from earlier."""
    names = [group.name for group in cluster.instance_groups]
    if selection.instance_group is None or selection.instance_group in names or events:
        return
    raise NotFoundError(
        f"cluster `{cluster.name}` has no instance group `{selection.instance_group}`, and no events of one",
        hint="\n".join(f"--group {name}" for name in names) or None,
    )
