"""Why no node takes a pod of a job: none of the type, unhealthy ones, too small ones, busy ones."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from hpctl.facts.asked_of_nodes import asked_of_nodes
from hpctl.facts.jobs import JOB_LABEL, Job, Pod
from hpctl.facts.kubernetes import KubernetesNode
from hpctl.facts.quantities import quantity
from hpctl.report.cluster import Diagnosis
from hpctl.services.job.shape import pod_spec
from hpctl.services.job.where import Where

HEALTH: Final = "sagemaker.amazonaws.com/node-health-status"
_WELL: Final = "Schedulable"
_IN_REPAIR: Final = {
    "Unschedulable": "a deep health check is running on it, which takes about two hours",
    "UnschedulablePendingReplacement": "HyperPod replaces it",
    "UnschedulablePendingReboot": "HyperPod reboots it",
}
_BUSY: Final = "busy"
_NAMES: Final = (JOB_LABEL, "training.kubeflow.org/job-name", "HPJob", "jobset.sigs.k8s.io/jobset-name", "job-name")
"""Labels of pods that name their job."""

_TYPE: Final = "node.kubernetes.io/instance-type"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The nodes of the cluster and the pods of all namespaces; `seen` says whether all of these could be listed."""

    nodes: Sequence[KubernetesNode]
    pods: Sequence[Pod]


def why_unscheduled(job: Job, waiting: Sequence[Pod], around: Surroundings, at: Where) -> Iterator[Diagnosis]:
    """Yield why pods wait for a node: the scheduler's words, and what the nodes say to them."""
    words = commonest(message for pod in waiting if (message := refusal(pod)))
    message = f"{_ranks(waiting, job)} for a node" + (f": {words}" if words else "")
    causes = list(_causes(job, waiting, around))
    yield Diagnosis(
        subject=job.reference,
        message=message,
        cause="; ".join(causes) or None,
        remedy=f"hpctl node list --cluster {at.cluster}\nhpctl job list {at.flags}",
    )


def commonest(refusals: Iterable[str]) -> str:
    """Return the scheduler's commonest words, without what it says of preemption."""
    said = Counter(refusals)
    return said.most_common(1)[0][0].partition(" preemption:")[0] if said else ""


def refusal(pod: Pod) -> str | None:
    """Return why the scheduler found no node for a pod, None when it did or has not looked yet."""
    condition = next((one for one in pod.conditions if one.type == "PodScheduled"), None)
    if condition is None or condition.status != "False":
        return None
    return condition.message or condition.reason


def _ranks(waiting: Sequence[Pod], job: Job) -> str:
    if len(waiting) == 1:
        only = waiting[0]
        return f"rank {only.rank} waits" if only.rank is not None else f"pod {only.name} waits"
    return f"{len(waiting)} of {job.nodes} pods wait"


def _causes(job: Job, waiting: Sequence[Pod], around: Surroundings) -> Iterator[str]:
    """Yield what stands against the nodes that the pods ask for, each node counted once."""
    selector = {**_mapping(pod_spec(job).get("nodeSelector"))}
    health = selector.pop(HEALTH, None)
    chosen = [node for node in around.nodes if all(node.labels.get(key) == value for key, value in selector.items())]
    if not chosen:
        yield _none_such(selector, around.nodes)
        return
    asked = {name: quantity(amount) for name, amount in waiting[0].requests.items()}
    taken = asked_of_nodes(around.pods)
    ranked = {pod.node for pod in around.pods if pod.owner_uid and pod.owner_uid == waiting[0].owner_uid}
    reasons: defaultdict[str, list[str]] = defaultdict(list)
    for node in chosen:
        reason = _against(node, health, asked, taken.get(node.name, {}))
        if not reason and node.name in ranked:
            reason = "taken by a rank of this job already"
        reasons[reason].append(node.name)
    for reason, names in sorted(reasons.items(), key=lambda item: (item[0] == "", -len(item[1]))):
        if reason:
            verb = "is" if len(names) == 1 else "are"
            holders = f", there run {_some(_holders(names, around.pods))}" if reason.startswith(_BUSY) else ""
            yield f"{_nodes(len(names), len(chosen))} {verb} {reason} ({_some(names)}{holders})"
    free = len(reasons.get("", ()))
    if free:
        needed = len(waiting)
        yield f"{_nodes(free, len(chosen))} would have room" + (f", {needed} are needed" if needed > free else "")


def _against(node: KubernetesNode, health: str | None, asked: Mapping[str, float], taken: Mapping[str, float]) -> str:
    """Return what speaks against a node, empty when nothing does that is seen from here."""
    status = node.labels.get(HEALTH)
    if status in _IN_REPAIR:
        return f"`{status}`: {_IN_REPAIR[status]}"
    if health is not None and status != health:
        return f"`{status}`, not `{health}`" if status else f"without the label `{HEALTH}`, which the job asks for"
    if not node.ready:
        return "not ready"
    if node.unschedulable:
        return "cordoned"
    room = {name: quantity(amount) for name, amount in node.allocatable.items()}
    if small := [name for name, amount in asked.items() if amount > room.get(name, 0.0)]:
        return f"too small: the pod asks for {_compared(small[0], asked[small[0]], room.get(small[0], 0.0))}"
    busy = [name for name, amount in asked.items() if amount > room.get(name, 0.0) - taken.get(name, 0.0)]
    return f"{_BUSY}: other pods hold {', '.join(f'`{name}`' for name in busy)}" if busy else ""


def _holders(nodes: Sequence[str], pods: Iterable[Pod]) -> list[str]:
    """Return the jobs whose pods hold devices or most of the rest of some nodes, by name."""
    found: Counter[str] = Counter()
    for pod in pods:
        if pod.node in nodes and pod.phase not in ("Succeeded", "Failed"):
            name = next((pod.labels[label] for label in _NAMES if pod.labels.get(label)), None)
            if name:
                found[f"`{name}` of namespace `{pod.namespace}`"] += 1
    return [name for name, _ in found.most_common()] or ["pods of no job"]


def _none_such(selector: Mapping[str, Any], nodes: Iterable[KubernetesNode]) -> str:
    types = Counter(node.instance_type or "unknown" for node in nodes)
    there = ", ".join(f"{count} x {kind}" for kind, count in sorted(types.items())) or "none"
    wanted = selector.get(_TYPE)
    what = f"is an `{wanted}`" if wanted and len(selector) == 1 else f"has the labels {dict(selector)}"
    return f"no node {what}; the nodes: {there}"


def _compared(name: str, asked: float, room: float) -> str:
    if name in ("memory", "ephemeral-storage"):
        return f"{asked / 2**30:.1f} GiB of `{name}`, the node has {room / 2**30:.1f}"
    return f"{asked:g} of `{name}`, the node has {room:g}"


def _nodes(count: int, total: int) -> str:
    return f"{count} of {total} nodes" if total > 1 else "the only node"


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")  # noqa: PLR2004


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
