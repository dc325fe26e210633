"""Which nodes are meant by which words."""

from __future__ import annotations

import pytest

from hpctl.errors import NotFoundError, UsageError
from hpctl.services.node_names import all_nodes, chosen_nodes, named_nodes, one_node
from tests.unit.builders import a_cluster, a_node
from tests.unit.fakes import FakeAccount

FIRST = a_node("i-1", logical_id="n-1", private_dns_name="ip-10-0-0-1.us-west-2.compute.internal")
SECOND = a_node("i-2", instance_group="system", private_ip="10.0.0.2")


def account() -> FakeAccount:
    account = FakeAccount()
    account.clusters.add(a_cluster())
    account.clusters.nodes_of = {"ml-cluster": [SECOND, FIRST]}
    return account


@pytest.mark.parametrize(
    ("name", "node_id"),
    [
        ("i-1", "i-1"),
        ("n-1", "i-1"),
        ("ip-10-0-0-1", "i-1"),
        ("ip-10-0-0-1.us-west-2.compute.internal", "i-1"),
        ("workers/0", "i-1"),
        ("10.0.0.2", "i-2"),
        ("system/0", "i-2"),
    ],
)
def test_a_node_goes_by_every_name_it_has(name: str, node_id: str) -> None:
    _, node = one_node("ml-cluster", name, account().clusters)
    assert node.node_id == node_id


def test_a_node_that_is_named_twice_is_meant_once_and_in_its_place() -> None:
    chosen = named_nodes("ml-cluster", ("i-2", "i-1", "system/0"), account().clusters)
    assert list(chosen.targets()) == ["i-2", "i-1"]
    assert str(chosen.targets()["i-1"]) == f"sagemaker-cluster:{chosen.cluster.cluster_id}_workers-i-1"


def test_every_unknown_name_is_told_and_the_nearest() -> None:
    with pytest.raises(NotFoundError, match=r"has no nodes `worker/0`, `zzz`") as told:
        named_nodes("ml-cluster", ("worker/0", "i-1", "zzz"), account().clusters)
    assert told.value.hint == "did you mean `workers/0`?\nhpctl node list --cluster ml-cluster"


@pytest.mark.parametrize(
    ("names", "group", "everywhere"), [((), None, False), (("i-1",), None, True), (("a",), "b", False)]
)
def test_it_is_to_be_said_once_where(names: tuple[str, ...], group: str | None, everywhere: bool) -> None:
    with pytest.raises(UsageError, match="say on which nodes"):
        chosen_nodes("ml-cluster", names, group, everywhere, account().clusters)


def test_an_unknown_group_and_an_empty_cluster_are_not_found() -> None:
    empty = account()
    empty.clusters.nodes_of = {}
    with pytest.raises(NotFoundError, match="has no instance group `workerz`") as told:
        all_nodes("ml-cluster", "workerz", account().clusters)
    assert told.value.hint == "did you mean `workers`?"
    with pytest.raises(NotFoundError, match="cluster `ml-cluster` has no nodes"):
        all_nodes("ml-cluster", None, empty.clusters)
