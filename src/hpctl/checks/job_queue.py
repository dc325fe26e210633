"""What admits a job and in which order: Kueue's queues, priorities and topology, and Kubernetes' priority classes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from hpctl.catalog.nearest import nearest
from hpctl.checks.declare import check, fail, warn
from hpctl.checks.job_names import TEAM_QUEUE
from hpctl.checks.job_pods import nodes_for, templates
from hpctl.checks.live import eks_of
from hpctl.errors import AccessError
from hpctl.facts.job_target import JobInCluster
from hpctl.facts.jobs import GOVERNANCE, NAMESPACE, PRIORITY_CLASS, WORKLOAD_PRIORITY_CLASS, ObjectKind
from hpctl.facts.world import World
from hpctl.report.check import Finding

QUEUE: Final = "kueue.x-k8s.io/queue-name"
PRIORITY: Final = "kueue.x-k8s.io/priority-class"
TOPOLOGY: Final = ("kueue.x-k8s.io/podset-required-topology", "kueue.x-k8s.io/podset-preferred-topology")
"""Kueue's labels of jobs, and its annotations of their pods (Kueue documentation)."""

LEVELS: Final = (
    "topology.k8s.aws/ultraserver-id",
    *(f"topology.k8s.aws/network-node-layer-{layer}" for layer in (1, 2, 3)),
)
"""Labels of HyperPod's nodes that say how near they are (AWS documentation, HyperPod task governance)."""

_GROUP: Final = "kueue.x-k8s.io"
_ADMISSION = ("eks:DescribeCluster", "kubernetes:apigroups")


@check(
    "job-queue",
    "the queue is there, and admits jobs",
    needs=("kube-token",),
    reads=("sts:GetCallerIdentity", *_ADMISSION, "kubernetes:localqueues.kueue.x-k8s.io"),
)
def queue(job: JobInCluster, world: World) -> Iterator[Finding]:
    """A job in a queue is suspended until its queue admits it.

    In one that is not there, or that has no quota behind it, it is suspended for ever, without an event.
    """
    name = queue_of(job)
    if name and _GROUP not in world.api_versions(eks_of(job.live, world)):
        region, cluster = world.identity().region, job.live.eks_cluster
        add = f"aws eks create-addon --region {region} --cluster-name {cluster} --addon-name {GOVERNANCE}"
        remedy = f"leave the queue out, or install task governance:\n{add}"
        yield fail(f"queue/{name}", "the cluster has no Kueue, and so no queues", remedy=remedy)
    elif name:
        yield from _judged(job, world, name)


@check(
    "job-team-queue",
    "a job in a team's namespace has a queue",
    needs=("kube-token",),
    reads=(*_ADMISSION, "kubernetes:localqueues.kueue.x-k8s.io", "kubernetes:namespaces"),
    blocking=False,
)
def team_queue(job: JobInCluster, world: World) -> Iterator[Finding]:
    """Task governance gives each team a namespace with a queue; a job without one takes no part in the team's quota."""
    where, governed = job.live.namespace, _GROUP in world.api_versions(eks_of(job.live, world))
    if queue_of(job) is None and governed and (names := _queues_of_a_team(job, world)):
        message = f"names no queue, and namespace `{where}` has some: it takes no part in the team's quota"
        yield warn(f"job/{job.name}", message, *names, remedy=f"--queue {names[0]}")


@check(
    "job-priority",
    "the priority class is there",
    needs=("kube-token",),
    reads=(*_ADMISSION, "kubernetes:workloadpriorityclasses.kueue.x-k8s.io", "kubernetes:priorityclasses"),
    blocking=False,
)
def priority(job: JobInCluster, world: World) -> Iterator[Finding]:
    """Kueue's WorkloadPriorityClass orders the jobs of a queue; task governance makes `NAME-priority` of each class.

    Kubernetes' own PriorityClass is another kind: it orders pods, and Kubernetes refuses pods that name one that is
    not there.
    """
    name = labels_of(job).get(PRIORITY)
    kind = _served(job, world, WORKLOAD_PRIORITY_CLASS) if name else None
    if name and not _there(job, world, kind, name):
        yield fail(f"WorkloadPriorityClass/{name}", "is not there", remedy=_another_class(job, world, kind, name))
    for named in dict.fromkeys(str(one.spec.get("priorityClassName") or "") for one in templates(job)):
        if named and not _there(job, world, PRIORITY_CLASS, named):
            yield fail(f"PriorityClass/{named}", "is not there", remedy="kubectl get priorityclasses")


@check(
    "job-topology",
    "the nodes have the labels by which they shall be near",
    needs=("job-fits",),
    reads=("eks:DescribeCluster", "kubernetes:nodes"),
    blocking=False,
)
def topology(job: JobInCluster, world: World) -> Iterator[Finding]:
    """Kueue places the pods of a job on nodes that share a label. HyperPod labels some instance types only.

    What is required of nodes without the label is never admitted, and only a job in a queue is looked at.
    """
    for template in templates(job):
        notes = template.metadata.get("annotations") or {}
        for key in (one for one in TOPOLOGY if one in notes):
            level, subject = str(notes[key]), f"job/{job.name} ({key.rpartition('/')[2]})"
            complain = fail if key == TOPOLOGY[0] else warn
            if level not in LEVELS:
                near = nearest(level, LEVELS)
                remedy = f"nearest: {near[0]}" if near else f"one of: {', '.join(LEVELS)}"
                yield fail(subject, f"`{level}` is no label by which HyperPod's nodes are near", remedy=remedy)
            elif not queue_of(job):
                yield warn(subject, "has no effect without a queue", remedy="--queue NAME")
            elif not any(level in node.labels for node in nodes_for(template, job, world)):
                message = f"no node of the kind that it asks for has the label `{level}`"
                yield complain(subject, message, remedy=f"kubectl get nodes --label-columns={level}")


def _another_class(job: JobInCluster, world: World, kind: ObjectKind | None, name: str) -> str:
    try:
        rows = world.kubernetes_objects(eks_of(job.live, world), kind) if kind else ()
    except AccessError:  # to see one by its name takes less than to see them all
        rows = ()
    names = sorted(str(row["metadata"]["name"]) for row in rows)
    stems = {one.removesuffix("-priority"): one for one in names}  # task governance makes `urgent-priority` of `urgent`
    near = nearest(name, names) or [stems[one] for one in nearest(name, stems)]
    if near:
        return f"did you mean --priority {near[0]}?"
    return "\n".join(f"--priority {one}" for one in names) or "kubectl get workloadpriorityclasses"


def queue_of(job: JobInCluster) -> str | None:
    """Return the queue that the job names, of its own or in its pods' labels."""
    return labels_of(job).get(QUEUE)


def labels_of(job: JobInCluster) -> dict[str, str]:
    """Return the labels of the job, and those that only its pods have."""
    found: dict[str, str] = {}
    for metadata in (*(one.metadata for one in templates(job)), (job.job or {}).get("metadata") or {}):
        found.update({str(key): str(value) for key, value in (metadata.get("labels") or {}).items()})
    return found


def _judged(job: JobInCluster, world: World, name: str) -> Iterator[Finding]:
    where = job.live.namespace
    rows = {row.name: row for row in world.queues(eks_of(job.live, world), where)}
    found = rows.get(name)
    if found is None:
        near = nearest(name, rows)
        told = f"did you mean --queue {near[0]}?" if near else "\n".join(f"--queue {row}" for row in sorted(rows))
        message = f"is not in namespace `{where}`"
        yield fail(
            f"queue/{name}", message, remedy=told or f"there is none: hpctl queue list --cluster {job.live.name}"
        )
    elif not found.active:
        evidence = (f"said: {found.waiting}",) if found.waiting else ()
        remedy = f"hpctl queue describe {where}/{name} --cluster {job.live.name}"
        yield fail(f"queue/{name}", "admits no jobs", *evidence, remedy=remedy)


def _queues_of_a_team(job: JobInCluster, world: World) -> list[str]:
    cluster, where = eks_of(job.live, world), job.live.namespace
    namespace = world.kubernetes_object(cluster, NAMESPACE, None, where) or {}
    of_a_team = ((namespace.get("metadata") or {}).get("labels") or {}).get(TEAM_QUEUE) == "true"
    return [row.name for row in world.queues(cluster, where)] if of_a_team else []


def _served(job: JobInCluster, world: World, kind: ObjectKind) -> ObjectKind | None:
    """Return the kind in the version that the cluster serves; Kueue has moved from v1beta1 to v1beta2."""
    versions = world.api_versions(eks_of(job.live, world)).get(kind.group, ())
    return replace(kind, version=kind.version if kind.version in versions else versions[0]) if versions else None


def _there(job: JobInCluster, world: World, kind: ObjectKind | None, name: str) -> bool:
    return kind is not None and world.kubernetes_object(eks_of(job.live, world), kind, None, name) is not None
