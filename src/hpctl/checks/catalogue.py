"""Every check of a cluster spec, in the order people read them: the file, then Slurm, EKS and the network."""

from __future__ import annotations

from hpctl.checks import eks, network, slurm, spec_rules
from hpctl.checks.declare import Check

CLUSTER_CHECKS: tuple[Check, ...] = tuple(
    value for area in (spec_rules, slurm, eks, network) for value in vars(area).values() if isinstance(value, Check)
)
