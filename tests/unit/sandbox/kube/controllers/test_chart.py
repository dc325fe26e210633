from __future__ import annotations

import copy
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from hpctl.sandbox.clock import Moment
from hpctl.sandbox.eks.cluster import CHART_TAG, JOBSET, JOBSET_TAG, NO_CHART, Cluster
from hpctl.sandbox.kube.controllers.chart import install
from hpctl.sandbox.kube.crds.parts import NO_CONTROLLER
from hpctl.sandbox.sagemaker.governance import Governed
from tests.unit.sandbox.kube.controllers.stage import Stage, staged

CHART = {
    "health-monitoring-agent",
    "health-monitoring-agent-non-nvidia",
    "hyperpod-dependencies-aws-efa-k8s-device-plugin",
    "hyperpod-dependencies-nvidia-device-plugin",
    "neuron-device-plugin-daemonset",
}


@pytest.fixture
def stage() -> Iterator[Stage]:
    with staged() as made:
        yield made


def cluster(*, chart: bool = True, **members: Any) -> Cluster:
    tags = {} if chart else {CHART_TAG: NO_CHART}
    return Cluster({"name": "e", "tags": tags, **members}, Moment(datetime(2026, 1, 1, tzinfo=UTC), 1.0))


def test_the_chart_and_the_core_addons_are_there_from_the_start(stage: Stage) -> None:
    install(stage.api, cluster())
    assert set(stage.names("DaemonSet")) == CHART | {"aws-node", "kube-proxy"}
    assert set(stage.names("Deployment")) == {
        "coredns",
        "hyperpod-dependencies-mpi-operator",
        "hyperpod-dependencies-training-operators",
    }
    assert {"pytorchjobs.kubeflow.org", "mpijobs.kubeflow.org", "eniconfigs.crd.k8s.amazonaws.com"} <= set(
        stage.names("CustomResourceDefinition")
    )
    assert {"aws-hyperpod", "kubeflow"} <= set(stage.names("Namespace"))
    assert "job-auto-restart" in stage.names("ClusterRole")
    for each in stage.api.list(stage.kind("DaemonSet")):
        assert each["metadata"]["annotations"]["sandbox.hpctl/stand-in"] == "true"


def test_without_the_chart_there_is_nothing_of_it(stage: Stage) -> None:
    install(stage.api, cluster(chart=False))
    assert stage.names("DaemonSet") == ["aws-node", "kube-proxy"]
    assert stage.names("CustomResourceDefinition") == [
        "cninodes.vpcresources.k8s.aws",
        "eniconfigs.crd.k8s.amazonaws.com",
        "policyendpoints.networking.k8s.aws",
        "securitygrouppolicies.vpcresources.k8s.aws",
    ]
    assert stage.names("Namespace") == []


def test_a_cluster_without_addons_has_none(stage: Stage) -> None:
    install(stage.api, cluster(chart=False, bootstrapSelfManagedAddons=False))
    assert stage.names("DaemonSet") == stage.names("Deployment") == []


def test_an_addon_comes_and_goes(stage: Stage) -> None:
    found = cluster(chart=False)
    install(stage.api, found)
    found.addons["aws-fsx-csi-driver"] = found.addons["eks-pod-identity-agent"] = object()
    install(stage.api, found)
    assert set(stage.names("DaemonSet")) == {"aws-node", "kube-proxy", "eks-pod-identity-agent", "fsx-csi-node"}
    assert set(stage.names("Deployment")) == {"coredns", "fsx-csi-controller"}
    del found.addons["aws-fsx-csi-driver"]
    install(stage.api, found)
    assert "fsx-csi-node" not in stage.names("DaemonSet")


def test_the_kind_of_hyperpods_operator_comes_and_goes_with_its_addon_and_the_charts_namespace_stays(
    stage: Stage,
) -> None:
    found, crd = cluster(), "hyperpodpytorchjobs.sagemaker.amazonaws.com"
    found.addons["amazon-sagemaker-hyperpod-training-operator"] = object()
    install(stage.api, found)
    assert crd in stage.names("CustomResourceDefinition")
    assert "hp-training-operator-hp-training-controller-manager" in stage.names("Deployment")
    found.addons.clear()
    install(stage.api, found)
    stage.wait()
    assert crd not in stage.names("CustomResourceDefinition")
    assert "aws-hyperpod" in stage.names("Namespace")
    assert "health-monitoring-agent" in stage.names("DaemonSet")


def test_kueue_comes_and_goes_with_task_governance(stage: Stage) -> None:
    found, group = cluster(), ".kueue.x-k8s.io"
    found.addons["amazon-sagemaker-hyperpod-taskgovernance"] = object()
    install(stage.api, found)
    plurals = ("clusterqueues", "localqueues", "resourceflavors", "topologies", "workloadpriorityclasses", "workloads")
    names = stage.names("CustomResourceDefinition")
    assert [name for name in names if name.endswith(group)] == [f"{each}{group}" for each in plurals]
    assert "kueue-controller-manager" in stage.names("Deployment")
    found.addons.clear()
    install(stage.api, found)
    stage.wait()
    assert [name for name in stage.names("CustomResourceDefinition") if name.endswith(group)] == []


def test_jobset_is_where_a_tag_says_so(stage: Stage) -> None:
    install(stage.api, cluster())
    assert "jobsets.jobset.x-k8s.io" not in stage.names("CustomResourceDefinition")
    install(
        stage.api, Cluster({"name": "e", "tags": {JOBSET_TAG: JOBSET}}, Moment(datetime(2026, 1, 1, tzinfo=UTC), 1))
    )
    assert "jobsets.jobset.x-k8s.io" in stage.names("CustomResourceDefinition")
    assert "jobset-controller-manager" in stage.names("Deployment")


def test_what_a_user_deletes_stays_deleted(stage: Stage) -> None:
    found = cluster()
    install(stage.api, found)
    daemons = stage.kind("DaemonSet")
    stage.api.delete(daemons, "kube-system", "neuron-device-plugin-daemonset")
    install(stage.api, found)
    assert "neuron-device-plugin-daemonset" not in stage.names("DaemonSet")


def test_what_a_crash_left_half_done_is_finished(stage: Stage) -> None:
    stage.create({"kind": "Namespace", "metadata": {"name": "kubeflow"}})
    install(stage.api, cluster())
    assert "hyperpod-dependencies-training-operators" in stage.names("Deployment")


def test_custom_resources_that_nobody_looks_after_say_so(stage: Stage) -> None:
    install(stage.api, cluster())
    refused = {
        each["spec"]["names"]["kind"]
        for each in stage.api.list(stage.kind("CustomResourceDefinition"))
        if (each["metadata"].get("annotations") or {}).get(NO_CONTROLLER) == "true"
    }
    assert refused == {"MPIJob", "MXJob", "PaddleJob", "TFJob", "XGBoostJob"}


SPACE = "hyperpod-ns-research"


def governed(rows: list[Any], sharing: dict[str, Any], team: str = "research") -> Cluster:
    """Return a cluster with task governance, a quota `q` of a team, and a policy `s`."""
    found, at = cluster(), Moment(datetime(2026, 1, 1, tzinfo=UTC), 1.0)
    found.addons["amazon-sagemaker-hyperpod-taskgovernance"] = object()
    config = {"ComputeQuotaResources": rows, "ResourceSharingConfig": sharing, "PreemptTeamTasks": "Never"}
    request = {"ComputeQuotaTarget": {"TeamName": team}, "ComputeQuotaConfig": config}
    classes = {"SchedulerConfig": {"PriorityClasses": [{"Name": "training", "Weight": 75}]}}
    found.governed["q"] = Governed("ComputeQuota", "q", "arn", request, at)
    found.governed["s"] = Governed("ClusterSchedulerConfig", "s", "arn", classes, at)
    return found


def test_task_governance_makes_the_queues_of_a_team(stage: Stage) -> None:
    rows = [{"InstanceType": "ml.p5.48xlarge", "Count": 2}, {"InstanceType": "ml.g5.12xlarge", "Accelerators": 1}]
    install(stage.api, governed(rows, {"Strategy": "LendAndBorrow", "BorrowLimit": 50}))
    labels = stage.get("Namespace", SPACE)["metadata"]["labels"]
    assert labels["sagemaker.amazonaws.com/quota-allocation-id"] == "q"
    assert stage.get("WorkloadPriorityClass", "training-priority")["value"] == 75
    assert stage.names("ResourceFlavor") == ["ml.g5.12xlarge", "ml.p5.48xlarge"]
    spec = stage.get("ClusterQueue", f"{SPACE}-clusterqueue")["spec"]
    assert spec["preemption"]["withinClusterQueue"] == "Never"
    p5, g5 = (
        {row["name"]: (row["nominalQuota"], row["borrowingLimit"]) for row in flavor["resources"]}
        for flavor in spec["resourceGroups"][0]["flavors"]
    )
    assert (p5["nvidia.com/gpu"], p5["cpu"]) == (("16", "8"), ("384000m", "192000m"))
    assert (p5["vpc.amazonaws.com/efa"], p5["memory"]) == (("64", "32"), ("4194304Mi", "2097152Mi"))
    assert (g5["nvidia.com/gpu"], g5["cpu"], g5["vpc.amazonaws.com/efa"]) == (
        ("1", "0"),
        ("12000m", "6000m"),
        ("1", "0"),
    )
    (local,) = stage.api.list(stage.kind("LocalQueue"), SPACE)
    assert (local["metadata"]["name"], local["spec"]["clusterQueue"]) == (
        f"{SPACE}-localqueue",
        f"{SPACE}-clusterqueue",
    )


def test_a_teams_namespace_outlives_its_quota_and_kueue(stage: Stage) -> None:
    found = governed([{"InstanceType": "ml.p5.48xlarge", "Count": 2}], {"Strategy": "DontLend"})
    install(stage.api, found)
    found.ungoverned["q"] = found.governed.pop("q")
    install(stage.api, found)
    assert (stage.names("ClusterQueue"), stage.names("ResourceFlavor")) == ([], [])
    assert (SPACE in stage.names("Namespace"), stage.names("WorkloadPriorityClass")) == (True, ["training-priority"])
    found.addons.clear()
    install(stage.api, found)
    stage.wait()
    assert SPACE in stage.names("Namespace")
    assert [name for name in stage.names("CustomResourceDefinition") if "kueue" in name] == []


@pytest.mark.parametrize(
    ("strategy", "limits"),
    [("DontLend", {"lendingLimit": "0", "borrowingLimit": "0"}), ("Lend", {"borrowingLimit": "0"})],
)
def test_what_a_team_shares_is_what_its_quota_says(stage: Stage, strategy: str, limits: dict[str, str]) -> None:
    quota = {"InstanceType": "ml.g5.12xlarge", "Accelerators": 2, "VCpu": 8, "MemoryInGiB": 16}
    install(stage.api, governed([quota], {"Strategy": strategy}))
    (flavor,) = stage.get("ClusterQueue", f"{SPACE}-clusterqueue")["spec"]["resourceGroups"][0]["flavors"]
    rows = {row.pop("name"): row for row in copy.deepcopy(flavor["resources"])}
    assert rows["nvidia.com/gpu"] == {"nominalQuota": "2", **limits}
    assert (rows["cpu"]["nominalQuota"], rows["memory"]["nominalQuota"]) == ("8000m", "16384Mi")
