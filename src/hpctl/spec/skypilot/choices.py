"""What each node shall have: the parts of `resources` that alternatives may give each on its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from hpctl.catalog.instance_types import instance_type
from hpctl.errors import NotFoundError
from hpctl.spec.accelerators import name_of, satisfies
from hpctl.spec.job import Accelerator, Choice
from hpctl.spec.nodes import Entry, Node
from hpctl.spec.reading import Reading, shown
from hpctl.spec.skypilot import sizes
from hpctl.spec.skypilot.accelerators import accelerators
from hpctl.spec.yaml_values import is_null

KEYS = frozenset({"accelerators", "cpus", "memory", "instance_type", "disk_size", "network_tier"})

_CPUS = 2.0
_CPUS_OF_GPU = 4.0
"""What SkyPilot 0.14.1 asks for on Kubernetes when nothing is said; `memory: 4x` is counted from it."""


def choices(reading: Reading, found: Mapping[str, Entry]) -> tuple[Choice, ...]:
    """Read one alternative: one choice for each accelerator that it names, or a single one without."""
    devices = accelerators(reading, found["accelerators"].value) if "accelerators" in found else ()
    return tuple(_choices(reading, found, devices))


def _choices(reading: Reading, found: Mapping[str, Entry], devices: tuple[Accelerator, ...]) -> Iterator[Choice]:
    type_name = _instance_type(reading, found)
    cpus, disk, efa = _cpus(reading, found), _disk(reading, found), _efa(reading, found)
    for device in devices or (None,):
        if device and type_name and not _has(type_name, device):
            own = name_of(instance_type(type_name))
            has = f"`{own}`" if own else "no accelerator"
            reading.refuse(found["instance_type"].place, f"`{type_name}` has {has}, not `{device.name}`")
        yield Choice(
            accelerator=device,
            instance_type=type_name,
            cpus=cpus,
            memory_gib=_memory(reading, found, cpus or _default_cpus(device)),
            efa=efa,
            ephemeral_storage_gib=disk,
        )


def _has(type_name: str, device: Accelerator) -> bool:
    own = name_of(instance_type(type_name))
    return own is not None and satisfies(own, device.name)


def _default_cpus(device: Accelerator | None) -> float:
    return _CPUS if device is None else max(_CPUS, _CPUS_OF_GPU * device.count)


def _instance_type(reading: Reading, found: Mapping[str, Entry]) -> str | None:
    node = _given(found, "instance_type")
    text = reading.text(node) if node else None
    if node is None or text is None:
        return None
    try:
        return instance_type(text).name
    except NotFoundError as error:
        reading.refuse(node.place, f"{error.message}: {error.hint}")
        return None


def _cpus(reading: Reading, found: Mapping[str, Entry]) -> float | None:
    node = _given(found, "cpus")
    if node is None:
        return None
    value = sizes.count(reading.text(node) or "")
    if value is None:
        reading.refuse(node.place, f"{shown(node)} is not a number of CPUs, such as `4` or `4+`")
    return value


def _memory(reading: Reading, found: Mapping[str, Entry], cpus: float) -> float | None:
    node = _given(found, "memory")
    if node is None:
        return None
    text = reading.text(node) or ""
    for_each = sizes.times(text)
    value = sizes.decimal_gb(for_each * cpus) if for_each else sizes.gibibytes(text)
    if value is None:
        reading.refuse(node.place, f"{shown(node)} is not an amount of memory, such as `32`, `32+`, `64GB` or `4x`")
    return value


def _disk(reading: Reading, found: Mapping[str, Entry]) -> int | None:
    node = _given(found, "disk_size")
    if node is None:
        return None
    value = sizes.gibibytes(reading.text(node) or "")
    if value is None:
        reading.refuse(node.place, f"{shown(node)} is not a size of a disk, such as `256` (GB) or `1TB`")
        return None
    return sizes.whole_gib(value)


def _efa(reading: Reading, found: Mapping[str, Entry]) -> int | None:
    """Read `network_tier`: `best` is what hpctl does by itself, `standard` means no EFA."""
    node = _given(found, "network_tier")
    if node is None:
        return None
    return 0 if reading.word(node, ("standard", "best")) == "standard" else None


def _given(found: Mapping[str, Entry], key: str) -> Node | None:
    return found[key].value if key in found and not is_null(found[key].value) else None
