"""What the pods of a cluster ask of its nodes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from hpctl.facts.jobs import Pod
from hpctl.facts.quantities import quantity

_ENDED = ("Succeeded", "Failed")


def asked_of_nodes(pods: Iterable[Pod]) -> dict[str, dict[str, float]]:
    """Return what pods ask for together, by node and resource; those that have ended hold nothing any more."""
    found: defaultdict[str, defaultdict[str, float]] = defaultdict(lambda: defaultdict(float))
    for pod in pods:
        if pod.node and pod.phase not in _ENDED:
            for resource, amount in pod.requests.items():
                found[pod.node][resource] += quantity(amount)
    return {node: dict(requests) for node, requests in found.items()}
