"""Nodes of a real sandbox: they follow HyperPod's instances, and a label of theirs has HyperPod repair them."""

from __future__ import annotations

import json
import ssl
import urllib.request
from base64 import b64decode
from collections.abc import Iterator
from typing import Any

import pytest

from tests.functional.sandbox.running import Running, until
from tests.functional.sandbox.test_kubernetes import _token

EKS = "hpctl-sandbox-api"
CLUSTER = "nodes"
HEALTH = "sagemaker.amazonaws.com/node-health-status"
NODES = "/api/v1/nodes"


class Kubernetes:
    """The EKS cluster, as its creator sees it."""

    def __init__(self, aws: Running) -> None:
        found = aws.client("eks").describe_cluster(name=EKS)["cluster"]
        context = ssl.create_default_context(cadata=b64decode(found["certificateAuthority"]["data"]).decode())
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
        handlers = urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)
        self._opener = urllib.request.build_opener(*handlers)
        self._endpoint, self._aws = found["endpoint"], aws

    def ask(self, path: str, patch: dict[str, Any] | None = None) -> Any:
        with self._open(path, patch) as answer:
            return json.loads(answer.read())

    def _open(self, path: str, patch: dict[str, Any] | None = None) -> Any:
        headers = {"Authorization": f"Bearer {_token(self._aws, EKS)}", "Content-Type": "application/merge-patch+json"}
        body, method = (None, "GET") if patch is None else (json.dumps(patch).encode(), "PATCH")
        request = urllib.request.Request(self._endpoint + path, body, headers, method=method)  # noqa: S310 - https
        return self._opener.open(request, timeout=45)

    def version(self) -> str:
        """Return what `nodes_since` begins from."""
        return str(self.ask(NODES)["metadata"]["resourceVersion"])

    def nodes_since(self, version: str, name: str) -> list[Any]:
        """Return every form that a node has had, however short."""
        with self._open(f"{NODES}?watch=1&resourceVersion={version}&timeoutSeconds=1") as answer:
            found = [json.loads(line)["object"] for line in answer]
        return [node for node in found if node["metadata"]["name"] == name]

    def nodes(self) -> dict[str, Any]:
        """Return the nodes of this file's cluster by their names."""
        found = self.ask(f"{NODES}?labelSelector=sagemaker.amazonaws.com/cluster-name%3D{CLUSTER}")["items"]
        return {node["metadata"]["name"]: node for node in found}


@pytest.fixture(scope="module")
def kubernetes(aws: Running) -> Iterator[Kubernetes]:
    sagemaker, found = aws.client("sagemaker"), Kubernetes(aws)
    sagemaker.create_cluster(**aws.on_eks(CLUSTER, InstanceGroups=[aws.group()]))
    try:
        yield found
    finally:
        until(lambda: _status(sagemaker), lambda status: status == "InService")
        sagemaker.delete_cluster(ClusterName=CLUSTER)
        until(found.nodes, lambda nodes: not nodes)


def _status(sagemaker: Any) -> str:
    return str(sagemaker.describe_cluster(ClusterName=CLUSTER)["ClusterStatus"])


def _is_ready(node: dict[str, Any]) -> bool:
    return any((row["type"], row["status"]) == ("Ready", "True") for row in node["status"].get("conditions", ()))


def _health(node: dict[str, Any]) -> str:
    return str(node["metadata"]["labels"].get(HEALTH))


def _are_ready(nodes: dict[str, Any]) -> bool:
    return len(nodes) == 2 and all(map(_is_ready, nodes.values()))


def test_a_cluster_has_a_node_for_each_instance(aws: Running, kubernetes: Kubernetes) -> None:
    nodes = until(kubernetes.nodes, _are_ready)
    listed = aws.client("sagemaker").list_cluster_nodes(ClusterName=CLUSTER)["ClusterNodeSummaries"]
    assert set(nodes) == {f"hyperpod-{each['InstanceId']}" for each in listed}
    for node in nodes.values():
        assert node["status"]["allocatable"]["nvidia.com/gpu"] == "8"
        assert node["metadata"]["labels"][HEALTH] == "Schedulable"


def test_a_label_has_hyperpod_reboot_a_node(kubernetes: Kubernetes) -> None:
    name, _ = until(kubernetes.nodes, _are_ready)
    before = kubernetes.version()
    kubernetes.ask(f"{NODES}/{name}", {"metadata": {"labels": {HEALTH: "UnschedulablePendingReboot"}}})
    until(kubernetes.nodes, lambda nodes: _is_ready(nodes[name]) and _health(nodes[name]) == "Schedulable")
    assert not all(map(_is_ready, kubernetes.nodes_since(before, name)))


def test_a_label_has_hyperpod_replace_a_node(kubernetes: Kubernetes) -> None:
    name, _ = until(kubernetes.nodes, _are_ready)
    kubernetes.ask(f"{NODES}/{name}", {"metadata": {"labels": {HEALTH: "UnschedulablePendingReplacement"}}})
    nodes = until(kubernetes.nodes, lambda nodes: name not in nodes and _are_ready(nodes))
    assert name not in nodes
