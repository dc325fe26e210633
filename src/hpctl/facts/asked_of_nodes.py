"""What the pods of a cluster ask of its nodes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Final

from hpctl.facts.jobs import Pod
from hpctl.facts.quantities import quantity

ENDED: Final = frozenset({"Succeeded", "Failed"})
"""Phases in which a pod holds nothing any more."""


def asked_of_nodes(pods: Iterable[Pod]) -> dict[str, dict[str, float]]:
    """Return what pods ask for together, by node and resource; those that have ended hold nothing any more."""
    return together((pod.node, pod.requests) for pod in pods if pod.node and pod.phase not in ENDED)


def together(requests: Iterable[tuple[str, Mapping[str, str]]]) -> dict[str, dict[str, float]]:
    """Return requests of nodes by node and resource."""
    found: defaultdict[str, defaultdict[str, float]] = defaultdict(lambda: defaultdict(float))
    for node, amounts in requests:
        for resource, amount in amounts.items():
            found[node][resource] += quantity(amount)
    return {node: dict(amounts) for node, amounts in found.items()}
