"""Follow a cluster until it is what was wanted, telling what is seen on the way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from hpctl import timeouts
from hpctl.errors import ClusterFailedError, NotFoundError, UnavailableError, WaitTimeoutError
from hpctl.facts.ports import Clock, Clusters, Ports
from hpctl.facts.records import Cluster
from hpctl.report.progress import EventSeen, Finished, GroupProgress, Observed, Progress
from hpctl.services.diagnose import diagnose_failure
from hpctl.services.events import EventFeed
from hpctl.terms import ClusterStatus


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
    lookout = Lookout(waiting, ports.clusters)
    for elapsed_s in polls(waiting, ports.clock):
        cluster = lookout.look(elapsed_s)
        if cluster is None:
            continue
        seen = [EventSeen(time=ports.clock.now(), event=event, diagnosis=why) for event, why in feed.new(cluster)]
        yield from seen
        yield observed(cluster, ports.clock, elapsed_s, missing(cluster))
        if failure := diagnose_failure(cluster, [step.diagnosis for step in seen if step.diagnosis]):
            message = f"cluster `{cluster.name}` cannot get into service: {failure.message}"
            raise ClusterFailedError(message, cause=failure.cause, hint=failure.remedy)
        if not missing(cluster):
            yield _finished(cluster.status, waiting, ports.clock, elapsed_s)
            return


def until_gone(waiting: Waiting, ports: Ports) -> Iterator[Progress]:
    """Yield steps until the cluster does not exist any more; `WaitTimeoutError` when time runs out."""
    for elapsed_s in polls(waiting, ports.clock):
        try:
            cluster = ports.clusters.describe(waiting.cluster)
        except NotFoundError:
            yield _finished("Deleted", waiting, ports.clock, elapsed_s)
            return
        nodes = sum(group.current_count for group in cluster.instance_groups)
        waiting_for = f"{nodes} nodes to end" if nodes else "the cluster to disappear"
        yield observed(cluster, ports.clock, elapsed_s, waiting_for)
        if cluster.status == ClusterStatus.FAILED:
            raise ClusterFailedError(
                f"deleting cluster `{cluster.name}` failed: {cluster.failure_message or 'AWS gives no reason'}",
                hint=waiting.resume,
            )


class Lookout:
    """Eyes that forgive a few blinks: a list that lags behind a create, an API that is down for a moment."""

    def __init__(self, waiting: Waiting, clusters: Clusters) -> None:
        """Start with nothing missed."""
        self._waiting = waiting
        self._clusters = clusters
        self._missed = 0

    def look(self, elapsed_s: float) -> Cluster | None:
        """Return the cluster, or None when it could not be seen this time; raises when that lasts."""
        try:
            cluster = self._clusters.describe(self._waiting.cluster)
        except NotFoundError:
            if elapsed_s > timeouts.VISIBLE_S:
                raise
            return None
        except UnavailableError as error:
            self._missed += 1
            if self._missed >= timeouts.LOOKS_MISSED:
                raise UnavailableError(error.message, hint=f"to go on waiting: {self._waiting.resume}") from error
            return None
        self._missed = 0
        return cluster


def polls(waiting: Waiting, clock: Clock) -> Iterator[float]:
    """Yield the seconds since the start, then wait a little longer than before, until time runs out."""
    start = clock.now()
    pause = timeouts.POLL_FIRST_S
    deadline = start + timedelta(seconds=waiting.timeout_s)
    while True:
        yield (clock.now() - start).total_seconds()
        left = (deadline - clock.now()).total_seconds()
        if left <= 0:
            raise WaitTimeoutError(
                f"cluster `{waiting.cluster}` was not there yet after {waiting.timeout_s:.0f} s; AWS goes on working",
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
