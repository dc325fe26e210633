"""The page of instance types, from the catalog."""

from __future__ import annotations

from collections.abc import Iterator

from hpctl.catalog.instance_types import InstanceType, instance_types
from hpctl.terms import AcceleratorKind, Orchestrator
from tools.pages.markdown import code, page, sections, table

INTRODUCTION = """\
Every instance type that HyperPod's CreateCluster takes. `hpctl instances describe TYPE -o wide` shows more of
each, with the source of every fact. An empty cell is a fact that nobody has published.

*Threads* are the values that `threads_per_core` may have. *Addresses* are the IPv4 addresses of the subnet that one
node takes on EKS and on Slurm. Memory is in GiB, the network's peak in Gbit/s."""

HEADERS = ("type", "vCPU", "memory", "accelerators", "EFA", "network", "threads", "addresses EKS / Slurm")
TITLES = {
    AcceleratorKind.NVIDIA: "NVIDIA GPUs",
    AcceleratorKind.NEURON: "AWS Trainium and Inferentia",
    AcceleratorKind.NONE: "Without accelerators",
}


def instance_type_table() -> str:
    """Return the page."""
    return page("Instance types", "`hpctl/catalog/instance_types.json`", INTRODUCTION, sections(_kinds()))


def _kinds() -> Iterator[tuple[str, Iterator[str]]]:
    for kind, title in TITLES.items():
        rows = (_row(one) for one in instance_types() if one.accelerator_kind is kind)
        yield title, iter((table(HEADERS, rows),))


def _row(one: InstanceType) -> tuple[object, ...]:
    eks, slurm = one.addresses(Orchestrator.EKS), one.addresses(Orchestrator.SLURM)
    return (
        code(one.name),
        one.vcpus,
        _number(one.memory_gib),
        f"{one.accelerator_count} x {one.accelerator_name}" if one.accelerator_count else "",
        one.efa_interfaces if one.has_efa else 0,
        _number(one.network_gbps),
        ", ".join(map(str, one.threads_per_core or ())),
        f"{eks} / {slurm}" if eks and slurm else "",
    )


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:g}"
