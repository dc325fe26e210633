"""Follow what happens to a cluster, without an end of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from hpctl import timeouts
from hpctl.errors import NotFoundError
from hpctl.facts.ports import Ports
from hpctl.facts.records import Cluster
from hpctl.report.progress import EventSeen, Progress, Remarked
from hpctl.services.diagnose import diagnose_event
from hpctl.services.events import EventFeed, News, Selection, demand_group, resolved
from hpctl.services.history import DERIVED, Snapshot, history, operations, snapshot, transitions
from hpctl.services.polling import Lookout, finished, rhythm


def follow_events(name: str, ports: Ports, selection: Selection, *, resume: str) -> Iterator[Progress]:
    """Yield the selected events of a cluster and then new ones as they come, until the cluster is gone.

    Of a cluster that publishes none, what its statuses tell, and their transitions. An API that is down for some
    minutes is borne and said. Raises `NotFoundError` when there is no such cluster, node or group to begin with.
    """
    cluster = ports.clusters.describe(name)
    wanted = resolved(name, selection, ports.clusters)
    new = _published(cluster, ports, wanted) if cluster.continuous else _Derived(cluster, ports, wanted).new
    lookout = Lookout(resume, patience=timeouts.FOLLOW_MISSED)
    start, first = ports.clock.now(), True
    if not cluster.continuous:
        yield Remarked(time=start, message=DERIVED)
    for pause in rhythm(ports.clock):
        try:
            news = lookout.look(new)
        except NotFoundError:
            elapsed_s = (ports.clock.now() - start).total_seconds()
            yield finished("Deleted", cluster.name, ports.clock, elapsed_s)
            return
        if lookout.missed == 1:
            yield Remarked(
                time=ports.clock.now(), message="AWS does not answer; nothing is lost, the next look tells all"
            )
        if news is not None:
            if first:
                demand_group(cluster, selection, news)
            first = False
            yield from (EventSeen(time=ports.clock.now(), event=event, diagnosis=why) for event, why in news)
        ports.clock.sleep(pause)


def _published(cluster: Cluster, ports: Ports, selection: Selection) -> Callable[[], News]:
    feed = EventFeed(ports.clusters, selection, wanted=lambda _event: True)

    def new() -> News:
        news = feed.new(cluster)
        if feed.refused:
            raise feed.refused
        return news

    return new


class _Derived:
    """The history of a cluster, then its transitions."""

    def __init__(self, cluster: Cluster, ports: Ports, selection: Selection) -> None:
        """Nothing was told yet."""
        self._arn = cluster.arn
        self._ports = ports
        self._selection = selection
        self._seen: Snapshot | None = None

    def new(self) -> News:
        """Return what was not told yet; `NotFoundError` when the cluster is gone."""
        clusters = self._ports.clusters
        now = snapshot(clusters.describe(self._arn), self._ports)
        events = history(now, operations(now.cluster, clusters)) if self._seen is None else transitions(self._seen, now)
        told = tuple((event, diagnose_event(event, now.cluster)) for event in events if self._selection.takes(event))
        self._seen = now
        return told
