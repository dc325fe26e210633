"""Every instance type that CreateCluster takes, with what a cluster's author must know about it.

The names are botocore's ClusterInstanceType; each fact names its source. A fact that nobody has
published is `None`, never a guess.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from hpctl.catalog.nearest import nearest
from hpctl.catalog.reservation import allocatable_cpu, allocatable_memory_gib
from hpctl.errors import NotFoundError
from hpctl.terms import AcceleratorKind, Orchestrator

__all__ = ["InstanceType", "instance_type", "instance_types"]


@dataclass(frozen=True)
class InstanceType:
    """The facts about one instance type; `None` is unknown.

    `vcpus` counts with all threads on: a group with `ThreadsPerCore` 1 on a type that has two shows
    half. `accelerator_memory_gib` is for one accelerator (also `None` where there is none).
    `logical_neuron_cores` are those that Kubernetes and the Neuron runtime count by default.
    `efa_interfaces` is the most that one instance can have, `ipv4_per_interface` the IPv4 addresses
    of one network interface, `network_gbps` the peak in Gbit/s, `local_nvme_gb` decimal GB.
    """

    name: str
    vcpus: int
    memory_gib: float
    threads_per_core: tuple[int, ...] | None
    architecture: str
    accelerator_kind: AcceleratorKind
    accelerator_name: str | None
    accelerator_count: int
    accelerator_memory_gib: float | None
    physical_neuron_cores: int
    logical_neuron_cores: int
    network_cards: int | None
    has_efa: bool
    efa_interfaces: int | None
    ipv4_per_interface: int | None
    network_gbps: float | None
    local_nvme_gb: int | None
    sources: Mapping[str, str] = field(repr=False, hash=False)

    @property
    def ec2_name(self) -> str:
        """EC2's name: without `ml.` (the Kubernetes label `node.kubernetes.io/instance-type` keeps it)."""
        return self.name.removeprefix("ml.")

    @property
    def family(self) -> str:
        """What stands before the size: `p5`, `p6-b200`, `g6e`."""
        return self.ec2_name.partition(".")[0]

    @property
    def supports_deep_health_checks(self) -> bool:
        """Whether `OnStartDeepHealthChecks` may be asked of it: GPU and Trainium types (AWS documentation)."""
        return self.accelerator_kind is not AcceleratorKind.NONE

    @property
    def max_pods(self) -> int | None:
        """The most pods on a node: HyperPod gives pods one network interface, whose first address is the node's.

        Source: AWS documentation (HyperPod on EKS); with VPC CNI's prefix delegation there are more.
        """
        return None if self.ipv4_per_interface is None else self.ipv4_per_interface - 1

    def addresses(self, orchestrator: Orchestrator) -> int | None:
        """IPv4 addresses of the subnet that one node takes.

        Slurm: one for each network card. EKS: all of the pods' interface, one for each further card.
        Source: AWS documentation (p5.48xlarge 32 and 81, p4d.24xlarge 4 and 53), computed from EC2's data.
        """
        if self.network_cards is None or self.ipv4_per_interface is None:
            return None
        match orchestrator:
            case Orchestrator.SLURM:
                return self.network_cards
            case Orchestrator.EKS:
                return self.ipv4_per_interface + self.network_cards - 1

    @property
    def kubernetes_resources(self) -> Mapping[str, int]:
        """The extended resources that a node offers once the device plugins run.

        An unknown count is left out. Source of the names: the NVIDIA, AWS Neuron and AWS EFA device
        plugins of the HyperPod Helm chart; a Neuron plugin may offer only one of its two.
        """
        counts = {
            "nvidia.com/gpu": self.accelerator_count if self.accelerator_kind is AcceleratorKind.NVIDIA else 0,
            "aws.amazon.com/neuron": self.accelerator_count if self.accelerator_kind is AcceleratorKind.NEURON else 0,
            "aws.amazon.com/neuroncore": self.logical_neuron_cores,
            "vpc.amazonaws.com/efa": self.efa_interfaces or 0,
        }
        return {name: count for name, count in counts.items() if count}

    @property
    def allocatable_cpu(self) -> float:
        """How many vCPUs pods of one node can request together (all threads on); see `catalog.reservation`."""
        return allocatable_cpu(self.vcpus)

    @property
    def allocatable_memory_gib(self) -> float:
        """How many GiB pods of one node can request together; see `catalog.reservation`."""
        return allocatable_memory_gib(self.memory_gib)


@cache
def instance_type(name: str) -> InstanceType:
    """The facts about `name`, such as `ml.p5.48xlarge`.

    Raises NotFoundError, with what to take instead, for a type that CreateCluster does not take.
    """
    row = _catalog()["instance_types"].get(name)
    if row is None:
        message = f"`{name}` is not a HyperPod instance type"
        raise NotFoundError(message, hint=_hint(name))
    threads = row["threads_per_core"]
    facts = row | {
        "accelerator_kind": AcceleratorKind(row["accelerator_kind"]),
        "threads_per_core": None if threads is None else tuple(threads),
        "sources": _sources(row),
    }
    return InstanceType(name=name, **facts)


@cache
def instance_types() -> tuple[InstanceType, ...]:
    """All of them: by family, then by size."""
    return tuple(instance_type(name) for name in _catalog()["instance_types"])


def _sources(row: Mapping[str, Any]) -> Mapping[str, str]:
    texts, keys = _catalog()["sources"], row["sources"]
    known = (fact for fact, value in row.items() if fact != "sources" and value is not None)
    return MappingProxyType({fact: texts[keys.get(fact, keys.get("*"))] for fact in known})


def _hint(name: str) -> str:
    catalog = _catalog()
    full = name if name.startswith("ml.") else f"ml.{name}"
    if full in catalog["instance_types"]:
        return f"HyperPod's types begin with `ml.`: `{full}`"
    for prefix, advice in catalog["not_hyperpod"].items():
        if full.startswith(prefix):
            return str(advice)
    close = nearest(full, catalog["instance_types"])
    if not close:
        return "`hpctl instances list` shows all types"
    return f"nearest: {', '.join(f'`{one}`' for one in close)}; `hpctl instances list` shows all types"


@cache
def _catalog() -> dict[str, dict[str, Any]]:
    text = (files("hpctl.catalog") / "instance_types.json").read_text(encoding="utf-8")
    catalog: dict[str, dict[str, Any]] = json.loads(text)
    return catalog
