"""What the adapter tells of a live cluster, against a server with TLS: contact, reviews, nodes and workloads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hpctl.adapters.aws.session import AwsSession
from hpctl.adapters.kube.listing import EksKubernetes
from hpctl.errors import AccessError, UnavailableError
from hpctl.facts.kubernetes import AccessReview, AccessWish, Contact, KubernetesNode, Stage, Taint, Workload
from hpctl.sandbox.eks.certificate import authority
from tests.functional.kube.server import Server, a_cluster, serving, status, told


@pytest.fixture
def kubernetes(monkeypatch: pytest.MonkeyPatch) -> EksKubernetes:
    for name in ("AWS_PROFILE", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAPLANTED000000000")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "planted-secret-key")
    return EksKubernetes(AwsSession(profile=None, region="us-west-2"))


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with serving(tmp_path / "tls") as server:
        yield server


def a_list(*rows: dict[str, Any]) -> tuple[int, bytes]:
    return told(metadata={}, items=list(rows))


def test_a_server_that_answers_tells_its_version(kubernetes: EksKubernetes, server: Server) -> None:
    server.answers = [told(gitVersion="v1.33.5-eks-1", major="1")]
    assert kubernetes.contact(server.cluster) == Contact(Stage.ANSWERED, version="v1.33.5-eks-1")
    assert [path for path, _headers in server.asked] == ["/some/path/version"]


@pytest.mark.parametrize(
    ("answer", "contact"),
    [
        (status(401, "Unauthorized"), Contact(Stage.REFUSED, "Unauthorized")),
        (status(403, "forbidden: no."), Contact(Stage.ANSWERED, "forbidden: no")),
        (status(503, "starting up"), Contact(Stage.UNREACHED, "it answers 503: starting up")),
        ((502, b"<html>"), Contact(Stage.UNREACHED, "it answers 502")),
        ((200, b"<html>"), Contact(Stage.ANSWERED)),
        ((200, b"[]"), Contact(Stage.ANSWERED)),
    ],
)
def test_how_far_a_request_comes_is_told_by_the_answer(
    kubernetes: EksKubernetes, server: Server, answer: tuple[int, bytes], contact: Contact
) -> None:
    server.answers = [answer]
    assert kubernetes.contact(server.cluster) == contact


def test_nobody_and_a_stranger_are_told_apart(kubernetes: EksKubernetes, server: Server, tmp_path: Path) -> None:
    server.answers = [told()]
    gone = replace(server.cluster, endpoint="https://127.0.0.1:9")
    assert kubernetes.contact(gone).stage is Stage.UNREACHED
    stranger = a_cluster(server.cluster.endpoint, authority(tmp_path / "other"))
    assert kubernetes.contact(stranger).stage is Stage.UNTRUSTED
    assert server.asked == []


def test_the_groups_come_with_their_versions_the_preferred_one_first(kubernetes: EksKubernetes, server: Server) -> None:
    versions = [{"version": "v1beta1"}, {"version": "v1"}]
    group = {"name": "kueue.x-k8s.io", "versions": versions, "preferredVersion": {"version": "v1"}}
    server.answers = [told(groups=[group, {"name": "apps", "versions": [{"version": "v1"}]}])]
    assert kubernetes.api_versions(server.cluster) == {"kueue.x-k8s.io": ("v1", "v1beta1"), "apps": ("v1",)}


def test_what_the_caller_may_do_is_asked_of_kubernetes_itself(kubernetes: EksKubernetes, server: Server) -> None:
    server.answers = [told(201, status={"allowed": False, "reason": "no RBAC policy matched"})]
    wish = AccessWish("get", "pods", subresource="log", namespace="team")
    assert kubernetes.reviews(server.cluster, [wish]) == (AccessReview(wish, False, "no RBAC policy matched"),)
    attributes = {"verb": "get", "resource": "pods", "subresource": "log", "namespace": "team"}
    assert [body["spec"] for body in server.posted] == [{"resourceAttributes": attributes}]
    ((path, headers),) = server.asked
    assert path == "/some/path/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
    assert headers["content-type"] == "application/json"


def test_every_wish_has_its_answer_in_order(kubernetes: EksKubernetes, server: Server) -> None:
    server.answers = [told(201, status={"allowed": True})]
    wishes = [AccessWish("create", name, "kubeflow.org") for name in "abcdefghij"]
    assert [review.wish for review in kubernetes.reviews(server.cluster, wishes)] == wishes


@pytest.mark.parametrize("answer", [told(201), told(201, status={}), (201, b"yes")])
def test_no_answer_to_a_wish_is_no_permission(
    kubernetes: EksKubernetes, server: Server, answer: tuple[int, bytes]
) -> None:
    server.answers = [answer]
    with pytest.raises(UnavailableError, match="cannot be read"):
        kubernetes.reviews(server.cluster, [AccessWish("list", "nodes")])


def test_deployments_and_daemon_sets_tell_how_many_are_ready(kubernetes: EksKubernetes, server: Server) -> None:
    ready = {"metadata": {"namespace": "a", "name": "b"}, "spec": {"replicas": 2}, "status": {"readyReplicas": 1}}
    fresh = {"metadata": {"namespace": "a", "name": "c"}, "spec": {}}
    daemon = {
        "metadata": {"namespace": "d", "name": "e"},
        "status": {"desiredNumberScheduled": 3, "numberReady": 2},
    }
    server.answers = [a_list(ready, fresh), a_list(daemon)]
    assert kubernetes.workloads(server.cluster) == (
        Workload("Deployment", "a", "b", 2, 1),
        Workload("Deployment", "a", "c", 1, 0),
        Workload("DaemonSet", "d", "e", 3, 2),
    )


def test_nodes_come_with_what_pods_can_ask_of_them(kubernetes: EksKubernetes, server: Server) -> None:
    node = {
        "metadata": {"name": "hyperpod-i-1", "labels": {"node.kubernetes.io/instance-type": "ml.p5.48xlarge"}},
        "spec": {"unschedulable": True, "taints": [{"key": "a", "effect": "NoSchedule"}]},
        "status": {
            "allocatable": {"cpu": "190", "nvidia.com/gpu": "8"},
            "conditions": [{"type": "MemoryPressure", "status": "False"}, {"type": "Ready", "status": "True"}],
            "nodeInfo": {"kubeletVersion": "v1.33.5"},
        },
    }
    server.answers = [a_list(node, {"metadata": {"name": "new"}})]
    first, second = kubernetes.nodes(server.cluster)
    assert first == KubernetesNode(
        "hyperpod-i-1",
        {"node.kubernetes.io/instance-type": "ml.p5.48xlarge"},
        {"cpu": "190", "nvidia.com/gpu": "8"},
        True,
        "v1.33.5",
        (Taint("a", "NoSchedule"),),
        unschedulable=True,
    )
    assert (first.instance_type, second) == ("ml.p5.48xlarge", KubernetesNode("new", {}, {}, False, ""))


def test_what_is_forbidden_is_told_and_not_passed_over(kubernetes: EksKubernetes, server: Server) -> None:
    server.answers = [status(403, 'nodes is forbidden: User "me" cannot list it')]
    with pytest.raises(AccessError, match="Kubernetes denied to list `nodes`"):
        kubernetes.nodes(server.cluster)
