"""What a job compiles to, and what is known by then."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hpctl.facts.jobs import ObjectKind
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


@dataclass(frozen=True, slots=True)
class Payload:
    """What goes along with a job and stands in no file: `secrets` are values by name, `archives` gzipped tars by the
    path that they are unpacked to (the working directory and local mounts). `run_id` names this submission.
    """

    run_id: str
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False, hash=False)
    archives: Mapping[str, bytes] = field(default_factory=dict, repr=False, hash=False)
    user: str = ""


@dataclass(frozen=True, slots=True)
class Manifest:
    """One object to create."""

    kind: ObjectKind
    body: Mapping[str, Any] = field(hash=False)

    @property
    def name(self) -> str:
        """The object's name."""
        return str(self.body["metadata"]["name"])


@dataclass(frozen=True, slots=True)
class Bundle:
    """A job's objects in the order of creation: what its pods need, then the job itself, which comes to own them."""

    job: Manifest
    before: tuple[Manifest, ...] = ()
    notices: tuple[str, ...] = ()
