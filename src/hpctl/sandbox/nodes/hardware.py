"""What nodes seem to be made of: devices and programs that tell of as many accelerators as their type has.

The devices are there to be counted; nothing comes of using them.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from hpctl.catalog.instance_types import InstanceType, instance_type
from hpctl.errors import NotFoundError
from hpctl.sandbox.nodes.layout import Outfit
from hpctl.terms import AcceleratorKind

if TYPE_CHECKING:
    from hpctl.sandbox.nodes.machine import Machine
    from hpctl.sandbox.nodes.views import ClusterView, NodeView

_BIN: Final = "/usr/local/bin"
"""Where shells look first."""

_SMI: Final = """#!/bin/sh
# Stands for NVIDIA's nvidia-smi, as far as GPUs are listed or asked for one value each.
for word in "$@"; do
    case $word in
        -L | --list-gpus) exec printf '%s\\n' {listed} ;;
        --query-gpu=*) fields=${{word#*=}} ;;
    esac
done
[ -n "$fields" ] || exec printf '%s\\n' {listed}
index=0
while [ "$index" -lt {count} ]; do
    row=
    for field in $(printf '%s' "$fields" | tr , ' '); do
        case $field in
            index) value=$index ;;
            uuid | gpu_uuid) value=$(printf 'GPU-{seed}-%04d' "$index") ;;
            name | gpu_name) value={name} ;;
            temperature.gpu) value=35 ;;
            driver_version) value=570.86.15 ;;
            remapped_rows.pending | remapped_rows.failure) value=No ;;
            *) value=0 ;;
        esac
        row="$row${{row:+, }}$value"
    done
    printf '%s\\n' "$row"
    index=$((index + 1))
done
"""


class Hardware:
    """Gives each node what its type has."""

    def outfit(self, node: NodeView) -> Outfit:
        """Return devices and programs."""
        try:
            kind = instance_type(node.instance_type)
        except NotFoundError:  # a type of tests alone
            return Outfit()
        return Outfit(files=dict(_programs(node, kind)), devices=dict.fromkeys(_devices(kind), "/dev/null"))

    async def booted(self, machine: Machine) -> None:
        """Nothing follows."""

    async def wanted(self, machine: Machine) -> None:
        """Nothing follows."""

    async def changed(self, clusters: tuple[ClusterView, ...]) -> None:
        """Nothing follows."""

    async def close(self) -> None:
        """Nothing is to be ended."""


def _devices(kind: InstanceType) -> Iterator[str]:
    name = {AcceleratorKind.NVIDIA: "nvidia", AcceleratorKind.NEURON: "neuron"}.get(kind.accelerator_kind)
    yield from (f"/dev/{name}{number}" for number in range(kind.accelerator_count) if name)
    yield from (f"/dev/infiniband/uverbs{number}" for number in range(kind.efa_interfaces or 0))


def _programs(node: NodeView, kind: InstanceType) -> Iterator[tuple[str, str]]:
    threads = node.spec.get("ThreadsPerCore", 1)
    cpus = kind.vcpus // max(kind.threads_per_core or (1,)) * threads
    yield f"{_BIN}/nproc", f"#!/bin/sh\n# Stands for the machine that the type promises.\necho {cpus}\n"
    if kind.accelerator_kind is AcceleratorKind.NVIDIA:
        yield f"{_BIN}/nvidia-smi", _smi(node, kind)


def _smi(node: NodeView, kind: InstanceType) -> str:
    seed, name = node.instance_id.removeprefix("i-")[:8], f"NVIDIA {kind.accelerator_name}"
    rows = (f"GPU {one}: {name} (UUID: GPU-{seed}-{one:04d})" for one in range(kind.accelerator_count))
    listed = " ".join(map(shlex.quote, rows))
    return _SMI.format(listed=listed, count=kind.accelerator_count, seed=seed, name=shlex.quote(name))
