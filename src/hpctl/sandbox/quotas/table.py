"""The quotas that the sandbox's account has: names and codes as AWS has them, values of a team that was granted some.

Codes from AWS's Service Quotas console as published in January 2026 (`codes.json`: cluster usage, on demand).
Where none is published the code is made up from the name; it is stable, and no code of AWS's.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from hpctl.catalog.instance_types import instance_types
from hpctl.terms import AcceleratorKind

if TYPE_CHECKING:
    from collections.abc import Mapping

PER_CLUSTER = "Maximum number instances allowed per SageMaker HyperPod cluster"
TOTAL = "Total number of instances allowed across SageMaker HyperPod clusters"
SPOT_PER_CLUSTER = "Maximum number Spot instances allowed per SageMaker HyperPod cluster"
SPOT_TOTAL = "Total number of Spot instances allowed across SageMaker HyperPod clusters"
VOLUME = "Maximum size of EBS volume in GB for a SageMaker HyperPod cluster instance"
LUSTRE = "Maximum total FSx Lustre capacity in TiB across SageMaker HyperPod restricted instance groups"
INTERFACES = "Network interfaces per Region"
# Accelerators that the team was granted; of the others it has none, as in a new account.
_GRANTED = MappingProxyType({"ml.p5.48xlarge": 64.0, "ml.p5e.48xlarge": 32.0, "ml.trn1.32xlarge": 64.0})
_CPU = 500.0
_SPOT_CPU = 20.0
# AWS's name of this one quota does not follow the others (seen in the Service Quotas console).
_ODD_NAMES = MappingProxyType({"ml.r7i.12xlarge": "cluster-ml-r7i-12xlarge for cluster usage"})


@dataclass(frozen=True)
class Quota:
    """One quota: AWS's default, and the value that was applied to the account, if one ever was."""

    service: str
    code: str
    name: str
    default: float
    applied: float | None = None

    @property
    def value(self) -> float:
        """The value in force."""
        return self.default if self.applied is None else self.applied


def cluster_usage(instance_type: str) -> str:
    """Return the name of a type's quota for on-demand nodes."""
    return _ODD_NAMES.get(instance_type, f"{instance_type} for cluster usage")


def spot_usage(instance_type: str) -> str:
    """Return the name of a type's quota for Spot nodes."""
    return f"{instance_type} for cluster spot instance usage"


@cache
def initial_quotas() -> tuple[Quota, ...]:
    """Return all quotas of a new sandbox, in the order of their names."""
    codes = json.loads(Path(__file__).with_name("codes.json").read_text(encoding="utf-8"))
    fixed = (
        Quota("sagemaker", "L-2CE978FC", PER_CLUSTER, 20, 500),
        Quota("sagemaker", "L-3308CCC7", TOTAL, 30, 1000),
        Quota("sagemaker", "L-41BFBF41", SPOT_PER_CLUSTER, 0, 50),
        Quota("sagemaker", "L-97A2C724", SPOT_TOTAL, 0, 100),
        Quota("sagemaker", "L-E13DF72A", VOLUME, 1024, None),
        Quota("sagemaker", "L-FC4D7F52", LUSTRE, 0, 100),
        Quota("sagemaker", "L-867702E6", "Number of training plans per Region", 5, None),
        Quota(
            "sagemaker",
            "L-9EF527CA",
            "Number of ml.p5.48xlarge instances in reserved capacity across training plans per Region",
            0,
            16,
        ),
        Quota("vpc", "L-DF5E4CA3", INTERFACES, 5000, 50000),
    )
    return tuple(sorted((*fixed, *_per_type(codes)), key=lambda quota: quota.name))


def _per_type(codes: Mapping[str, str]) -> list[Quota]:
    quotas = []
    for kind in instance_types():
        plain = kind.accelerator_kind is AcceleratorKind.NONE
        granted = _CPU if plain else _GRANTED.get(kind.name)
        name, spot = cluster_usage(kind.name), spot_usage(kind.name)
        quotas.append(Quota("sagemaker", codes.get(kind.name) or _made_up(name), name, 0, granted))
        quotas.append(Quota("sagemaker", _made_up(spot), spot, 0, _SPOT_CPU if plain or granted else None))
    return quotas


def _made_up(name: str) -> str:
    return f"L-{hashlib.sha256(name.encode()).hexdigest()[:8].upper()}"
