"""Follow UpdateCluster: InService says nothing about it, so operations and counts decide."""

from __future__ import annotations

from collections.abc import Iterator

from hpctl import timeouts
from hpctl.errors import ClusterFailedError, ConflictError
from hpctl.facts.ports import Ports
from hpctl.facts.records import Cluster, InstanceGroup
from hpctl.report.progress import Progress, Remarked
from hpctl.services.baseline import Baseline
from hpctl.services.diagnose import diagnose_failure
from hpctl.services.events import EventFeed, Selection
from hpctl.services.operations import IN_PROGRESS, SUPERSEDED, OperationFeed
from hpctl.services.polling import Waiting, finished, observed, polls
from hpctl.services.watch import Sight, Watch
from hpctl.terms import ClusterStatus

_BUSY = ("Creating", "Updating", "SystemUpdating", "Deleting")
"""Statuses of an instance group that AWS works on."""


def until_updated(waiting: Waiting, ports: Ports, baseline: Baseline | None = None) -> Iterator[Progress]:
    """Yield steps until the cluster has the nodes that an UpdateCluster asks for, and AWS is done with it.

    `baseline` is what `before_update` saw; without it, for an update that was sent earlier, the cluster's own
    targets and the operation in progress are what is followed. Raises `ClusterFailedError` when AWS fails or rolls
    back, `ConflictError` when somebody else's update takes over, `WaitTimeoutError` when time runs out.
    """
    operations = OperationFeed(ports.clusters, baseline)
    events = EventFeed(ports.clusters, Selection(since=baseline.newest_event if baseline else ports.clock.now()))
    watch, update = Watch(waiting, ports, events, operations), _Update(waiting, baseline, operations)
    for elapsed_s in polls(waiting, ports.clock, late="not updated yet"):
        sight = watch.look()
        if sight is None:
            continue
        yield from watch.steps(sight)
        left = update.see(sight.cluster, elapsed_s)
        if update.fell_back():
            yield Remarked(
                time=ports.clock.now(), message="the update failed; AWS takes the cluster back to what it was"
            )
        yield observed(sight.cluster, ports.clock, elapsed_s, left)
        if not left:
            yield finished(sight.cluster.status, waiting.cluster, ports.clock, elapsed_s)
            return
        update.demand_possible(sight, elapsed_s)


class _Update:
    """How far an update is, and whether it can still get there."""

    def __init__(self, waiting: Waiting, baseline: Baseline | None, operations: OperationFeed) -> None:
        """Nothing was seen yet."""
        self._name = waiting.cluster
        self._resume = waiting.resume
        self._baseline = baseline
        self._operations = operations
        self._begun = baseline is None or baseline.shows
        self._away_since_s: dict[str, float] = {}
        self._rolling_back = False
        self._told_back = False

    def see(self, cluster: Cluster, elapsed_s: float) -> str:
        """Return in words what is still missing, empty when nothing is."""
        self._note_targets(cluster, elapsed_s)
        self._rolling_back = self._rolling_back or cluster.status == ClusterStatus.ROLLING_BACK
        self._begun = self._begun or self._operations.ours is not None or cluster.status != ClusterStatus.IN_SERVICE
        return "; ".join(self._missing(cluster)) or self._unsettled(elapsed_s)

    def _note_targets(self, cluster: Cluster, elapsed_s: float) -> None:
        groups = tuple(self._groups(cluster))
        away = {group.name for group in groups if group.target_count != self._count(group)}
        self._away_since_s = {name: self._away_since_s.get(name, elapsed_s) for name in away}

    def _missing(self, cluster: Cluster) -> Iterator[str]:
        late = [f"`{name}` {told}" for name, told in self._late(cluster)]
        if late:
            yield f"nodes of {', '.join(late)}"
        if cluster.status != ClusterStatus.IN_SERVICE:
            yield f"status InService (it is {cluster.status})"
        elif self._rolling_back:
            yield "an update that was rolled back"

    def _unsettled(self, elapsed_s: float) -> str:
        mine = self._operations.ours
        if mine and mine.status == IN_PROGRESS:
            return f"operation {mine.operation_id} to be done"
        return "" if self._begun or elapsed_s >= timeouts.SETTLE_S else "a sign of the update"

    def _late(self, cluster: Cluster) -> Iterator[tuple[str, str]]:
        there = {group.name: group for group in cluster.instance_groups}
        for name in sorted(self._baseline.counts.keys() - there.keys() if self._baseline else ()):
            yield name, f"0/{self._baseline.counts[name]}" if self._baseline else ""
        for group in self._groups(cluster):
            if group.current_count != self._count(group) or group.target_count != self._count(group):
                yield group.name, f"{group.current_count}/{self._count(group)}"
            elif group.status in _BUSY:
                yield group.name, f"{group.current_count}/{self._count(group)} ({group.status})"
        for name in sorted(self._baseline.deleted & there.keys() if self._baseline else ()):
            yield name, f"{there[name].current_count}/0, to be deleted"

    def _groups(self, cluster: Cluster) -> Iterator[InstanceGroup]:
        for group in cluster.instance_groups:
            if self._baseline is None or group.name in self._baseline.groups:
                yield group

    def _count(self, group: InstanceGroup) -> int:
        return self._baseline.counts.get(group.name, group.target_count) if self._baseline else group.target_count

    def fell_back(self) -> bool:
        """Whether AWS has begun to roll back; true once."""
        first = self._rolling_back and not self._told_back
        self._told_back = self._told_back or self._rolling_back
        return first

    def demand_possible(self, sight: Sight, elapsed_s: float) -> None:
        """Raise what says that the update will never be there."""
        cluster = sight.cluster
        self._demand_sound(sight)
        if self._rolling_back and cluster.status == ClusterStatus.IN_SERVICE:
            raise self._failed("AWS has rolled it back", sight)
        for group in self._groups(cluster):
            # Not at once: an answer may be older than the update.
            if elapsed_s - self._away_since_s.get(group.name, elapsed_s) > timeouts.VISIBLE_S:
                raise self._moved(group, sight)
        mine = self._operations.ours
        if mine and mine.status == SUPERSEDED:
            rival = self._operations.rival
            whose = f"operation `{rival.operation_id}`" if rival else "another operation"
            raise self._overtaken(f"{whose} superseded this update's `{mine.operation_id}`")

    def _demand_sound(self, sight: Sight) -> None:
        groups = self._baseline.groups if self._baseline else frozenset()
        if failure := diagnose_failure(sight.cluster, sight.diagnoses(groups)):
            message = f"cluster `{self._name}` cannot get to what the update asks for: {failure.message}"
            raise ClusterFailedError(message, cause=failure.cause, hint=failure.remedy)

    def _moved(self, group: InstanceGroup, sight: Sight) -> ClusterFailedError | ConflictError:
        before = self._baseline.group(group.name) if self._baseline else None
        if before and before.target_count == group.target_count:
            return self._failed(f"instance group `{group.name}` is asked for {group.target_count} nodes again", sight)
        return self._overtaken(
            f"instance group `{group.name}` is asked for {group.target_count} nodes now, not for {self._count(group)}"
        )

    def _failed(self, how: str, sight: Sight) -> ClusterFailedError:
        told = sight.cluster.failure_message
        message = f"updating cluster `{self._name}` failed: {how}{f': {told}' if told else ''}"
        return ClusterFailedError(message, hint=f"hpctl cluster events {self._name}")

    def _overtaken(self, how: str) -> ConflictError:
        return ConflictError(
            f"somebody else updated cluster `{self._name}` meanwhile: {how}",
            hint=f"look at what it is now: hpctl cluster describe {self._name}\nto ask for it again: {self._resume}",
        )
