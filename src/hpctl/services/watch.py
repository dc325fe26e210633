"""One look at a cluster with everything that tells of it: status, events, operations."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from hpctl.facts.ports import Ports
from hpctl.facts.records import Cluster, Operation
from hpctl.report.cluster import Diagnosis
from hpctl.report.progress import EventSeen, OperationSeen, Progress, Remarked
from hpctl.services.events import EventFeed, News
from hpctl.services.operations import OperationFeed
from hpctl.services.polling import Lookout, Waiting

_NO_EVENTS = "the cluster's events cannot be read; statuses and counts are followed without them"
_NO_OPERATIONS = "the cluster's operations cannot be read; its counts alone decide"


@dataclass(frozen=True)
class Sight:
    """What was seen in one look."""

    cluster: Cluster
    news: News
    operations: tuple[Operation, ...] = ()

    def diagnoses(self, groups: frozenset[str] = frozenset()) -> list[Diagnosis]:
        """Return what the errors mean that are about one of `groups` or about no group; about any without `groups`."""
        return [why for event, why in self.news if why and (not groups or event.instance_group in (None, *groups))]


class Watch:
    """Looks at a cluster again and again, and tells what was not told before."""

    def __init__(
        self, waiting: Waiting, ports: Ports, events: EventFeed, operations: OperationFeed | None = None
    ) -> None:
        """Watch the events, and the operations if they are of interest."""
        self._waiting = waiting
        self._ports = ports
        self._events = events
        self._operations = operations
        self._lookout = Lookout(waiting.resume)
        self._confessed: set[str] = set()
        self._news: News = ()
        self._worked: tuple[Operation, ...] = ()

    def look(self) -> Sight | None:
        """Return what is seen, or None when AWS does not answer this time; raises when that lasts."""
        return self._lookout.look(self._look)

    def _look(self) -> Sight:
        cluster = self._ports.clusters.describe(self._waiting.asked)
        # Kept until a look succeeds as a whole: what one feed has told, it does not tell again.
        self._news += self._events.new(cluster)
        self._worked += self._operations.new(cluster) if self._operations else ()
        sight = Sight(cluster, self._news, self._worked)
        self._news, self._worked = (), ()
        return sight

    def steps(self, sight: Sight) -> Iterator[Progress]:
        """Yield what cannot be seen, once, and then what is new."""
        now = self._ports.clock.now()
        if self._events.refused:
            yield from self._confess(_NO_EVENTS, self._events.refused.hint)
        if self._operations and self._operations.refused:
            yield from self._confess(_NO_OPERATIONS, self._operations.refused.hint)
        yield from (OperationSeen(time=now, operation=operation) for operation in sight.operations)
        yield from (EventSeen(time=now, event=event, diagnosis=why) for event, why in sight.news)

    def _confess(self, blindness: str, hint: str | None) -> Iterator[Remarked]:
        if blindness not in self._confessed:
            self._confessed.add(blindness)
            yield Remarked(time=self._ports.clock.now(), message=blindness, hint=hint)
