"""Follow UpdateClusterSoftware: each instance group says how its own update stands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from hpctl import timeouts
from hpctl.errors import ClusterFailedError
from hpctl.facts.ports import Ports
from hpctl.facts.records import Cluster, InstanceGroup
from hpctl.report.cluster import Diagnosis
from hpctl.report.progress import Progress, Remarked
from hpctl.services.baseline import Baseline
from hpctl.services.diagnose import diagnose_failure
from hpctl.services.events import EventFeed, News, Selection
from hpctl.services.polling import Waiting, finished, observed, polls
from hpctl.services.watch import Watch
from hpctl.terms import ClusterStatus

_AT_WORK = ("Pending", "InProgress", "RollbackInProgress")
_BACK = "RollbackInProgress"
_LOST = ("Failed", "RollbackComplete")

LIFECYCLE = "lifecycle"
"""How the ids of failures of lifecycle scripts begin; each such event is an attempt that failed."""


def until_software_updated(waiting: Waiting, ports: Ports, baseline: Baseline | None = None) -> Iterator[Progress]:
    """Yield steps until every group of the update has its new software.

    `baseline` is what `before_update` saw; without it, for an update that was sent earlier, all groups count as they
    are. Raises `ClusterFailedError`, after AWS has rolled back, `WaitTimeoutError` when time runs out.
    """
    events = EventFeed(ports.clusters, Selection(since=baseline.newest_event if baseline else ports.clock.now()))
    watch, update = Watch(waiting, ports, events), _SoftwareUpdate(waiting, baseline)
    for elapsed_s in polls(waiting, ports.clock, late="not updated yet"):
        sight = watch.look()
        if sight is None:
            continue
        yield from watch.steps(sight)
        left = update.see(sight.cluster, sight.news, elapsed_s)
        for message in update.falling_back(sight.cluster):
            yield Remarked(time=ports.clock.now(), message=message)
        yield observed(sight.cluster, ports.clock, elapsed_s, left)
        update.demand_possible(sight.cluster)
        if not left:
            yield finished(sight.cluster.status, waiting.cluster, ports.clock, elapsed_s)
            return


class _SoftwareUpdate:
    """How far an update of the software is."""

    def __init__(self, waiting: Waiting, baseline: Baseline | None) -> None:
        """Nothing was seen yet."""
        self._name = waiting.cluster
        self._baseline = baseline
        self._begun: set[str] = set()
        self._back: set[str] = set()
        self._attempts: Counter[str] = Counter()
        self._why: dict[str, Diagnosis] = {}

    def see(self, cluster: Cluster, news: News, elapsed_s: float) -> str:
        """Return in words what is still missing, empty when nothing is."""
        for event, why in news:
            if why and event.instance_group and (why.failure or "").startswith(LIFECYCLE):
                self._attempts[event.instance_group] += 1
                self._why[event.instance_group] = why
        working = cluster.status in (ClusterStatus.UPDATING, ClusterStatus.SYSTEM_UPDATING)
        shown = {group.name for group in self._groups(cluster) if working or self._has_begun(group)}
        # What shows nothing for so long is done, or of a kind that never shows anything (restricted groups).
        late = elapsed_s > timeouts.VISIBLE_S or self._baseline is None
        self._begun |= {group.name for group in self._groups(cluster)} if late else shown
        return self._missing(cluster)

    def _missing(self, cluster: Cluster) -> str:
        left = [
            f"`{group.name}` ({group.software_update or 'not begun'})"
            for group in self._groups(cluster)
            if group.name not in self._begun or group.software_update in _AT_WORK
        ]
        if left:
            return f"the software of {', '.join(left)}"
        return "" if cluster.status == ClusterStatus.IN_SERVICE else f"status InService (it is {cluster.status})"

    def _has_begun(self, group: InstanceGroup) -> bool:
        before = self._baseline.group(group.name) if self._baseline else None
        if before is None or group.software_update in _AT_WORK:
            return True
        return (group.software_update, group.current_image) != (before.software_update, before.current_image)

    def _groups(self, cluster: Cluster) -> Iterator[InstanceGroup]:
        for group in cluster.instance_groups:
            if not (self._baseline and self._baseline.groups) or group.name in self._baseline.groups:
                yield group

    def falling_back(self, cluster: Cluster) -> Iterator[str]:
        """Yield a sentence for each group that AWS has begun to take back to its former software; each once."""
        for group in self._groups(cluster):
            if group.software_update == _BACK and group.name not in self._back:
                self._back.add(group.name)
                attempts = self._seen_attempts(group.name)
                yield f"the software update of `{group.name}` failed{attempts}; AWS takes it back to what it was"

    def demand_possible(self, cluster: Cluster) -> None:
        """Raise what says that the update has failed, with where the lifecycle scripts say why."""
        for group in self._groups(cluster):
            if group.name in self._begun and group.software_update in _LOST:
                raise self._failed(cluster, group)
        if failure := diagnose_failure(cluster, ()):
            message = f"updating the software of cluster `{self._name}` failed: {failure.message}"
            raise ClusterFailedError(message, cause=failure.cause, hint=failure.remedy)

    def _failed(self, cluster: Cluster, group: InstanceGroup) -> ClusterFailedError:
        why = self._why.get(group.name)
        former = f"`{group.current_image}`" if group.current_image else "its former software"
        outcome = f"; AWS has taken it back to {former}" if group.name in self._back else ""
        region = cluster.region
        return ClusterFailedError(
            f"the software update of instance group `{group.name}` failed{self._seen_attempts(group.name)}{outcome}",
            cause=why.cause if why else None,
            hint="the lifecycle scripts ran again on every node; what they said is in their log\n"
            f"aws logs tail /aws/sagemaker/Clusters/{cluster.name}/{cluster.cluster_id} --region {region} --since 1d "
            f"--log-stream-name-prefix LifecycleConfig/{group.name}",
        )

    def _seen_attempts(self, name: str) -> str:
        count = self._attempts[name]
        return f" after {count} failed attempt{'s' if count > 1 else ''}" if count else ""
