"""The groups that a spec asks for, with what the catalog says about their types."""

from __future__ import annotations

from hpctl.catalog.instance_types import InstanceType, instance_type
from hpctl.report.plan import PlannedGroup
from hpctl.spec.cluster import ClusterSpec
from hpctl.spec.groups import Group, InstanceGroup


def planned_groups(spec: ClusterSpec) -> tuple[PlannedGroup, ...]:
    """Return every group of the spec, in its order."""
    return tuple(_planned(spec, group) for group in spec.all_groups)


def _planned(spec: ClusterSpec, group: Group) -> PlannedGroup:
    network = spec.effective_network(group)
    known = instance_type(group.types[0])
    addresses = known.addresses(spec.kind_of_orchestrator)
    return PlannedGroup(
        name=group.name,
        instance_type=" | ".join(group.types),
        count=group.count,
        role=_role(group),
        accelerators=_accelerators(known, group.count),
        vcpus=_vcpus(known, group) * group.count,
        memory_gib=known.memory_gib * group.count,
        efa_interfaces=None if known.efa_interfaces is None else known.efa_interfaces * group.count,
        addresses=None if addresses is None else addresses * group.count,
        subnet_ids=network.subnet_ids if network else (),
    )


def _vcpus(known: InstanceType, group: Group) -> int:
    """The catalog counts all threads of a core; a group without `threads_per_core` gets one of them."""
    threads = max(known.threads_per_core or (1,))
    return known.vcpus * min(group.threads_per_core or 1, threads) // threads


def _role(group: Group) -> str | None:
    return str(group.slurm.node_type) if isinstance(group, InstanceGroup) and group.slurm else None


def _accelerators(known: InstanceType, count: int) -> str | None:
    if not known.accelerator_count:
        return None
    return f"{known.accelerator_count * count} x {known.accelerator_name}"
