"""Follow a cluster until it is what was wanted, telling what is seen on the way."""

from __future__ import annotations

from collections.abc import Iterator

from hpctl import timeouts
from hpctl.errors import ClusterFailedError, NotFoundError
from hpctl.facts.ports import Ports
from hpctl.facts.records import Cluster
from hpctl.report.progress import Progress
from hpctl.services.diagnose import diagnose_failure
from hpctl.services.events import EventFeed
from hpctl.services.polling import Lookout, Waiting, finished, observed, polls
from hpctl.services.stuck import Stuckness
from hpctl.services.wait_software import until_software_updated
from hpctl.services.wait_updated import until_updated
from hpctl.services.watch import Watch
from hpctl.terms import ClusterStatus

__all__ = ["Waiting", "missing", "until_gone", "until_in_service", "until_software_updated", "until_updated"]


def until_in_service(waiting: Waiting, ports: Ports) -> Iterator[Progress]:
    """Yield steps until the cluster is InService with as many nodes as asked for.

    Raises `ClusterFailedError` when it fails or cannot succeed any more, `WaitTimeoutError` when time runs out.
    """
    watch = Watch(waiting, ports, EventFeed(ports.clusters))
    for elapsed_s in polls(waiting, ports.clock, late="not there yet"):
        try:
            sight = watch.look()
        except NotFoundError:
            if elapsed_s > timeouts.VISIBLE_S:
                raise
            continue
        if sight is None:
            continue
        cluster = sight.cluster
        yield from watch.steps(sight)
        yield observed(cluster, ports.clock, elapsed_s, missing(cluster))
        if not missing(cluster):
            # Before any failure: an old event says nothing about a cluster that made it.
            yield finished(cluster.status, waiting.cluster, ports.clock, elapsed_s)
            return
        if failure := diagnose_failure(cluster, sight.diagnoses()):
            message = f"cluster `{cluster.name}` cannot get into service: {failure.message}"
            raise ClusterFailedError(message, cause=failure.cause, hint=failure.remedy)


def until_gone(waiting: Waiting, ports: Ports) -> Iterator[Progress]:
    """Yield steps until the cluster does not exist any more; a deletion that is stuck is explained, once.

    Raises `ClusterFailedError` when deleting fails, `WaitTimeoutError` when time runs out.
    """
    lookout, stuck = Lookout(waiting.resume), Stuckness(ports)
    going = False
    for elapsed_s in polls(waiting, ports.clock, late="still there"):
        try:
            cluster = lookout.look(lambda: ports.clusters.describe(waiting.asked))
        except NotFoundError:
            yield finished("Deleted", waiting.cluster, ports.clock, elapsed_s)
            return
        if cluster is None:
            continue
        nodes = sum(group.current_count for group in cluster.instance_groups)
        waiting_for = f"{nodes} nodes to end" if nodes else "the cluster to disappear"
        yield observed(cluster, ports.clock, elapsed_s, waiting_for)
        going = going or cluster.status == ClusterStatus.DELETING
        if going:
            yield from stuck.explained(cluster, elapsed_s)
        # A cluster that had failed before may say so for a moment after its deletion began.
        if cluster.status == ClusterStatus.FAILED and (going or elapsed_s > timeouts.VISIBLE_S):
            raise ClusterFailedError(
                f"deleting cluster `{cluster.name}` failed: {cluster.failure_message or 'AWS gives no reason'}",
                hint=f"to try again: {waiting.resume}",
            )


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
