"""Instance types."""

from __future__ import annotations

from collections.abc import Iterator

from hpctl.render.page import WIDE, Aside, Cell, Column, Fields, Piece, Style, Styled, Table
from hpctl.render.words import known, listed
from hpctl.report.instance import InstanceTypeFacts, InstanceTypeListReport, InstanceTypeReport


def instance_type_list(report: InstanceTypeListReport) -> Iterator[Piece]:
    """Yield one row a type."""
    if not report.instance_types:
        yield Aside("no such instance types")
        return
    yield Table(
        (
            Column("NAME"),
            Column("VCPU", drop=2, align=">"),
            Column("MEMORY", drop=3, align=">"),
            Column("ACCELERATORS", drop=1, least=20),
            Column("EFA", drop=5, align=">"),
            Column("IPS EKS/SLURM", drop=4, align=">"),
            Column("NETWORK", WIDE, align=">"),
            Column("NVME", WIDE, align=">"),
            Column("THREADS/CORE", WIDE),
            Column("DEEP HEALTH CHECKS", WIDE),
        ),
        [
            (
                row.instance_type,
                known(row.vcpus),
                _unit(row.memory_gib, "GiB"),
                _accelerators(row),
                known(row.efa_interfaces),
                f"{known(row.addresses_eks)}/{known(row.addresses_slurm)}",
                _unit(row.network_gbps, "Gbit/s"),
                _unit(row.local_nvme_gb, "GB"),
                listed(row.threads_per_core),
                known(row.deep_health_checks),
            )
            for row in report.instance_types
        ],
    )


def instance_type(report: InstanceTypeReport) -> Iterator[Piece]:
    """Yield every fact about one type."""
    yield Fields([(label, cell) for label, cell, _ in _facts(report.instance_type)])


def instance_type_wide(report: InstanceTypeReport) -> Iterator[Piece]:
    """Yield every fact about one type, and where it comes from."""
    sources = report.instance_type.sources
    yield Table(
        (Column("FACT"), Column("VALUE"), Column("SOURCE")),
        [(label, cell, known(_source(sources, fields))) for label, cell, fields in _facts(report.instance_type)],
    )


def _facts(row: InstanceTypeFacts) -> Iterator[tuple[str, Cell, tuple[str, ...]]]:
    """Yield label, value and the fields that it is made of."""
    yield "Name", Styled(row.instance_type, Style.BOLD), ("instance_type",)
    yield "Architecture", known(row.architecture), ("architecture",)
    yield "vCPU", known(row.vcpus), ("vcpus",)
    yield "Threads per core", listed(row.threads_per_core), ("threads_per_core",)
    yield "Memory", _unit(row.memory_gib, "GiB"), ("memory_gib",)
    yield "Accelerators", _accelerators(row), ("accelerator", "accelerator_count", "accelerator_kind")
    if row.accelerator_count:
        yield "Accelerator memory", _unit(row.accelerator_memory_gib, "GiB each"), ("accelerator_memory_gib",)
    if row.accelerator_kind == "neuron":
        yield "Neuron cores", known(row.neuron_cores), ("neuron_cores",)
    yield "Network", _unit(row.network_gbps, "Gbit/s"), ("network_gbps",)
    yield "Network cards", known(row.network_cards), ("network_cards",)
    yield "EFA interfaces", known(row.efa_interfaces), ("efa_interfaces",)
    yield "IPv4 per interface", known(row.ipv4_per_interface), ("ipv4_per_interface",)
    yield "Addresses on EKS", known(row.addresses_eks), ("addresses_eks",)
    yield "Addresses on Slurm", known(row.addresses_slurm), ("addresses_slurm",)
    yield "Pods at most", known(row.max_pods), ("max_pods",)
    yield "Local NVMe", _unit(row.local_nvme_gb, "GB"), ("local_nvme_gb",)
    yield "Allocatable CPU", known(row.allocatable_cpu), ("allocatable_cpu",)
    yield "Allocatable memory", _unit(row.allocatable_memory_gib, "GiB"), ("allocatable_memory_gib",)
    resources = (f"{name}: {count}" for name, count in row.kubernetes_resources.items())
    yield "Kubernetes resources", listed(resources), ("kubernetes_resources",)
    yield "Deep health checks", known(row.deep_health_checks), ("deep_health_checks",)


def _source(sources: dict[str, str], fields: tuple[str, ...]) -> str | None:
    return next((sources[field] for field in fields if field in sources), None)


def _accelerators(row: InstanceTypeFacts) -> str:
    if row.accelerator_count == 0:
        return "-"
    return f"{row.accelerator_count} x {row.accelerator or row.accelerator_kind}"


def _unit(value: float | None, unit: str) -> str:
    return "-" if value is None else f"{known(value)} {unit}"
