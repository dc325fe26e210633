"""The nodes of a cluster as a job can use them: by instance type, what they offer, what is taken.

Sources: Kubernetes API reference (`status.allocatable`), the labels and taints of HyperPod on EKS (AWS documentation),
the resource names of the NVIDIA, AWS Neuron and AWS EFA device plugins.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from hpctl.catalog.instance_types import InstanceType, instance_type
from hpctl.errors import NotFoundError
from hpctl.facts.kubernetes import KubernetesNode
from hpctl.facts.quantities import quantity
from hpctl.spec.accelerators import name_of

TYPE_LABEL: Final = "node.kubernetes.io/instance-type"
HEALTH_LABEL: Final = "sagemaker.amazonaws.com/node-health-status"
DEEP_CHECK_LABEL: Final = "sagemaker.amazonaws.com/deep-health-check-status"
SCHEDULABLE: Final = "Schedulable"
GPU: Final = "nvidia.com/gpu"
EFA: Final = "vpc.amazonaws.com/efa"
NEURON: Final = "aws.amazon.com/neuron"
NEURON_DEVICE: Final = "aws.amazon.com/neurondevice"
NEURON_CORE: Final = "aws.amazon.com/neuroncore"
CPU: Final = "cpu"
MEMORY: Final = "memory"
STORAGE: Final = "ephemeral-storage"
HUGE_PAGES: Final = "hugepages-2Mi"
GIB: Final = 1024.0**3
SYSTEM_SHARE: Final = 0.05
"""What is left of CPU and memory for the pods that every node has: DaemonSets of the network, of device plugins."""
_QUIET: Final = 0.25
ACCELERATOR_KEYS: Final = (GPU, NEURON, NEURON_DEVICE, NEURON_CORE)
"""What a node may offer its accelerators as; chips before cores."""


@dataclass(frozen=True)
class Machine:
    """A node, and how much of it the pods that are there have asked for."""

    node: KubernetesNode
    used: Mapping[str, float] = field(default_factory=dict)

    @cached_property
    def offered(self) -> Mapping[str, float]:
        """What all of its pods together can ask for; CPU and memory of the catalog where the node does not say."""
        told = {name: quantity(text) for name, text in self.node.allocatable.items()}
        facts = _facts(self.node.instance_type)
        if facts is None:
            return told
        return {CPU: facts.allocatable_cpu, MEMORY: facts.allocatable_memory_gib * GIB, **told}

    @cached_property
    def free(self) -> Mapping[str, float]:
        """What of it nobody has asked for."""
        return {name: amount - self.used.get(name, 0.0) for name, amount in self.offered.items()}

    @property
    def healthy(self) -> bool:
        """Whether pods are let onto it: it is ready, not cordoned, and HyperPod has nothing against it."""
        status = self.node.labels.get(HEALTH_LABEL, SCHEDULABLE)
        return self.node.ready and not self.node.unschedulable and status == SCHEDULABLE


@dataclass(frozen=True)
class Pool:
    """Nodes among which a job may choose: those of one instance type, or (None) of any."""

    instance_type: str | None
    machines: tuple[Machine, ...]

    @cached_property
    def facts(self) -> InstanceType | None:
        """What the catalog knows of the type."""
        return _facts(self.instance_type)

    @property
    def accelerator_name(self) -> str | None:
        """The accelerator as jobs ask for it."""
        return name_of(self.facts) if self.facts else None

    @cached_property
    def resource(self) -> str | None:
        """The key that the nodes offer their accelerators by; None while no device plugin runs on any of them."""
        return next((key for key in ACCELERATOR_KEYS if self._most(key) > 0), None)

    @property
    def accelerators(self) -> int:
        """How many of `resource` a node has."""
        return self._most(self.resource) if self.resource else 0

    @property
    def devices(self) -> int:
        """How many devices a node has; chips on Neuron."""
        if self.resource != NEURON_CORE:
            return self.accelerators
        return self.facts.accelerator_count if self.facts else 1

    @property
    def units_per_device(self) -> int:
        """How many of `resource` a device counts as: cores where the plugin offers those."""
        return max(1, self.accelerators // max(1, self.devices)) if self.resource == NEURON_CORE else 1

    @property
    def processes_per_device(self) -> int:
        """How many training processes a device takes: one a GPU, one a logical NeuronCore."""
        cores = self._most(NEURON_CORE) or (self.facts.logical_neuron_cores if self.facts else 0)
        on_neuron = self.resource in {NEURON, NEURON_DEVICE, NEURON_CORE}
        return max(1, cores // max(1, self.devices)) if on_neuron else 1

    @property
    def efa(self) -> int:
        """How many EFA interfaces a node offers."""
        return self._most(EFA)

    @property
    def plain_types(self) -> tuple[str, ...]:
        """The types without accelerators, where there are others too: CPU jobs leave those to whom they are for."""
        kinds = pools_of(self.machines)
        plain = [
            one.instance_type for one in kinds if one.instance_type and not one.accelerators and not one.has_devices
        ]
        return tuple(sorted(plain)) if len(plain) < len(kinds) else ()

    @property
    def has_devices(self) -> bool:
        """Whether the type has accelerators, whatever its nodes offer."""
        return self.facts is not None and self.facts.accelerator_count > 0

    def amount(self, resource: str, nodes: int) -> float:
        """Return how much of CPU, memory or disk so many nodes have at least, the healthy ones if there are any."""
        return self._of_best([one.offered.get(resource, 0.0) for one in self._preferred()], nodes)

    def spare(self, resource: str, nodes: int) -> float:
        """Return `amount` without what the pods that are on every node take."""
        return self._of_best([_spare(one, resource) for one in self._preferred()], nodes)

    def _preferred(self) -> list[Machine]:
        return [one for one in self.machines if one.healthy] or list(self.machines)

    @staticmethod
    def _of_best(amounts: list[float], nodes: int) -> float:
        rows = sorted(amounts, reverse=True)
        return rows[min(nodes, len(rows)) - 1] if rows else 0.0

    def _most(self, resource: str) -> int:
        """The largest count counts: a node that offers less has lost a device."""
        return int(max((one.offered.get(resource, 0.0) for one in self.machines), default=0.0))


def pools_of(machines: Iterable[Machine]) -> tuple[Pool, ...]:
    """Return the nodes by instance type; those that do not tell their type are left out."""
    rows: dict[str, list[Machine]] = {}
    for one in machines:
        if one.node.instance_type is not None:
            rows.setdefault(one.node.instance_type, []).append(one)
    return tuple(Pool(name, tuple(found)) for name, found in rows.items())


def _spare(machine: Machine, resource: str) -> float:
    total, used = machine.offered.get(resource, 0.0), machine.used.get(resource, 0.0)
    rest = total * (1 - SYSTEM_SHARE)
    # A node where more is taken runs jobs already, which are gone some day.
    return min(rest, total - used) if used <= total * _QUIET else rest


def _facts(name: str | None) -> InstanceType | None:
    try:
        return instance_type(name) if name is not None else None
    except NotFoundError:
        return None
