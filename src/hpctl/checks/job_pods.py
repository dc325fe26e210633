"""The pods that a job would have, read out of its object whatever kind that is, and the nodes that they may go to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from hpctl.catalog.instance_types import InstanceType, instance_type
from hpctl.checks.live import HEALTH_LABEL, eks_of
from hpctl.errors import NotFoundError
from hpctl.facts.job_target import JobInCluster
from hpctl.facts.kubernetes import KubernetesNode
from hpctl.facts.quantities import quantity
from hpctl.facts.world import World
from hpctl.spec.manifest_pods import mapping, rows

EFA: Final = "vpc.amazonaws.com/efa"
GPU: Final = "nvidia.com/gpu"
NEURON: Final = ("aws.amazon.com/neuron", "aws.amazon.com/neuroncore", "aws.amazon.com/neurondevice")
"""Resources of the device plugins in AWS's chart; a Neuron plugin offers one or two of its names."""

TYPE_LABEL: Final = "node.kubernetes.io/instance-type"


@dataclass(frozen=True)
class PodTemplate:
    """Pods of one role: how many there are, their metadata and their spec."""

    role: str
    replicas: int
    metadata: Mapping[str, Any] = field(hash=False)
    spec: Mapping[str, Any] = field(hash=False)

    @property
    def containers(self) -> tuple[Mapping[str, Any], ...]:
        """The containers that run beside each other, as mappings."""
        return tuple(one for one in self.spec.get("containers") or () if isinstance(one, Mapping))

    @property
    def all_containers(self) -> tuple[Mapping[str, Any], ...]:
        """These and those that run before them."""
        before = self.spec.get("initContainers") or ()
        return (*(one for one in before if isinstance(one, Mapping)), *self.containers)

    @property
    def requests(self) -> dict[str, float]:
        """What one pod asks of its node: the sum over its containers; a limit alone is a request as well."""
        total: dict[str, float] = {}
        for one in self.containers:
            for resource, amount in requested(one).items():
                total[resource] = total.get(resource, 0.0) + amount
        return total

    @property
    def node_selector(self) -> dict[str, str]:
        """What is asked of the node's labels, but for HyperPod's health."""
        wanted = self.spec.get("nodeSelector") or {}
        return {str(key): str(value) for key, value in wanted.items() if key != HEALTH_LABEL}

    @property
    def volumes(self) -> tuple[Mapping[str, Any], ...]:
        """The volumes, as mappings."""
        return tuple(one for one in self.spec.get("volumes") or () if isinstance(one, Mapping))


def templates(target: JobInCluster) -> tuple[PodTemplate, ...]:
    """Return the pods of the job by their roles; none where nothing fits.

    Roles whose pods are alike are one: they compete for the same nodes, and what is wrong with them is told once.
    """
    found: list[PodTemplate] = []
    for one in _templates(target.job or {}):
        alike = next((place for place, other in enumerate(found) if other.spec == one.spec), None)
        if alike is None:
            found.append(one)
        else:
            other = found[alike]
            found[alike] = replace(other, role=f"{other.role} and {one.role}", replicas=other.replicas + one.replicas)
    return tuple(replace(one, role="pods") for one in found) if len(found) == 1 else tuple(found)


def requested(container: Mapping[str, Any]) -> dict[str, float]:
    """Return what a container asks of its node; what is no quantity is left to Kubernetes to refuse."""
    resources = container.get("resources") or {}
    wanted = {**(resources.get("limits") or {}), **(resources.get("requests") or {})}
    return {str(key): amount for key, value in wanted.items() if (amount := _amount(value)) is not None}


def environment(container: Mapping[str, Any]) -> dict[str, str]:
    """Return the variables whose values stand in the manifest."""
    rows = (one for one in container.get("env") or () if isinstance(one, Mapping))
    return {str(one["name"]): str(one["value"]) for one in rows if one.get("name") and one.get("value") is not None}


def nodes_for(template: PodTemplate, target: JobInCluster, world: World) -> tuple[KubernetesNode, ...]:
    """Return the nodes that the pods of a role may go to, well or not, full or not."""
    wanted, extended = template.node_selector, set(template.requests) & {GPU, *NEURON}
    return tuple(
        node
        for node in world.kubernetes_nodes(eks_of(target.live, world))
        if all(node.labels.get(key) == value for key, value in wanted.items())
        and all(offered(node, resource) > 0 for resource in extended)
    )


def offered(node: KubernetesNode, resource: str) -> float:
    """Return how much of a resource a node has for pods."""
    return _amount(node.allocatable.get(resource, "0")) or 0.0


def known_type(name: str | None) -> InstanceType | None:
    """Return what hpctl knows of an instance type, None where it knows nothing."""
    try:
        return instance_type(name or "")
    except NotFoundError:
        return None


def _templates(body: Mapping[str, Any]) -> Iterator[PodTemplate]:
    spec = body.get("spec")
    if not isinstance(spec, Mapping):
        return
    if isinstance(spec.get("containers"), list):
        yield PodTemplate("pod", 1, body.get("metadata") or {}, spec)
        return
    for key in ("pytorchReplicaSpecs", "mpiReplicaSpecs", "tfReplicaSpecs", "xgbReplicaSpecs", "paddleReplicaSpecs"):
        for role, replica in mapping(spec.get(key)).items():
            yield from _one(str(role), mapping(replica).get("replicas", 1), mapping(replica))
    for replica in map(mapping, rows(spec.get("replicaSpecs"))):
        yield from _one(str(replica.get("name", "pods")), replica.get("replicas", 1), replica)
    for replica in map(mapping, rows(spec.get("replicatedJobs"))):
        inner = mapping(mapping(replica.get("template")).get("spec"))
        count = _count(replica.get("replicas", 1)) * _count(inner.get("parallelism", 1))
        yield from _one(str(replica.get("name", "pods")), count, inner)
    if "template" in spec:
        yield from _one("pods", spec.get("parallelism", spec.get("replicas", 1)), spec)


def _one(role: str, replicas: object, holder: Mapping[str, Any]) -> Iterator[PodTemplate]:
    template = holder.get("template")
    if isinstance(template, Mapping) and isinstance(template.get("spec"), Mapping):
        yield PodTemplate(role, _count(replicas), template.get("metadata") or {}, template["spec"])


def _count(value: object) -> int:
    return value if isinstance(value, int) else 1


def _amount(value: object) -> float | None:
    try:
        return quantity(str(value))
    except ValueError:
        return None
