"""Where each node of a job goes: decided once, then judged, shown and compiled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from hpctl.spec.job import Choice


@dataclass(frozen=True, slots=True)
class Placement:
    """Where each node of a job goes, and what it asks for there: decided once, shown, judged and compiled.

    `instance_type` keeps its `ml.`; None where the job takes any node. `accelerator_resource` is the key that the
    nodes offer (`nvidia.com/gpu`, `aws.amazon.com/neuron`, …), `accelerators` how many of it, `devices` what the
    scripts are told (chips on Neuron), `processes` how many torchrun starts on each node. `candidates` are the names of
    nodes of that type, healthy or not. `selector` and `avoid` are what the pods ask of their node's labels: to have a
    value, and to have none of several; `preferred_types` are the types that they rather go to. `huge_pages_mib` is of
    pages of 2 MiB, `storage_gib` of the node's disk; 0 is not to ask.
    """

    choice: Choice
    instance_type: str | None
    accelerator_resource: str | None = None
    accelerators: int = 0
    devices: int = 0
    efa: int = 0
    cpus: float = 0.5
    memory_gib: float = 1.0
    whole_node: bool = False
    candidates: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()
    accelerator_name: str | None = None
    processes: int = 1
    selector: Mapping[str, str] = field(default_factory=dict, hash=False)
    avoid: Mapping[str, tuple[str, ...]] = field(default_factory=dict, hash=False)
    preferred_types: tuple[str, ...] = ()
    huge_pages_mib: int = 0
    storage_gib: int = 0
