"""Facts about instance types."""

from __future__ import annotations

from typing import Literal

from hpctl.report.base import Part, Report


class InstanceTypeFacts(Part):
    """What the catalog knows of one instance type; null where nobody has published the fact."""

    instance_type: str
    architecture: str | None
    vcpus: int | None
    memory_gib: float | None
    threads_per_core: tuple[int, ...]
    accelerator_kind: str
    accelerator: str | None
    accelerator_count: int
    accelerator_memory_gib: float | None
    neuron_cores: int | None
    network_gbps: float | None
    network_cards: int | None
    efa_interfaces: int | None
    ipv4_per_interface: int | None
    addresses_eks: int | None
    addresses_slurm: int | None
    max_pods: int | None
    local_nvme_gb: float | None
    allocatable_cpu: float | None
    allocatable_memory_gib: float | None
    kubernetes_resources: dict[str, int]
    deep_health_checks: bool
    sources: dict[str, str]


class InstanceTypeListReport(Report):
    """Instance types that HyperPod offers."""

    kind: Literal["InstanceTypeList"] = "InstanceTypeList"
    instance_types: tuple[InstanceTypeFacts, ...]

    def names(self) -> tuple[str, ...]:
        """Return the type names."""
        return tuple(row.instance_type for row in self.instance_types)


class InstanceTypeReport(Report):
    """One instance type in full."""

    kind: Literal["InstanceType"] = "InstanceType"
    instance_type: InstanceTypeFacts

    def names(self) -> tuple[str, ...]:
        """Return the type's name."""
        return (self.instance_type.instance_type,)
