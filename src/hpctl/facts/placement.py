"""Where each node of a job goes: decided once, then judged, shown and compiled."""

from __future__ import annotations

from dataclasses import dataclass

from hpctl.spec.job import Choice


@dataclass(frozen=True, slots=True)
class Placement:
    """Where each node of a job goes, and what it asks for there: decided once, shown, judged and compiled.

    `instance_type` keeps its `ml.`; None where the job takes any node. `accelerator_resource` is the key that the
    nodes offer (`nvidia.com/gpu`, `aws.amazon.com/neuron`, …), `accelerators` how many of it, `devices` what the
    scripts are told (chips on Neuron). `candidates` are the names of nodes of that type, healthy or not.
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
