"""Nodes, instance types, and which cluster is meant."""

from __future__ import annotations

import pytest

from hpctl.errors import NotFoundError, UsageError
from hpctl.services.instances import describe_instance_type, list_instance_types
from hpctl.services.node import describe_node, list_nodes
from hpctl.services.pick import only_cluster
from hpctl.terms import AcceleratorKind
from tests.unit.builders import REGION, a_cluster, a_node
from tests.unit.fakes import FakeAccount
from tests.unit.services.wording import EFA

NODE = "i-0123456789abcdef0"


def an_account(*names: str) -> FakeAccount:
    account = FakeAccount()
    for name in names:
        account.clusters.add(a_cluster(name=name))
    return account


def test_nodes_are_listed_whole_or_by_group() -> None:
    account = an_account("ml-cluster")
    account.clusters.nodes_of = {"ml-cluster": [a_node("i-1"), a_node("i-2", instance_group="system")]}
    assert list_nodes("ml-cluster", account.ports.clusters).names() == ("i-1", "i-2")
    report = list_nodes("ml-cluster", account.ports.clusters, instance_group="system")
    assert (report.cluster, report.names()) == ("ml-cluster", ("i-2",))


def test_nodes_of_an_unknown_cluster_are_not_found() -> None:
    with pytest.raises(NotFoundError, match="there is no cluster `other`"):
        list_nodes("other", an_account().ports.clusters)


def test_a_broken_node_is_described_with_its_cause() -> None:
    account = an_account("ml-cluster")
    account.clusters.nodes_in_full = {NODE: a_node(NODE, "Failure", message=EFA)}
    report = describe_node("ml-cluster", NODE, account.ports.clusters)
    assert (report.cluster, report.names()) == ("ml-cluster", (NODE,))
    assert [(one.subject, one.failure) for one in report.diagnoses] == [(f"node/{NODE}", "efa-health-check")]


def test_a_node_that_runs_is_described_without_its_old_message() -> None:
    account = an_account("ml-cluster")
    account.clusters.nodes_in_full = {NODE: a_node(NODE, message=EFA)}
    assert describe_node("ml-cluster", NODE, account.ports.clusters).diagnoses == ()


def test_a_node_is_described_by_its_place_in_a_group() -> None:
    account = an_account("ml-cluster")
    account.clusters.nodes_of = {"ml-cluster": [a_node("i-1")]}
    account.clusters.nodes_in_full = {"i-1": a_node("i-1")}
    assert describe_node("ml-cluster", "workers/0", account.ports.clusters).names() == ("i-1",)


def test_an_unknown_node_is_not_found() -> None:
    with pytest.raises(NotFoundError, match=f"there is no node `{NODE}`"):
        describe_node("ml-cluster", NODE, an_account("ml-cluster").ports.clusters)


def test_the_only_cluster_is_meant() -> None:
    assert only_cluster(an_account("ml-cluster").ports.clusters, REGION) == "ml-cluster"


def test_without_a_cluster_none_is_meant() -> None:
    with pytest.raises(NotFoundError) as raised:
        only_cluster(an_account().ports.clusters, REGION)
    assert raised.value.message == "there is no cluster in `us-west-2`"
    assert raised.value.hint == "hpctl cluster create -f cluster.yaml"


def test_of_several_clusters_none_is_guessed() -> None:
    with pytest.raises(UsageError) as raised:
        only_cluster(an_account("a", "b").ports.clusters, REGION)
    assert raised.value.message == "there are 2 clusters in `us-west-2`, say which"
    assert raised.value.hint == "--cluster a\n--cluster b"


def test_instance_types_are_listed_by_name_and_kind() -> None:
    p5 = list_instance_types(contains="p5.", accelerator=AcceleratorKind.NVIDIA)
    assert p5.names() == ("ml.p5.4xlarge", "ml.p5.48xlarge")
    assert list_instance_types(contains="p5.", accelerator=AcceleratorKind.NEURON).names() == ()
    assert set(p5.names()) < set(list_instance_types().names())


def test_an_instance_type_is_described_with_its_sources() -> None:
    known = describe_instance_type("ml.p5.48xlarge").instance_type
    assert (known.vcpus, known.memory_gib, known.accelerator_count, known.efa_interfaces) == (192, 2048, 8, 32)
    assert (known.addresses_eks, known.addresses_slurm, known.max_pods) == (81, 32, 49)
    assert known.kubernetes_resources == {"nvidia.com/gpu": 8, "vpc.amazonaws.com/efa": 32}
    assert (known.neuron_cores, known.deep_health_checks) == (None, True)
    assert known.sources["vcpus"]


def test_what_is_unknown_of_an_instance_type_is_null_and_lists_are_empty() -> None:
    known = describe_instance_type("ml.p6e-gb200.36xlarge").instance_type
    assert (known.threads_per_core, known.efa_interfaces, known.addresses_eks) == ((), None, None)


def test_an_unknown_instance_type_names_the_nearest() -> None:
    with pytest.raises(NotFoundError) as raised:
        describe_instance_type("p5.48xlarge")
    assert raised.value.hint == "HyperPod's types begin with `ml.`: `ml.p5.48xlarge`"
