"""Wishes for jobs, and clusters to place them in."""

from __future__ import annotations

from typing import Any

from hpctl.compile.bundle import Payload
from hpctl.facts.kubernetes import KubernetesNode
from hpctl.spec.job import Accelerator, Choice, Contract, JobSpec
from tests.unit.builders import a_kubernetes_node

P5 = "ml.p5.48xlarge"
SEED = bytes(range(32))


def a_choice(name: str | None = None, count: float = 1, **members: Any) -> Choice:
    accelerator = None if name is None else Accelerator(name=name, count=count)
    return Choice(accelerator=accelerator, **members)


def a_wish(*choices: Choice, **members: Any) -> JobSpec:
    return JobSpec(**{"name": "train", "run": "python train.py", "choices": choices, **members})


def a_task(*choices: Choice, **members: Any) -> JobSpec:
    """A SkyPilot task."""
    return a_wish(*choices, contract=Contract.SKYPILOT, **members)


def a_payload(**members: Any) -> Payload:
    return Payload(**{"run_id": "run-1", "seed": SEED, **members})


def some_nodes(count: int, instance_type: str = P5, **members: Any) -> list[KubernetesNode]:
    return [a_kubernetes_node(f"{instance_type}-{number}", instance_type, **members) for number in range(count)]
