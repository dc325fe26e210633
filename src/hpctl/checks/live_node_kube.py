"""One node of a live cluster as Kubernetes has it: joined, ready, open to pods, and with what its type promises."""

from __future__ import annotations

from collections.abc import Iterator

from hpctl.checks.declare import check, fail, warn
from hpctl.checks.live import HEALTH_LABEL
from hpctl.checks.live_nodes import PREFIX, promised
from hpctl.errors import NotFoundError
from hpctl.facts.kubernetes import KubernetesNode
from hpctl.facts.live_targets import NodeOnEks
from hpctl.facts.records import Node
from hpctl.facts.world import World
from hpctl.report.check import Finding

_OF_HYPERPOD = "sagemaker.amazonaws.com/"
"""How the keys of HyperPod's own labels and taints begin (AWS documentation, SageMaker HyperPod on EKS)."""

_DEEP_CHECKS = f"{_OF_HYPERPOD}deep-health-check-status"
_FAULTS = (f"{_OF_HYPERPOD}fault-types", f"{_OF_HYPERPOD}fault-reasons")
_REPLACED = "UnschedulablePendingReplacement"

_READS = ("eks:DescribeCluster", "kubernetes:nodes", "sagemaker:DescribeClusterNode")


@check("live-node-joined", "the node is in Kubernetes", reads=_READS, blocking=False)
def joined(live: NodeOnEks, world: World) -> Iterator[Finding]:
    """A node that runs and has not joined the EKS cluster is paid for and takes no pods.

    Its kubelet did not reach the Kubernetes API, or was not let in: the lifecycle script, the security groups and the
    access entry of the execution role are the usual reasons.
    """
    node = _node(live, world)
    if node.status == "Running" and _in_kubernetes(live, node, world) is None:
        yield fail(
            f"node/{node.node_id}",
            "runs, and has not joined the EKS cluster",
            f"missing: {PREFIX}{node.node_id} in {live.eks_cluster}",
            remedy=f"hpctl explain {live.cluster} --node {node.node_id}\nhpctl doctor {live.cluster}",
        )


@check("live-node-ready", "the node takes pods", needs=("live-node-joined",), reads=_READS, blocking=False)
def ready(live: NodeOnEks, world: World) -> Iterator[Finding]:
    """Pods come to a node whose kubelet reports, that nobody has cordoned and that HyperPod's health checks passed.

    HyperPod tells its judgement by labels, and keeps pods away by a taint: deep health checks take about two hours,
    a node that is to be replaced gets no more work.
    """
    node = _node(live, world)
    found = _in_kubernetes(live, node, world)
    if found is None:  # it does not run
        return
    subject, look = f"node/{node.node_id}", f"kubectl describe node {found.name}"
    if not found.ready:
        yield fail(subject, "its kubelet does not report that it is ready", *_taints(found), remedy=look)
    if found.unschedulable:
        yield warn(subject, "somebody has cordoned it", *_taints(found), remedy=f"kubectl uncordon {found.name}")
    health = found.labels.get(HEALTH_LABEL, "Schedulable")
    if health != "Schedulable":
        wait = f"hpctl doctor {live.cluster} --node {node.node_id} --wait --fail-on warn"
        yield warn(
            subject,
            f"is `{health}` for HyperPod",
            *_labels(found),
            *_taints(found),
            remedy=f"HyperPod replaces it by itself where node recovery is on\n{wait}" if health == _REPLACED else wait,
        )


@check(
    "live-node-allocatable",
    "the node offers the accelerators and EFA interfaces of its type",
    needs=("live-node-joined",),
    reads=_READS,
    blocking=False,
)
def allocatable(live: NodeOnEks, world: World) -> Iterator[Finding]:
    """What a node does not offer no pod gets: a device plugin is not there, or has found less than the type has."""
    node = _node(live, world)
    found = _in_kubernetes(live, node, world)
    for resource, wanted, offered in promised(found) if found else ():
        if offered < wanted:
            complain = fail if offered == 0 else warn
            yield complain(
                f"node/{node.node_id}",
                f"offers less `{resource}` than {found.instance_type if found else ''} has",
                f"of the type: {wanted}",
                f"of the node: {offered}",
                remedy=f"kubectl get pods --all-namespaces --field-selector spec.nodeName={PREFIX}{node.node_id}",
            )


def _node(live: NodeOnEks, world: World) -> Node:
    node = world.node(live.cluster, live.node_id)
    if node is None:
        raise NotFoundError(f"there is no node `{live.node_id}` any more")
    return node


def _in_kubernetes(live: NodeOnEks, node: Node, world: World) -> KubernetesNode | None:
    cluster = world.eks_cluster(live.eks_cluster)
    if cluster is None:
        raise NotFoundError(f"there is no EKS cluster `{live.eks_cluster}`")
    rows = world.kubernetes_nodes(cluster)
    return next((row for row in rows if row.name == f"{PREFIX}{node.node_id}"), None)


def _labels(node: KubernetesNode) -> Iterator[str]:
    for key in (_DEEP_CHECKS, *_FAULTS):
        if key in node.labels:
            yield f"{key.removeprefix(_OF_HYPERPOD)}: {node.labels[key]}"


def _taints(node: KubernetesNode) -> Iterator[str]:
    return (f"taint: {taint}" for taint in node.taints)
