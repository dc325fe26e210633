"""Who is examined: this machine, and what lives beside it."""

from __future__ import annotations

import pytest

from hpctl.errors import NotFoundError
from hpctl.facts.kubernetes import ClusterOnEks
from hpctl.facts.live_targets import ClusterOnSlurm, LiveCluster, LiveNode, NodeInside, NodeOnEks
from hpctl.facts.records import Machine
from hpctl.services.patient import Ward, a_live_one, a_machine, live_targets
from hpctl.spec.load import Loaded
from hpctl.spec.positions import Place, SourceMap
from tests.unit.builders import CLUSTER_ARN, a_cluster, a_node, a_spec
from tests.unit.fakes import FakeAccount

MACHINE = Machine(python="3.12.1", botocore="1.44.5")


def account(**members: object) -> FakeAccount:
    found = FakeAccount()
    found.clusters.add(a_cluster(**members))  # type: ignore[arg-type]
    found.clusters.nodes_in_full["i-1"] = a_node("i-1")
    found.clusters.nodes_of["ml-cluster"] = [a_node("i-1")]
    return found


SLURM: dict[str, object] = {"eks_cluster_arn": None, "orchestrator": "slurm"}


def test_a_machine_stands_alone_or_beside_a_spec_whose_places_are_known() -> None:
    assert a_machine(MACHINE).targets == (MACHINE,)
    loaded = Loaded(a_spec(), (), SourceMap("cluster.yaml", {("name",): Place(3, 7, "name")}))
    patient = a_machine(MACHINE, loaded)
    assert patient.targets == (MACHINE, loaded.spec)
    assert patient.locate(("name",)) == loaded.source.where(("name",)) == "cluster.yaml:3:7"


@pytest.mark.parametrize("asked", ["ml-cluster", CLUSTER_ARN])
def test_a_cluster_is_examined_by_its_name_whatever_it_was_asked_by(asked: str) -> None:
    patient = a_live_one(MACHINE, Ward(asked, "team"), account().world)
    assert patient.targets == (MACHINE, LiveCluster("ml-cluster"), ClusterOnEks("ml-cluster", "training", "team"))


def test_where_slurm_orchestrates_there_is_nothing_in_kubernetes() -> None:
    one = account(**SLURM)
    assert live_targets(Ward("ml-cluster"), one.world) == (LiveCluster("ml-cluster"), ClusterOnSlurm("ml-cluster"))
    node = live_targets(Ward("ml-cluster", node_id="i-1"), one.world)
    assert node == (LiveNode("ml-cluster", "i-1"), NodeInside("ml-cluster", "i-1"))


def test_a_node_is_examined_without_the_rest_of_its_cluster() -> None:
    assert live_targets(Ward("ml-cluster", node_id="i-1"), account().world) == (
        LiveNode("ml-cluster", "i-1"),
        NodeInside("ml-cluster", "i-1"),
        NodeOnEks("ml-cluster", "i-1", "training"),
    )


def test_what_does_not_live_is_not_found() -> None:
    with pytest.raises(NotFoundError, match="there is no cluster `other`") as cluster:
        live_targets(Ward("other"), account().world)
    assert cluster.value.hint == "the clusters that there are: hpctl cluster list"
    with pytest.raises(NotFoundError, match="cluster `ml-cluster` has no node `i-2`") as node:
        live_targets(Ward("ml-cluster", node_id="i-2"), account().world)
    assert node.value.hint == "hpctl node list --cluster ml-cluster"
