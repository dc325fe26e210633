"""One node from inside: its GPUs, Neuron devices and EFA devices, against what its type has."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from hpctl.checks.declare import check, fail, warn
from hpctl.checks.node_inside import READS, care, inside, node_of, on_it, subject, type_of
from hpctl.errors import UnavailableError
from hpctl.facts.live_targets import NodeInside
from hpctl.facts.world import World
from hpctl.report.check import Finding
from hpctl.terms import AcceleratorKind

_XID: Final = re.compile(r"NVRM: Xid \([^)]*\): (?P<code>\d+)")
_REPLACED: Final = {
    48: "an uncorrectable error of memory",
    64: "a row of memory that cannot be remapped",
    74: "an error of NVLink",
    79: "it fell off the bus",
    95: "an uncontained error of memory",
}
_REBOOTED: Final = {
    63: "a row of memory is to be remapped",
    94: "a contained error of memory",
    119: "its firmware (GSP) does not answer",
    120: "its firmware (GSP) failed",
}
"""Xid codes that tell of hardware (NVIDIA, "XID Errors"); others are told of by programs that went wrong."""

_HOT_C: Final = 88


@check("node-gpu-count", "the node has the GPUs of its type", reads=READS, blocking=False)
def gpu_count(live: NodeInside, world: World) -> Iterator[Finding]:
    """A GPU that the driver has lost does not come back by itself: a reboot may help, a replacement does."""
    kind = type_of(live, world)
    if kind is None or kind.accelerator_kind != AcceleratorKind.NVIDIA:
        return
    seen = inside(live, world)
    remedy = f"{care(live, 'reboot')}\nif it stays so: {care(live, 'replace')}"
    if seen.gpus is None:
        said = f"said: {seen.gpu_trouble}" if seen.gpu_trouble else "said: nothing"
        yield fail(subject(live), "`nvidia-smi` does not work", said, remedy=remedy)
    elif len(seen.gpus) != kind.accelerator_count:
        there = f"there: {', '.join(gpu.index for gpu in seen.gpus) or 'none'}"
        message = f"has {len(seen.gpus)} GPUs, and its type {kind.accelerator_count}"
        yield fail(subject(live), message, there, f"type: {kind.name}", remedy=remedy)


@check("node-gpu-ecc", "the memory of the GPUs is sound", needs=("node-gpu-count",), reads=READS, blocking=False)
def gpu_ecc(live: NodeInside, world: World) -> Iterator[Finding]:
    """An error that could not be corrected ends the program that meets it; a row that cannot be remapped stays bad."""
    for gpu in inside(live, world).gpus or ():
        who = f"GPU {gpu.index} ({gpu.uuid})"
        if gpu.remapping_failed:
            yield fail(subject(live), f"{who}: a row of memory cannot be remapped", remedy=care(live, "replace"))
        elif gpu.uncorrected:
            count = f"uncorrected errors since the driver was loaded: {gpu.uncorrected}"
            yield fail(subject(live), f"{who}: errors of memory", count, remedy=care(live, "replace"))
        elif gpu.remapping_pending:
            yield warn(subject(live), f"{who}: a row of memory is to be remapped", remedy=care(live, "reboot"))


@check("node-gpu-xid", "the kernel tells of no broken GPU", reads=READS, blocking=False)
def gpu_xid(live: NodeInside, world: World) -> Iterator[Finding]:
    """The driver writes what goes wrong into the kernel's log, with a code (Xid). Some mean hardware.

    Codes that programs cause by themselves, such as 13 and 31, are left out.
    """
    kind = type_of(live, world)
    if kind is None or kind.accelerator_kind != AcceleratorKind.NVIDIA:
        return
    seen = inside(live, world)
    if "kernel" in seen.out_of_reach:
        raise UnavailableError("the kernel's log cannot be read on the node")
    lines = {int(found["code"]): line for line in seen.kernel if (found := _XID.search(line))}
    for code, line in lines.items():
        if code in _REPLACED:
            yield fail(subject(live), f"Xid {code}: {_REPLACED[code]}", line, remedy=care(live, "replace"))
        elif code in _REBOOTED:
            yield warn(subject(live), f"Xid {code}: {_REBOOTED[code]}", line, remedy=care(live, "reboot"))


@check("node-gpu-thermal", "the GPUs are cool", needs=("node-gpu-count",), reads=READS, blocking=False)
def gpu_thermal(live: NodeInside, world: World) -> Iterator[Finding]:
    """A GPU that is too hot clocks down, and all ranks wait for it."""
    for gpu in inside(live, world).gpus or ():
        if gpu.temperature_c is not None and gpu.temperature_c >= _HOT_C:
            remedy = (
                f"{on_it(live, 'nvidia-smi -q -d PERFORMANCE,TEMPERATURE')}\nif it stays so: {care(live, 'replace')}"
            )
            yield warn(subject(live), f"GPU {gpu.index} has {gpu.temperature_c} degrees", remedy=remedy)


@check("node-neuron-devices", "the node has the Neuron devices of its type", reads=READS, blocking=False)
def neuron_devices(live: NodeInside, world: World) -> Iterator[Finding]:
    """Without the kernel's module there is no device; with it there is one for each chip."""
    kind = type_of(live, world)
    if kind is None or kind.accelerator_kind != AcceleratorKind.NEURON:
        return
    count = len(inside(live, world).neuron_devices)
    if count != kind.accelerator_count:
        remedy = f"{on_it(live, 'modprobe neuron')}\nif it stays so: {care(live, 'replace')}"
        message = f"has {count} Neuron devices, and its type {kind.accelerator_count}"
        yield fail(subject(live), message, f"type: {kind.name}", remedy=remedy)


@check("node-efa-device", "the node has the EFA devices of its type", reads=READS, blocking=False)
def efa_device(live: NodeInside, world: World) -> Iterator[Finding]:
    """Without EFA, nodes talk over TCP: many times slower, where they do not wait for each other for ever.

    A node without a single device is broken; one that has fewer than its type offers may have been made so.
    """
    kind = type_of(live, world)
    if kind is None or not kind.has_efa or kind.accelerator_kind == AcceleratorKind.NONE:
        return
    count = len(inside(live, world).efa_devices)
    wanted = kind.efa_interfaces
    about = f"{node_of(live, world).instance_type}: up to {wanted if wanted is not None else 'an unknown count'}"
    if not count:
        remedy = f"{care(live, 'reboot')}\nif it stays so: {care(live, 'replace')}"
        yield fail(subject(live), "has no EFA device", about, remedy=remedy)
    elif wanted is not None and count < wanted:
        yield warn(subject(live), f"has {count} EFA devices of {wanted}", about, remedy=on_it(live, "fi_info -p efa"))
