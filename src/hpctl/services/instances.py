"""Facts about instance types, from the catalog."""

from __future__ import annotations

from hpctl.catalog.instance_types import InstanceType, instance_type, instance_types
from hpctl.report.instance import InstanceTypeFacts, InstanceTypeListReport, InstanceTypeReport
from hpctl.terms import AcceleratorKind, Orchestrator


def list_instance_types(*, contains: str = "", accelerator: AcceleratorKind | None = None) -> InstanceTypeListReport:
    """Return the types whose name contains `contains`, of one kind of accelerator or of all."""
    rows = (
        facts(known)
        for known in instance_types()
        if contains in known.name and accelerator in (None, known.accelerator_kind)
    )
    return InstanceTypeListReport(instance_types=tuple(rows))


def describe_instance_type(name: str) -> InstanceTypeReport:
    """Return one type in full; `NotFoundError` names the nearest when HyperPod does not take it."""
    return InstanceTypeReport(instance_type=facts(instance_type(name)))


def facts(known: InstanceType) -> InstanceTypeFacts:
    """Return the catalog's entry as a report row."""
    return InstanceTypeFacts(
        instance_type=known.name,
        architecture=known.architecture,
        vcpus=known.vcpus,
        memory_gib=known.memory_gib,
        threads_per_core=known.threads_per_core or (),
        accelerator_kind=known.accelerator_kind,
        accelerator=known.accelerator_name,
        accelerator_count=known.accelerator_count,
        accelerator_memory_gib=known.accelerator_memory_gib,
        neuron_cores=known.physical_neuron_cores or None,
        network_gbps=known.network_gbps,
        network_cards=known.network_cards,
        efa_interfaces=known.efa_interfaces,
        ipv4_per_interface=known.ipv4_per_interface,
        addresses_eks=known.addresses(Orchestrator.EKS),
        addresses_slurm=known.addresses(Orchestrator.SLURM),
        max_pods=known.max_pods,
        local_nvme_gb=known.local_nvme_gb,
        allocatable_cpu=known.allocatable_cpu,
        allocatable_memory_gib=known.allocatable_memory_gib,
        kubernetes_resources=dict(known.kubernetes_resources),
        deep_health_checks=known.supports_deep_health_checks,
        sources=dict(known.sources),
    )
