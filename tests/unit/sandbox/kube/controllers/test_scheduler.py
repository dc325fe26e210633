from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from hpctl.sandbox.kube.controllers.quantities import amount, requests
from hpctl.sandbox.kube.controllers.scheduler import Scheduler
from hpctl.sandbox.kube.resources import Object
from tests.unit.sandbox.kube.controllers.stage import Stage, staged

GPU = "nvidia.com/gpu"


@pytest.fixture
def stage() -> Iterator[Stage]:
    with staged(Scheduler) as made:
        yield made


def node(name: str, *, taints: list[Object] | None = None, unschedulable: bool = False, **told: Any) -> Object:
    labels = {"kubernetes.io/hostname": name, **told.pop("labels", {})}
    offered = {"cpu": "4", "memory": "16Gi", "pods": "10", GPU: "8", **told}
    spec: Object = {"taints": taints} if taints else {}
    if unschedulable:
        spec["unschedulable"] = True
    return {
        "kind": "Node",
        "metadata": {"name": name, "labels": labels},
        "spec": spec,
        "status": {"allocatable": offered},
    }


def pod(name: str, *, labels: dict[str, str] | None = None, requested: Object | None = None, **spec: Any) -> Object:
    container = {"name": "c", "image": "i", "resources": {"requests": requested or {}, "limits": requested or {}}}
    return {
        "kind": "Pod",
        "metadata": {"name": name, "labels": labels or {}},
        "spec": {"containers": [container], **spec},
        "status": {"phase": "Pending"},
    }


def placed(stage: Stage) -> dict[str, str | None]:
    return {each["metadata"]["name"]: each["spec"].get("nodeName") for each in stage.pods()}


def why(stage: Stage, name: str) -> str:
    (row,) = (each for each in stage.get("Pod", name)["status"]["conditions"] if each["type"] == "PodScheduled")
    assert (row["status"], row["reason"]) == ("False", "Unschedulable")
    assert ("Warning", "FailedScheduling", row["message"]) in stage.events("Pod", name)
    return str(row["message"])


def required(*expressions: Object) -> Object:
    terms = {"nodeSelectorTerms": [{"matchExpressions": list(expressions)}]}
    return {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": terms}}


def test_a_pod_gets_a_node_and_says_so(stage: Stage) -> None:
    stage.create(node("a"))
    stage.create(pod("p"))
    stage.wait()
    assert placed(stage) == {"p": "a"}
    assert stage.events("Pod", "p") == [("Normal", "Scheduled", "Successfully assigned default/p to a")]


@pytest.mark.parametrize(
    ("nodes", "wanted", "words"),
    [
        ([], {}, "no nodes available to schedule pods"),
        (
            [node("a"), node("b")],
            {"requested": {GPU: "9"}},
            (
                "0/2 nodes are available: 2 Insufficient nvidia.com/gpu. preemption: 0/2 nodes are available: "
                "2 No preemption victims found for incoming pod."
            ),
        ),
        (
            [node("a")],
            {"requested": {"cpu": "4001m", "memory": "17Gi"}},
            (
                "0/1 nodes are available: 1 Insufficient cpu, 1 Insufficient memory. "
                "preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod."
            ),
        ),
        (
            [node("a"), node("b", labels={"x": "y"}, taints=[{"key": "k", "value": "v", "effect": "NoSchedule"}])],
            {"nodeSelector": {"x": "y"}},
            (
                "0/2 nodes are available: 1 node(s) didn't match Pod's node affinity/selector, "
                "1 node(s) had untolerated taint {k: v}. preemption: 0/2 nodes are available: "
                "2 Preemption is not helpful for scheduling."
            ),
        ),
        (
            [node("a", unschedulable=True)],
            {},
            (
                "0/1 nodes are available: 1 node(s) were unschedulable. preemption: 0/1 nodes are available: "
                "1 Preemption is not helpful for scheduling."
            ),
        ),
        (
            [node("a", pods="0")],
            {},
            (
                "0/1 nodes are available: 1 Too many pods. preemption: 0/1 nodes are available: "
                "1 No preemption victims found for incoming pod."
            ),
        ),
    ],
)
def test_a_pod_that_fits_nowhere_waits_and_says_why(
    stage: Stage, nodes: list[Object], wanted: dict[str, Any], words: str
) -> None:
    for each in nodes:
        stage.create(each)
    stage.create(pod("p", **wanted))
    stage.wait()
    assert placed(stage) == {"p": None}
    assert why(stage, "p") == words


def test_a_pod_that_waits_goes_where_room_appears(stage: Stage) -> None:
    stage.create(node("a"))
    stage.create(pod("first", requested={GPU: "8"}))
    stage.wait()
    stage.create(pod("second", requested={GPU: "1"}))
    stage.wait()
    assert placed(stage)["second"] is None
    stage.end("first")
    stage.wait()
    assert placed(stage)["second"] == "a"
    stage.create(pod("third", requested={GPU: "8"}))
    stage.wait()
    stage.create(node("b"))
    stage.wait()
    assert placed(stage)["third"] == "b"


def test_nobody_gets_more_than_there_is(stage: Stage) -> None:
    for name in "ab":
        stage.create(node(name))
    for index in range(5):
        stage.create(pod(f"p{index}", requested={GPU: "4"}))
    stage.wait()
    assert sorted(placed(stage).values(), key=str) == [None, "a", "a", "b", "b"]


def test_the_emptiest_node_is_taken(stage: Stage) -> None:
    for name in "ab":
        stage.create(node(name))
    for index in range(4):
        stage.create(pod(f"p{index}", requested={"cpu": "1"}))
    stage.wait()
    assert sorted(placed(stage).values(), key=str) == ["a", "a", "b", "b"]


def test_the_most_urgent_pod_comes_first(stage: Stage) -> None:
    stage.create({"kind": "PriorityClass", "metadata": {"name": "high"}, "value": 1000})
    stage.create(pod("low", requested={GPU: "8"}))
    stage.create(pod("high", requested={GPU: "8"}, priorityClassName="high"))
    stage.wait()
    stage.create(node("a"))
    stage.wait()
    assert placed(stage) == {"low": None, "high": "a"}


@pytest.mark.parametrize(
    ("spec", "chosen"),
    [
        ({"affinity": required({"key": "zone", "operator": "In", "values": ["2"]})}, "b"),
        ({"affinity": required({"key": "zone", "operator": "NotIn", "values": ["1"]})}, "b"),
        ({"affinity": required({"key": "disk", "operator": "Exists"})}, "b"),
        ({"affinity": required({"key": "disk", "operator": "DoesNotExist"})}, "a"),
        ({"affinity": required({"key": "zone", "operator": "Gt", "values": ["1"]})}, "b"),
        ({"affinity": required({"key": "zone", "operator": "Lt", "values": ["2"]})}, "a"),
        ({"affinity": required({"key": "other", "operator": "Gt", "values": ["1"]})}, None),
        ({"nodeSelector": {"zone": "2"}}, "b"),
        ({"nodeSelector": {"zone": "3"}}, None),
        (
            {
                "affinity": {
                    "nodeAffinity": {
                        "preferredDuringSchedulingIgnoredDuringExecution": [
                            {
                                "weight": 5,
                                "preference": {
                                    "matchExpressions": [{"key": "zone", "operator": "In", "values": ["2"]}]
                                },
                            }
                        ]
                    }
                }
            },
            "b",
        ),
    ],
)
def test_a_pod_goes_where_it_may_and_likes(stage: Stage, spec: Object, chosen: str | None) -> None:
    stage.create(node("a", labels={"zone": "1"}))
    stage.create(node("b", labels={"zone": "2", "disk": "fast"}))
    stage.create(pod("p", **spec))
    stage.wait()
    assert placed(stage)["p"] == chosen


@pytest.mark.parametrize(
    ("toleration", "admitted"),
    [
        ({"key": "k", "operator": "Equal", "value": "v", "effect": "NoSchedule"}, True),
        ({"key": "k", "value": "v"}, True),
        ({"key": "k", "operator": "Exists"}, True),
        ({"operator": "Exists"}, True),
        ({"key": "k", "value": "w"}, False),
        ({"key": "other", "operator": "Exists"}, False),
        ({"key": "k", "operator": "Exists", "effect": "NoExecute"}, False),
    ],
)
def test_a_taint_keeps_off_who_does_not_tolerate_it(stage: Stage, toleration: Object, admitted: bool) -> None:
    stage.create(node("a", taints=[{"key": "k", "value": "v", "effect": "NoSchedule"}]))
    stage.create(pod("p", tolerations=[toleration]))
    stage.wait()
    assert placed(stage)["p"] == ("a" if admitted else None)


def test_pods_that_shun_each_other_live_apart(stage: Stage) -> None:
    term = {"labelSelector": {"matchLabels": {"app": "x"}}, "topologyKey": "kubernetes.io/hostname"}
    shun = {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}
    for name in "ab":
        stage.create(node(name))
    for index in range(3):
        stage.create(pod(f"p{index}", labels={"app": "x"}, affinity=shun))
    stage.wait()
    assert placed(stage) == {"p0": "a", "p1": "b", "p2": None}
    assert "2 node(s) didn't match pod anti-affinity rules" in why(stage, "p2")


def test_a_pod_that_is_shunned_by_one_that_runs_stays_away(stage: Stage) -> None:
    term = {"labelSelector": {"matchLabels": {"app": "x"}}, "topologyKey": "kubernetes.io/hostname"}
    shun = {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}
    stage.create(node("a"))
    stage.create(pod("outsider", affinity=shun))
    stage.wait()
    stage.create(pod("p", labels={"app": "x"}))
    stage.wait()
    assert "1 node(s) didn't satisfy existing pods anti-affinity rules" in why(stage, "p")


def test_pods_that_want_to_be_together_share_a_topology(stage: Stage) -> None:
    term = {"labelSelector": {"matchLabels": {"app": "x"}}, "topologyKey": "rack"}
    together = {"podAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}
    for name, rack in (("a", "1"), ("b", "2"), ("c", "2")):
        stage.create(node(name, labels={"rack": rack}, cpu="1" if name != "a" else "0"))
    for index in range(3):
        stage.create(pod(f"p{index}", labels={"app": "x"}, requested={"cpu": "1"}, affinity=together))
    stage.wait()
    assert placed(stage) == {"p0": "b", "p1": "c", "p2": None}


def test_a_pod_that_wants_company_which_it_is_not_itself_waits_for_it(stage: Stage) -> None:
    term = {"labelSelector": {"matchLabels": {"app": "x"}}, "topologyKey": "kubernetes.io/hostname"}
    together = {"podAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}
    stage.create(node("a"))
    stage.create(pod("p", affinity=together))
    stage.wait()
    assert "1 node(s) didn't match pod affinity rules" in why(stage, "p")
    stage.create(pod("x", labels={"app": "x"}))
    stage.wait()
    stage.create(node("b"))
    stage.wait()
    assert placed(stage) == {"p": "a", "x": "a"}


def test_nodes_that_lie_in_no_topology_lie_in_none_together(stage: Stage) -> None:
    term = {"labelSelector": {"matchLabels": {"app": "x"}}, "topologyKey": "rack"}
    shun = {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}
    stage.create(node("a"))
    for name in ("p", "q"):
        stage.create(pod(name, labels={"app": "x"}, affinity=shun))
    stage.wait()
    assert placed(stage) == {"p": "a", "q": "a"}


def test_a_gate_or_another_scheduler_leaves_a_pod_alone(stage: Stage) -> None:
    stage.create(node("a"))
    stage.create(pod("gated", schedulingGates=[{"name": "kueue.x-k8s.io/admission"}]))
    stage.create(pod("other", schedulerName="my-scheduler"))
    stage.wait()
    assert placed(stage) == {"gated": None, "other": None}
    stage.change("Pod", "gated", {"spec": {"schedulingGates": None}})
    stage.wait()
    assert placed(stage)["gated"] == "a"


def test_init_containers_count_by_the_largest_and_sidecars_beside_all() -> None:
    def container(cpu: str, **told: Any) -> Object:
        return {"name": "c", "resources": {"requests": {"cpu": cpu}}, **told}

    body = {
        "spec": {
            "initContainers": [container("1", restartPolicy="Always"), container("5"), container("2")],
            "containers": [container("2"), {"name": "d", "resources": {"limits": {"cpu": "500m", GPU: "1"}}}],
            "overhead": {"cpu": "100m"},
        }
    }
    assert requests(body) == {"cpu": Decimal("6.1"), GPU: 1, "pods": 1}


@pytest.mark.parametrize(
    ("quantity", "value"),
    [
        ("1", 1),
        (2, 2),
        ("100m", 0.1),
        ("1Ki", 1024),
        ("1.5Gi", 1.5 * 2**30),
        ("2k", 2000),
        ("1e3", 1000),
        ("1E", 10**18),
    ],
)
def test_quantities_are_read(quantity: object, value: float) -> None:
    assert float(amount(quantity)) == value


def test_a_quantity_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="unable to parse quantity: 1 apple"):
        amount("1 apple")


def claim(name: str, **spec: Any) -> Object:
    wanted = {"accessModes": ["ReadWriteMany"], "resources": {"requests": {"storage": "1Gi"}}, **spec}
    return {"kind": "PersistentVolumeClaim", "metadata": {"name": name}, "spec": wanted}


def mounting(name: str) -> Object:
    return pod("p", volumes=[{"name": "v", "persistentVolumeClaim": {"claimName": name}}])


def test_a_pod_waits_for_a_claim_that_is_not_there(stage: Stage) -> None:
    stage.create(node("n-1"))
    stage.create(mounting("data"))
    stage.wait()
    assert why(stage, "p") == (
        '0/1 nodes are available: persistentvolumeclaim "data" not found. '
        "preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling."
    )
    stage.create(claim("data"))
    stage.wait()
    assert placed(stage) == {"p": "n-1"}


def test_a_pod_waits_for_a_claim_of_a_class_that_nobody_serves(stage: Stage) -> None:
    stage.create(node("n-1"))
    stage.create(claim("data", storageClassName="fsx-sc"))
    stage.create(mounting("data"))
    stage.wait()
    assert why(stage, "p").startswith(
        "0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims. preemption: "
    )
    stage.create({"kind": "StorageClass", "metadata": {"name": "fsx-sc"}, "provisioner": "fsx.csi.aws.com"})
    stage.wait()
    assert placed(stage) == {"p": "n-1"}
