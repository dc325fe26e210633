"""Whether a job finds its nodes: such that would hold it, such that are well, and such that have room now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from hpctl.checks.declare import check, fail, warn
from hpctl.checks.job_pods import TYPE_LABEL, PodTemplate, nodes_for, offered, templates
from hpctl.checks.live import HEALTH_LABEL, eks_of
from hpctl.errors import AccessError, UnavailableError
from hpctl.facts.job_target import JobInCluster
from hpctl.facts.kubernetes import KubernetesNode
from hpctl.facts.quantities import amount_of
from hpctl.facts.world import World
from hpctl.report.check import Finding

_READS = ("eks:DescribeCluster", "kubernetes:nodes")

_SHOWN = 5
"""Nodes that a finding names."""


@check("job-fits", "the cluster has nodes that the job fits on", needs=("kube-token",), reads=_READS)
def fits(job: JobInCluster, world: World) -> Iterator[Finding]:
    """What a node has for pods is less than its type's size: Kubernetes, the kubelet and DaemonSets take their part.

    A pod that asks for more than any node has stays Pending for ever, and so does the second of two pods that want
    a whole node each where there is one.
    """
    if isinstance(job.refusal, (AccessError, UnavailableError)):  # nobody could look whether it fits
        raise job.refusal
    if job.refusal is not None:
        yield fail(f"job/{job.name}", job.refusal.message, remedy=job.refusal.hint or "hpctl node list")
        return
    for template in templates(job):
        nodes = nodes_for(template, job, world)
        wanted = template.requests
        room = [count for node in nodes if (count := _times(wanted, _allocatable(node, wanted)))]
        if not nodes:
            yield _no_nodes(job, template, world)
        elif not room:
            yield fail(
                _subject(job, template),
                "asks for more than any node has for pods",
                *_shortages(wanted, nodes),
                remedy="ask for less, or leave it out: hpctl asks for the node's share",
            )
        elif sum(room) < template.replicas:
            yield fail(
                _subject(job, template),
                f"wants {_pods(template.replicas)}, and the cluster holds {sum(room)}",
                f"nodes: {len(nodes)}, of which {len(room)} are large enough",
                remedy=f"ask for fewer nodes, or let the cluster grow: hpctl cluster update -f FILE ({job.live.name})",
            )


@check(
    "job-nodes-well",
    "enough of these nodes are ready and Schedulable",
    needs=("job-fits",),
    reads=_READS,
    blocking=False,
)
def nodes_well(job: JobInCluster, world: World) -> Iterator[Finding]:
    """HyperPod labels nodes that it tests or replaces. Pods that ask for `Schedulable` wait until enough are well."""
    for template in templates(job):
        nodes = nodes_for(template, job, world)
        ill = [node for node in nodes if not _well(node)]
        left = sum(_times(template.requests, _allocatable(node, template.requests)) for node in nodes if _well(node))
        if ill and left < template.replicas:
            yield warn(
                _subject(job, template),
                f"{len(ill)} of {len(nodes)} nodes are not well: the job waits for them",
                *(f"{node.name}: {_illness(node)}" for node in ill[:_SHOWN]),
                remedy=f"hpctl cluster check {job.live.name}\nhpctl node list --cluster {job.live.name}",
            )


@check(
    "job-room",
    "there is room for the job now",
    needs=("job-fits",),
    reads=(*_READS, "kubernetes:pods"),
    blocking=False,
)
def room(job: JobInCluster, world: World) -> Iterator[Finding]:
    """What other pods have asked for is taken, whether they use it or not. A job for which there is no room waits."""
    used = world.in_use(eks_of(job.live, world))
    for template in templates(job):
        nodes = [node for node in nodes_for(template, job, world) if _well(node)]
        wanted = template.requests
        free = {node.name: _less(_allocatable(node, wanted), used.get(node.name, {})) for node in nodes}
        now = sum(_times(wanted, left) for left in free.values())
        ever = sum(_times(wanted, _allocatable(node, wanted)) for node in nodes)
        if now < template.replicas <= ever:
            yield warn(
                _subject(job, template),
                f"there is room for {now} of {_pods(template.replicas)} now: the job waits",
                *_lacking(wanted, free),
                remedy="hpctl job list\nkubectl get pods --all-namespaces --field-selector=status.phase=Running",
            )


def _no_nodes(job: JobInCluster, template: PodTemplate, world: World) -> Finding:
    there = Counter(node.instance_type or "?" for node in world.kubernetes_nodes(eks_of(job.live, world)))
    kinds = ", ".join(f"{count} x {kind}" for kind, count in sorted(there.items())) or "none"
    wanted = ", ".join(f"{key}={value}" for key, value in template.node_selector.items())
    return fail(
        _subject(job, template),
        "no node is of the kind that it asks for",
        *((f"asked for: {wanted}",) if wanted else ()),
        f"nodes: {kinds}",
        remedy=_selector_remedy(template, there),
    )


def _selector_remedy(template: PodTemplate, there: Iterable[str]) -> str:
    asked = template.node_selector.get(TYPE_LABEL, "")
    if asked and f"ml.{asked}" in there:
        return f"write `{TYPE_LABEL}: ml.{asked}`: HyperPod's nodes are labelled with the `ml.`"
    return "ask for one of these, or leave the choice to hpctl"


def _shortages(wanted: Mapping[str, float], nodes: Iterable[KubernetesNode]) -> Iterator[str]:
    for resource, amount in sorted(wanted.items()):
        most = max(offered(node, resource) for node in nodes)
        if most < amount:
            yield f"{resource}: {amount_of(resource, amount)} asked for, {amount_of(resource, most)} at most"


def _lacking(wanted: Mapping[str, float], free: Mapping[str, Mapping[str, float]]) -> Iterator[str]:
    full = [(name, left) for name, left in free.items() if not _times(wanted, left)]
    for name, left in full[:_SHOWN]:
        short = [key for key, amount in sorted(wanted.items()) if left[key] < amount]
        told = ", ".join(f"{key} {amount_of(key, max(left[key], 0))} of {amount_of(key, wanted[key])}" for key in short)
        yield f"{name}: free {told}"


def _allocatable(node: KubernetesNode, wanted: Mapping[str, float]) -> dict[str, float]:
    return {resource: offered(node, resource) for resource in wanted}


def _less(have: Mapping[str, float], used: Mapping[str, float]) -> dict[str, float]:
    return {resource: amount - used.get(resource, 0.0) for resource, amount in have.items()}


def _times(wanted: Mapping[str, float], have: Mapping[str, float]) -> int:
    """Return how many pods that want this a node holds; one that wants nothing finds room anywhere, once."""
    counts = [int(have[resource] / amount + 1e-9) for resource, amount in wanted.items() if amount > 0]
    return max(0, min(counts)) if counts else 1


def _well(node: KubernetesNode) -> bool:
    return node.ready and node.labels.get(HEALTH_LABEL, "Schedulable") == "Schedulable"


def _illness(node: KubernetesNode) -> str:
    return node.labels.get(HEALTH_LABEL, "") if node.ready else "not ready"


def _subject(job: JobInCluster, template: PodTemplate) -> str:
    return f"job/{job.name}" if template.role == "pods" else f"job/{job.name} ({template.role})"


def _pods(count: int) -> str:
    return "1 pod" if count == 1 else f"{count} pods"
