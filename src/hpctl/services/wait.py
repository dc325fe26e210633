"""Follow a cluster until it is what was wanted, telling what is seen on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

from hpctl import timeouts
from hpctl.errors import AccessError, ClusterFailedError, NotFoundError, UnavailableError, WaitTimeoutError
from hpctl.facts.ports import Clock, Ports
from hpctl.facts.records import Cluster
from hpctl.report.progress import EventSeen, Finished, GroupProgress, Observed, Progress, Remarked
from hpctl.services.diagnose import diagnose_failure
from hpctl.services.events import EventFeed, News
from hpctl.terms import ClusterStatus

T = TypeVar("T")

_BLIND = "the cluster's events cannot be read; statuses and counts are followed without them"


@dataclass(frozen=True)
class Waiting:
    """How long to wait for which cluster, and the command that takes up the waiting again."""

    cluster: str
    timeout_s: float
    resume: str


def until_in_service(waiting: Waiting, ports: Ports) -> Iterator[Progress]:
    """Yield steps until the cluster is InService with as many nodes as asked for.

    Raises `ClusterFailedError` when it fails or cannot succeed any more, `WaitTimeoutError` when time runs out.
    """
    feed = EventFeed(ports.clusters)
    lookout = Lookout(waiting)
    sighted = True
    for elapsed_s in polls(waiting, ports.clock, late="not there yet"):
        try:
            seen = lookout.look(lambda: _with_news(ports.clusters.describe(waiting.cluster), feed))
        except NotFoundError:
            if elapsed_s > timeouts.VISIBLE_S:
                raise
            continue
        if seen is None:
            continue
        cluster, news = seen
        if feed.refused and sighted:
            sighted = False
            yield Remarked(time=ports.clock.now(), message=_BLIND, hint=feed.refused.hint)
        yield from (EventSeen(time=ports.clock.now(), event=event, diagnosis=why) for event, why in news)
        yield observed(cluster, ports.clock, elapsed_s, missing(cluster))
        if not missing(cluster):
            # Before any failure: an old event says nothing about a cluster that made it.
            yield _finished(cluster.status, waiting, ports.clock, elapsed_s)
            return
        if failure := diagnose_failure(cluster, [why for _event, why in news if why]):
            message = f"cluster `{cluster.name}` cannot get into service: {failure.message}"
            raise ClusterFailedError(message, cause=failure.cause, hint=failure.remedy)


def _with_news(cluster: Cluster, feed: EventFeed) -> tuple[Cluster, News]:
    return cluster, feed.new(cluster)


def until_gone(waiting: Waiting, ports: Ports) -> Iterator[Progress]:
    """Yield steps until the cluster does not exist any more.

    Raises `ClusterFailedError` when deleting fails, `WaitTimeoutError` when time runs out.
    """
    lookout = Lookout(waiting)
    going = False
    for elapsed_s in polls(waiting, ports.clock, late="still there"):
        try:
            cluster = lookout.look(lambda: ports.clusters.describe(waiting.cluster))
        except NotFoundError:
            yield _finished("Deleted", waiting, ports.clock, elapsed_s)
            return
        if cluster is None:
            continue
        nodes = sum(group.current_count for group in cluster.instance_groups)
        waiting_for = f"{nodes} nodes to end" if nodes else "the cluster to disappear"
        yield observed(cluster, ports.clock, elapsed_s, waiting_for)
        going = going or cluster.status == ClusterStatus.DELETING
        # A cluster that had failed before may say so for a moment after its deletion began.
        if cluster.status == ClusterStatus.FAILED and (going or elapsed_s > timeouts.VISIBLE_S):
            raise ClusterFailedError(
                f"deleting cluster `{cluster.name}` failed: {cluster.failure_message or 'AWS gives no reason'}",
                hint=f"to try again: {waiting.resume}",
            )


class Lookout:
    """Eyes that forgive a few blinks: an API that is down for a moment."""

    def __init__(self, waiting: Waiting) -> None:
        """Start with nothing missed."""
        self._go_on = f"to go on waiting: {waiting.resume}"
        self._missed = 0

    def look(self, ask: Callable[[], T]) -> T | None:
        """Return what `ask` answers, or None when AWS does not this time; raises when that lasts."""
        try:
            answer = ask()
        except UnavailableError as error:
            self._missed += 1
            if self._missed >= timeouts.LOOKS_MISSED:
                raise UnavailableError(error.message, hint=self._go_on) from error
            return None
        except AccessError as error:
            hint = f"{error.hint}\n{self._go_on}" if error.hint else self._go_on
            raise AccessError(error.message, action=error.action, hint=hint) from error
        self._missed = 0
        return answer


def polls(waiting: Waiting, clock: Clock, *, late: str) -> Iterator[float]:
    """Yield the seconds since the start, then wait a little longer than before, until time runs out.

    `late` says what the cluster is then, as `not there yet`.
    """
    start = clock.now()
    pause = timeouts.POLL_FIRST_S
    deadline = start + timedelta(seconds=waiting.timeout_s)
    while True:
        yield (clock.now() - start).total_seconds()
        left = (deadline - clock.now()).total_seconds()
        if left <= 0:
            raise WaitTimeoutError(
                f"cluster `{waiting.cluster}` was {late} after {waiting.timeout_s:g} s; AWS goes on working",
                hint=f"to go on waiting: {waiting.resume}",
            )
        clock.sleep(min(pause, left))
        pause = min(pause * timeouts.POLL_GROWTH, timeouts.POLL_CAP_S)


def missing(cluster: Cluster) -> str:
    """Return in words what keeps `cluster` from being in service with all its nodes; empty when nothing does."""
    late = [
        f"`{group.name}` {group.current_count}/{group.target_count}"
        for group in cluster.instance_groups
        if not group.settled
    ]
    if late:
        return f"nodes of {', '.join(late)}"
    if cluster.status != ClusterStatus.IN_SERVICE:
        return f"status InService (it is {cluster.status})"
    return ""


def _finished(status: str, waiting: Waiting, clock: Clock, elapsed_s: float) -> Finished:
    return Finished(time=clock.now(), elapsed_s=round(elapsed_s, 1), cluster=waiting.cluster, status=status)


def observed(cluster: Cluster, clock: Clock, elapsed_s: float, waiting_for: str) -> Observed:
    """Return what is seen of `cluster` now."""
    groups = tuple(
        GroupProgress(
            name=group.name,
            status=group.status,
            current_count=group.current_count,
            target_count=group.target_count,
        )
        for group in cluster.instance_groups
    )
    return Observed(
        time=clock.now(),
        elapsed_s=round(elapsed_s, 1),
        cluster=cluster.name,
        status=cluster.status,
        groups=groups,
        waiting_for=waiting_for,
    )
