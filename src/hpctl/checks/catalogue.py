"""Every check of a cluster spec, in the order people read them: the file, then Slurm, EKS, and what AWS has."""

from __future__ import annotations

from types import ModuleType

from hpctl.checks import (
    capacity,
    eks,
    network_addresses,
    network_endpoints,
    network_groups,
    network_ids,
    network_routes,
    network_zones,
    quota,
    slurm,
    spec_rules,
)
from hpctl.checks.declare import Check

MODULES: tuple[ModuleType, ...] = (
    spec_rules,
    slurm,
    eks,
    network_ids,
    network_zones,
    network_groups,
    network_routes,
    network_endpoints,
    network_addresses,
    capacity,
    quota,
)
"""Where checks are declared, in the catalogue's order."""

CLUSTER_CHECKS: tuple[Check, ...] = tuple(
    value for module in MODULES for value in vars(module).values() if isinstance(value, Check)
)
