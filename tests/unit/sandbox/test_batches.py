"""Which nodes a batch operation may have is answered node by node, at every moment of what they are in."""

from __future__ import annotations

from typing import cast

import pytest

from hpctl.sandbox.account import Account
from hpctl.sandbox.sagemaker.batches import DELETE, REBOOT, REPLACE, Batch, sort_out
from hpctl.sandbox.sagemaker.cluster import Cluster, Rebooted, SoftwareUpdated
from hpctl.sandbox.sagemaker.course import Course
from hpctl.sandbox.sagemaker.timeline import ClusterState, state_of
from tests.unit.sandbox.clusters import a_cluster, at, moment

ON_EKS = {"Orchestrator": {"Eks": {"ClusterArn": "arn:eks"}}, "NodeProvisioningMode": "Continuous"}
NOBODY = cast("Account", None)
REBOOTED_AT = 2.0


def rebooting() -> Cluster:
    """Return a cluster of two nodes of which the first is rebooted."""
    patched = SoftwareUpdated(moment(1.1), {})
    return a_cluster(request=ON_EKS, changes=(patched, Rebooted(moment(REBOOTED_AT), {}, nodes=("workers-0",))))


def seen(cluster: Cluster, share: float) -> ClusterState:
    course = Course(cluster)
    course.advance(at(share))
    found = state_of(course)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("batch", "code"), [(REPLACE, "InstanceIdInUse"), (REBOOT, "InstanceIdInUse"), (DELETE, "NodeIdInUse")]
)
def test_a_node_that_is_being_rebooted_is_in_use_and_the_others_are_not(batch: Batch, code: str) -> None:
    cluster = rebooting()
    state = seen(cluster, REBOOTED_AT + 0.001)
    first, second = (node.instance_id for node in state.seats)
    found = sort_out({"NodeIds": [first, second]}, cluster, state, batch, NOBODY)
    assert [row[batch.code_member] for row in found.answer["Failed"]] == [code]
    assert found.answer["Failed"][0]["NodeId"] == first
    assert found.answer["Successful"] == [second]
    assert [node.instance_id for node in found.nodes] == [second]


def test_a_node_that_is_back_may_be_replaced() -> None:
    cluster = rebooting()
    state = seen(cluster, REBOOTED_AT + 60)
    first = state.seats[0].instance_id
    assert sort_out({"NodeIds": [first]}, cluster, state, REPLACE, NOBODY).answer == {"Successful": [first]}
