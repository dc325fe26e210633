"""The memory that one rank has: a GPU, or on Neuron a logical NeuronCore."""

from __future__ import annotations

from dataclasses import dataclass

from hpctl.catalog.instance_types import InstanceType
from hpctl.terms import AcceleratorKind

GIB = 1024**3


@dataclass(frozen=True, slots=True)
class Device:
    """What one rank computes on: `memory` in bytes, `per_node` how many a node has."""

    name: str
    kind: AcceleratorKind
    memory: float
    per_node: int

    @property
    def memory_gib(self) -> float:
        """Its memory in GiB."""
        return self.memory / GIB


def device_of(instance: InstanceType) -> Device | None:
    """The devices of an instance type; None where it has no accelerator, or nobody has published its memory.

    A logical NeuronCore has an equal part of its chip's memory (AWS Neuron SDK 2.32.0, hardware pages: 16 GiB on trn1,
    24 GiB on trn2 with LNC 2).
    """
    each = instance.accelerator_memory_gib
    if each is None or not instance.accelerator_count:
        return None
    name = instance.accelerator_name or instance.name
    if instance.accelerator_kind is AcceleratorKind.NEURON:
        cores = instance.logical_neuron_cores
        memory = each * GIB * instance.accelerator_count / cores
        return Device(f"logical NeuronCore of {name}", instance.accelerator_kind, memory, cores)
    return Device(name, instance.accelerator_kind, each * GIB, instance.accelerator_count)
