"""List the queues of a cluster, and tell what waits in one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from hpctl.catalog.nearest import nearest
from hpctl.errors import AccessError, NotFoundError, UsageError
from hpctl.facts.job_ports import JobObjects
from hpctl.facts.jobs import CLUSTER_QUEUE, GOVERNANCE, LOCAL_QUEUE, WORKLOAD, ObjectKind
from hpctl.facts.ports import Ports
from hpctl.report.queues import QueueListReport, QueueReport, QueueRow
from hpctl.services.job.where import Where, where_on_eks
from hpctl.services.queue.reading import Object, queue_row, team_queue
from hpctl.services.queue.waiting import waiting_jobs
from hpctl.terms import Orchestrator

_KINDS: Final = (CLUSTER_QUEUE, LOCAL_QUEUE, WORKLOAD)

Seen = tuple[Sequence[Object], str | None]
"""Objects, and what to tell where not all of them could be seen."""


def list_queues(cluster: str, namespace: str | None, ports: Ports) -> QueueListReport:
    """Return the cluster queues with their quota and use.

    Raises:
        UsageError: Slurm orchestrates the cluster.
        NotFoundError: there is no such cluster, or it has no Kueue.
        AccessError: the caller may not list cluster queues.
    """
    at = _place(cluster, namespace, ports)
    queues, teams = _fetched(at, (CLUSTER_QUEUE, LOCAL_QUEUE), ports.jobs)
    rows = _rows(queues[0], teams[0])
    notices = (*_notices(queues, teams), *_without(rows, teams[0]))
    return QueueListReport(cluster=at.cluster, queues=rows, notices=notices)


def describe_queue(name: str, cluster: str, namespace: str | None, ports: Ports) -> QueueReport:
    """Return a queue and what waits in it: a cluster queue, a queue, or NAMESPACE/QUEUE; raises as `list_queues` does.

    Raises:
        UsageError: several namespaces have a queue of this name, and they draw on several cluster queues.
    """
    at = _place(cluster, namespace, ports)
    queues, teams, workloads = _fetched(at, _KINDS, ports.jobs)
    row = _chosen(name, _rows(queues[0], teams[0]), at)
    return QueueReport(
        cluster=at.cluster,
        queue=row,
        waiting=tuple(waiting_jobs(workloads[0], row.queues)),
        notices=_notices(queues, teams, workloads),
    )


def _place(cluster: str, namespace: str | None, ports: Ports) -> Where:
    found = ports.clusters.describe(cluster)
    if found.orchestrator == Orchestrator.SLURM:
        raise UsageError(
            f"cluster `{found.name}` is orchestrated by Slurm, which has partitions and no queues of Kueue",
            hint=f"hpctl slurm status --cluster {found.name}",
        )
    return where_on_eks(found, namespace, ports)


def _fetched(at: Where, kinds: Sequence[ObjectKind], jobs: JobObjects) -> list[Seen]:
    """Return the objects of each kind, all asked for at once."""
    served = {kind.kind: kind for kind in jobs.served(at.eks, kinds)}
    if CLUSTER_QUEUE.kind not in served:
        add = f"aws eks create-addon --cluster-name {at.eks.name} --addon-name {GOVERNANCE}{at.way}"
        message = f"cluster `{at.cluster}` has no Kueue, and so no queues"
        raise NotFoundError(message, hint=f"task governance brings it:\n{add}")
    wanted = [served.get(kind.kind, kind) for kind in kinds]
    with ThreadPoolExecutor(len(kinds), thread_name_prefix="queues") as pool:
        return list(pool.map(lambda kind: _seen(at, kind, jobs), wanted))


def _seen(at: Where, kind: ObjectKind, jobs: JobObjects) -> Seen:
    try:
        return tuple(jobs.objects(at.eks, kind, None)), None
    except AccessError:
        if not kind.namespaced:
            raise
        notice = f"the {kind.plural} of other namespaces than `{at.namespace}` cannot be seen"
        return tuple(jobs.objects(at.eks, kind, at.namespace)), notice


def _rows(queues: Iterable[Object], teams: Iterable[Object]) -> tuple[QueueRow, ...]:
    known = sorted(map(team_queue, teams), key=lambda row: (row.namespace, row.name))
    return tuple(sorted((queue_row(one, known) for one in queues), key=lambda row: row.name))


def _chosen(name: str, rows: Sequence[QueueRow], at: Where) -> QueueRow:
    """Return the cluster queue of this name, else the one behind the queue of this name."""
    behind = [
        (row, f"{team.namespace}/{team.name}")
        for row in rows
        for team in row.queues
        if name in (team.name, f"{team.namespace}/{team.name}")
    ]
    found = {row.name: row for row in rows if row.name == name} or {row.name: row for row, _ in behind}
    if not found:
        near = nearest(name, [one for row in rows for one in (row.name, *(team.name for team in row.queues))])
        hint = f"hpctl queue describe {near[0]}{_flags(at)}" if near else f"hpctl queue list{_flags(at)}"
        raise NotFoundError(f"cluster `{at.cluster}` has no queue `{name}`", hint=hint)
    if len(found) > 1:
        hint = "\n".join(f"hpctl queue describe {full}{_flags(at)}" for _, full in behind)
        raise UsageError(f"several namespaces have a queue `{name}`", hint=hint)
    return next(iter(found.values()))


def _flags(at: Where) -> str:
    return f" --cluster {at.cluster}{at.way}"


def _without(rows: Iterable[QueueRow], teams: Iterable[Object]) -> Iterator[str]:
    """Yield what to tell of queues behind which there is nothing: their jobs wait for ever."""
    there = {row.name for row in rows}
    for one in map(team_queue, teams):
        if one.cluster_queue not in there:
            yield f"queue `{one.namespace}/{one.name}` draws on cluster queue `{one.cluster_queue}`, which is not there"


def _notices(*seen: Seen) -> tuple[str, ...]:
    return tuple(notice for _, notice in seen if notice)
