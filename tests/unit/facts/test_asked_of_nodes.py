from __future__ import annotations

from hpctl.facts.asked_of_nodes import asked_of_nodes
from tests.unit.services.jobs import a_pod


def test_what_pods_hold_is_summed_by_node_without_those_that_ended() -> None:
    pods = [
        a_pod(0, node="n-1", requests={"cpu": "500m", "memory": "1Gi"}),
        a_pod(1, node="n-1", requests={"cpu": "2"}),
        a_pod(2, "Succeeded", node="n-1", requests={"cpu": "64"}),
        a_pod(3, "Failed", node="n-1", requests={"cpu": "64"}),
        a_pod(4, "Pending", node=None, requests={"cpu": "64"}),
    ]
    assert asked_of_nodes(pods) == {"n-1": {"cpu": 2.5, "memory": 2.0**30}}
