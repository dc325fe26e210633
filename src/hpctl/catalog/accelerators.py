"""Instance types with accelerators, those that HyperPod does not take included: a model can be asked about on any."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from hpctl.catalog.instance_types import InstanceType, instance_type, instance_types
from hpctl.catalog.nearest import nearest
from hpctl.errors import NotFoundError, UsageError
from hpctl.terms import AcceleratorKind


@dataclass(frozen=True)
class Accelerated:
    """An instance type with accelerators.

    `hyperpod` tells whether CreateCluster takes it (SageMaker `ClusterInstanceType`, botocore 1.44.5). `device` is
    how support is told: the family of a Neuron type (`trn1`; `trn2u` counts as `trn2`), `nvidia` for all GPUs.
    """

    type: InstanceType
    hyperpod: bool

    @property
    def device(self) -> str:
        """The word under which frameworks name the accelerator."""
        if self.type.accelerator_kind is AcceleratorKind.NVIDIA:
            return "nvidia"
        return self.type.family.removesuffix("u")


def accelerated(name: str) -> Accelerated:
    """The accelerated instance type `name`, with or without `ml.`.

    Raises UsageError for a type without accelerators, NotFoundError with the nearest for one that nobody knows.
    """
    full = name if name.startswith("ml.") else f"ml.{name}"
    if full in _others():
        return Accelerated(_other(full), hyperpod=False)
    if all(full != known.name for known in instance_types()):
        _unknown(name, full)
    known = instance_type(full)
    if known.accelerator_kind is AcceleratorKind.NONE:
        message = f"`{known.name}` has no accelerators"
        raise UsageError(message, hint="`hpctl instances list --accelerator nvidia` or `neuron` shows types that have")
    return Accelerated(known, hyperpod=True)


def _unknown(name: str, full: str) -> None:
    accelerators = (known.name for known in instance_types() if known.accelerator_kind is not AcceleratorKind.NONE)
    close = nearest(full, (*accelerators, *_others()))
    told = f"nearest: {', '.join(f'`{one}`' for one in close)}" if close else "`hpctl instances list` shows all types"
    message = f"`{name}` is not an instance type with accelerators that hpctl knows"
    raise NotFoundError(message, hint=told)


@cache
def _other(name: str) -> InstanceType:
    row = dict(_others()[name])
    source = row.pop("source")
    known = (fact for fact, value in row.items() if value is not None)
    facts = row | {
        "accelerator_kind": AcceleratorKind(row["accelerator_kind"]),
        "sources": MappingProxyType(dict.fromkeys(known, source)),
    }
    return InstanceType(name=name, **facts)


@cache
def _others() -> dict[str, dict[str, Any]]:
    text = (files("hpctl.catalog") / "accelerators.json").read_text(encoding="utf-8")
    rows: dict[str, dict[str, Any]] = json.loads(text)["accelerated_types"]
    return rows
