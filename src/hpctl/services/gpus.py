"""Count the accelerators of a cluster, and what of them a job can have now.

Sources: Kubernetes API reference (`status.allocatable`, scheduling by requests), the device plugins of NVIDIA, AWS
Neuron and AWS EFA, the labels of HyperPod on EKS (AWS documentation).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from hpctl.catalog.instance_types import InstanceType, instance_type
from hpctl.compile.fleet import (
    DEEP_CHECK_LABEL,
    EFA,
    GPU,
    HEALTH_LABEL,
    NEURON,
    NEURON_CORE,
    NEURON_DEVICE,
    SCHEDULABLE,
)
from hpctl.errors import AccessError, NotFoundError
from hpctl.facts.kubernetes import KubernetesNode
from hpctl.facts.ports import Ports
from hpctl.facts.quantities import quantity
from hpctl.report.gpus import AcceleratorListReport, AcceleratorNode, AcceleratorRow
from hpctl.services.job.where import Where
from hpctl.spec.accelerators import name_of

GROUP_LABEL: Final = "sagemaker.amazonaws.com/instance-group-name"
PRODUCT_LABEL: Final = "nvidia.com/gpu.product"
"""What NVIDIA's feature discovery calls the device: for nodes that do not tell their type."""
_MIG: Final = "nvidia.com/mig-"
_CHECKING: Final = "deep health check runs"
_WORDS: Final = {
    "UnschedulablePendingReplacement": "pending replacement",
    "UnschedulablePendingReboot": "pending reboot",
}
_BLIND: Final = "the pods of other namespaces cannot be seen: what is free is at most this"

Amounts = Mapping[str, float]


def list_accelerators(at: Where, ports: Ports) -> AcceleratorListReport:
    """Return the accelerators of an EKS cluster, by kind and by node.

    Raises:
        AccessError: the caller may list neither the nodes nor any pods.
    """
    nodes = ports.kubernetes.nodes(at.eks)
    requested, notices = _requested(at, ports)
    rows = sorted(
        (row for node in nodes for row in rows_of(node, requested.get(node.name, {}))),
        key=lambda row: (row.accelerator, row.instance_group or "", row.node),
    )
    return AcceleratorListReport(
        cluster=at.cluster, accelerators=tuple(by_kind(rows)), nodes=tuple(rows), notices=tuple(notices)
    )


def rows_of(node: KubernetesNode, requested: Amounts) -> Iterator[AcceleratorNode]:
    """Yield what a node offers, a row for each kind; one that lacks what its type has is there with nothing."""
    facts = facts_of(node.instance_type)
    offered = {name: quantity(text) for name, text in node.allocatable.items()}
    trouble = trouble_of(node)
    efa, efa_used = int(offered.get(EFA, 0)), int(requested.get(EFA, 0))
    for resource in _resources(offered, facts):
        total, used = _count(resource, offered, facts), _taken(resource, offered, requested, facts)
        missing = _missing(resource, total, facts)
        yield AcceleratorNode(
            node=node.name,
            accelerator=_name(resource, node, facts),
            resource=resource,
            instance_type=node.instance_type,
            instance_group=node.labels.get(GROUP_LABEL),
            total=total,
            used=used,
            free=0 if trouble else max(0, total - used),
            efa=efa,
            efa_free=0 if trouble else max(0, efa - efa_used),
            trouble=", ".join(filter(None, (trouble, missing))),
        )


def trouble_of(node: KubernetesNode) -> str:
    """Return why no further pod comes onto a node, in words; empty where one does."""
    health = node.labels.get(HEALTH_LABEL, SCHEDULABLE)
    words = []
    if not node.ready:
        words.append("not ready")
    if health != SCHEDULABLE:
        checking = node.labels.get(DEEP_CHECK_LABEL) == "InProgress"
        words.append(_WORDS.get(health) or (_CHECKING if checking else f"HyperPod says {health}"))
    if node.unschedulable:
        words.append("cordoned")
    return ", ".join(words)


def _requested(at: Where, ports: Ports) -> tuple[Mapping[str, Amounts], list[str]]:
    try:
        return ports.kubernetes.requested(at.eks, None), []
    except AccessError:
        return ports.kubernetes.requested(at.eks, at.namespace), [_BLIND]


def by_kind(rows: Iterable[AcceleratorNode]) -> Iterator[AcceleratorRow]:
    """Yield the sums over all nodes that have accelerators of a kind."""
    found: dict[str, list[AcceleratorNode]] = {}
    for row in rows:
        found.setdefault(row.accelerator, []).append(row)
    for name, ours in found.items():
        yield AcceleratorRow(
            accelerator=name,
            requestable=_requestable(row.total for row in ours),
            total=sum(row.total for row in ours),
            used=sum(row.used for row in ours),
            free=sum(row.free for row in ours),
            nodes=len(ours),
        )


def _requestable(totals: Iterable[int]) -> tuple[int, ...]:
    """Return the powers of two up to what a node has, and what a node has: what SkyPilot's `gpus list` shows."""
    found: set[int] = set()
    for total in set(totals):
        found.update({total, *(1 << power for power in range(total.bit_length()) if 1 << power <= total)} - {0})
    return tuple(sorted(found))


def _resources(offered: Amounts, facts: InstanceType | None) -> Iterator[str]:
    """Yield the keys that are counted: a Neuron chip once, though plugins offer its cores, too."""
    keys = [key for key in (NEURON, NEURON_DEVICE, NEURON_CORE) if offered.get(key)][:1]
    keys += [key for key in sorted(offered) if (key == GPU or key.startswith(_MIG)) and offered[key]]
    if not keys and facts is not None and facts.accelerator_count:
        keys = [next(iter(key for key in facts.kubernetes_resources if key != EFA), GPU)]
    yield from keys


def _count(resource: str, offered: Amounts, facts: InstanceType | None) -> int:
    amount = int(offered.get(resource, 0))
    return amount // _cores(offered, facts) if resource == NEURON_CORE else amount


def _taken(resource: str, offered: Amounts, requested: Amounts, facts: InstanceType | None) -> int:
    if resource not in (NEURON, NEURON_DEVICE, NEURON_CORE):
        return int(requested.get(resource, 0))
    whole = sum(int(requested.get(key, 0)) for key in (NEURON, NEURON_DEVICE))
    return whole + math.ceil(requested.get(NEURON_CORE, 0) / _cores(offered, facts))


def _cores(offered: Amounts, facts: InstanceType | None) -> int:
    """Return how many of the cores that the plugin counts a chip has."""
    cores = offered.get(NEURON_CORE, 0.0)
    chips = offered.get(NEURON) or offered.get(NEURON_DEVICE) or (facts.accelerator_count if facts else 0)
    return max(1, round(cores / chips)) if chips and cores else 1


def missing_of(total: int, facts: InstanceType | None) -> str:
    """Return how many accelerators a node lacks of those that its type has, in words; empty where it has them all."""
    if facts is None or total >= facts.accelerator_count:
        return ""
    return f"{facts.accelerator_count - total} of {facts.accelerator_count} missing"


def _missing(resource: str, total: int, facts: InstanceType | None) -> str:
    if resource.startswith(_MIG):
        return ""
    if facts is not None and facts.accelerator_count and not total:
        return f"no device plugin offers its {facts.accelerator_count}"
    return missing_of(total, facts)


def _name(resource: str, node: KubernetesNode, facts: InstanceType | None) -> str:
    known = name_of(facts) if facts else None
    if resource.startswith(_MIG):
        return f"{known or 'GPU'} {resource.removeprefix(_MIG)}"
    if known:
        return known
    return node.labels.get(PRODUCT_LABEL) or ("GPU" if resource == GPU else "Neuron")


def facts_of(name: str | None) -> InstanceType | None:
    """Return what the catalog knows of a type, None where nobody says which, or it is unknown."""
    try:
        return instance_type(name) if name is not None else None
    except NotFoundError:
        return None
