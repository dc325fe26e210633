"""Operations of a cluster: which one is ours, what became of it, and whose took over."""

from __future__ import annotations

from collections.abc import Iterator

from hpctl.errors import AccessError, NotFoundError, RefusedError
from hpctl.facts.ports import Clusters
from hpctl.facts.records import Cluster, Operation
from hpctl.services.baseline import Baseline, recent_operations

SCALING = "Scaling"
IN_PROGRESS = "InProgress"
SUPERSEDED = "Superseded"


class OperationFeed:
    """Operations that began after a baseline; without one, what is in progress at the first look and what follows."""

    def __init__(self, clusters: Clusters, baseline: Baseline | None) -> None:
        """Nothing was told yet."""
        self._clusters = clusters
        self._baseline = baseline
        self._old = baseline.operations if baseline else None
        self._told: dict[str, Operation] = {}
        self.refused: AccessError | RefusedError | None = None

    def new(self, cluster: Cluster) -> tuple[Operation, ...]:
        """Return operations that began or changed their status since the last call, oldest first, in full.

        Nothing where operations cannot be read or the Region has none: `refused` says why then.
        """
        if self.refused:
            return ()
        try:
            return tuple(self._news(cluster))
        except (AccessError, RefusedError) as error:
            self.refused = error
            return ()

    def _news(self, cluster: Cluster) -> Iterator[Operation]:
        newest_first = recent_operations(cluster, self._clusters)
        if self._old is None:
            self._old = frozenset(one.operation_id for one in newest_first if one.status != IN_PROGRESS)
        for listed in reversed(newest_first):
            known = self._told.get(listed.operation_id)
            if listed.operation_id in self._old or (known and known.status == listed.status):
                continue
            operation = self._in_full(cluster, listed)
            self._told[operation.operation_id] = operation
            yield operation

    def _in_full(self, cluster: Cluster, listed: Operation) -> Operation:
        try:
            return self._clusters.operation(cluster.arn, listed.operation_id)
        except NotFoundError:  # AWS keeps operations for 14 days; what the list told is better than nothing
            return listed

    @property
    def ours(self) -> Operation | None:
        """The newest scaling to what the update asks for, else the first since; None while there is none."""
        scalings = self._scalings()
        told_apart = (one for one in reversed(scalings) if self._does_ours(one))
        return next(told_apart, scalings[0] if scalings else None)

    @property
    def rival(self) -> Operation | None:
        """The scaling that took over from ours, when one did."""
        mine = self.ours
        if mine is None or mine.status != SUPERSEDED:
            return None
        newer = [one for one in self._scalings() if one.created_at > mine.created_at]
        return newer[-1] if newer else None

    def _scalings(self) -> list[Operation]:
        scalings = (one for one in self._told.values() if one.type == SCALING)
        return sorted(scalings, key=lambda one: one.created_at)

    def _does_ours(self, operation: Operation) -> bool:
        counts = self._baseline.counts if self._baseline else {}
        asked = [one for one in operation.scalings if one.instance_group in counts]
        return bool(asked) and all(counts[one.instance_group] == one.target_count for one in asked)
