"""Which nodes a job's pods ask for by label.

Sources: AWS documentation of HyperPod on EKS (`node-health-status`, `deep-health-check-status`); a label that nobody
has is not asked for, for that would keep the pods pending for ever.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from hpctl.compile.fleet import DEEP_CHECK_LABEL, HEALTH_LABEL, SCHEDULABLE, TYPE_LABEL, Pool
from hpctl.facts.placement import Placement

UNHEALTHY: Final = ("Unschedulable", "UnschedulablePendingReboot", "UnschedulablePendingReplacement")
UNPROVED: Final = ("Failed", "InProgress")
"""Of a deep health check."""


def with_node_labels(placement: Placement, pool: Pool) -> Placement:
    """Return the placement with what its pods ask of the labels of the pool's nodes."""
    selector: dict[str, str] = {}
    avoid: dict[str, tuple[str, ...]] = {}
    if pool.instance_type is not None:
        selector[TYPE_LABEL] = pool.instance_type
    healthy = [one for one in pool.machines if one.healthy] or list(pool.machines)
    if healthy and all(HEALTH_LABEL in one.node.labels for one in healthy):
        selector[HEALTH_LABEL] = SCHEDULABLE
    elif any(HEALTH_LABEL in one.node.labels for one in pool.machines):
        avoid[HEALTH_LABEL] = UNHEALTHY
    if any(DEEP_CHECK_LABEL in one.node.labels for one in pool.machines):
        avoid[DEEP_CHECK_LABEL] = UNPROVED
    preferred = () if pool.instance_type is not None or placement.accelerators else pool.plain_types
    return replace(placement, selector=selector, avoid=avoid, preferred_types=preferred)
