"""The nodes of a live cluster as Kubernetes has them: all there, well, and with what their types promise."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

from hpctl.catalog.instance_types import instance_type
from hpctl.checks.declare import check, fail, warn
from hpctl.checks.live import HEALTH_LABEL, eks_of, nodes_of, subject_of
from hpctl.errors import NotFoundError
from hpctl.facts.kubernetes import ClusterOnEks, KubernetesNode
from hpctl.facts.world import World
from hpctl.report.check import Finding

PREFIX = "hyperpod-"
"""What stands before the instance id in a node's name (AWS documentation, SageMaker HyperPod on EKS)."""

_NEURON = frozenset({"aws.amazon.com/neuron", "aws.amazon.com/neuroncore", "aws.amazon.com/neurondevice"})
"""Names of one and the same; which of them a node offers depends on the plugin's version."""

KUBELET_LAG = 3
"""Minor versions that a kubelet may be behind the API server (Kubernetes version skew policy)."""

_READS = ("eks:DescribeCluster", "kubernetes:nodes")


@check(
    "kube-nodes-joined",
    "every running node is in Kubernetes, and no other",
    needs=("kube-token",),
    reads=("sagemaker:ListClusterNodes", *_READS),
    blocking=False,
)
def nodes_joined(live: ClusterOnEks, world: World) -> Iterator[Finding]:
    """A node that runs and has not joined is paid for and takes no pods.

    One that Kubernetes still has after HyperPod replaced it makes its pods look alive.
    """
    known = {node.name for node in nodes_of(live, world)}
    running = {f"{PREFIX}{node.node_id}" for node in world.nodes(live.name) if node.status == "Running"}
    ever = {f"{PREFIX}{node.node_id}" for node in world.nodes(live.name)}
    for name in sorted(running - known):
        node_id = name.removeprefix(PREFIX)
        remedy = f"hpctl node describe {node_id} --cluster {live.name}\nhpctl cluster events {live.name}"
        yield fail(f"node/{node_id}", "runs, and has not joined the EKS cluster", f"missing: {name}", remedy=remedy)
    for name in sorted(known - ever):
        message = "Kubernetes has it, and HyperPod has not"
        yield warn(f"node/{name}", message, remedy=f"kubectl delete node {name}")


@check(
    "kube-nodes-well",
    "the nodes are ready, and HyperPod lets pods onto them",
    needs=("kube-token",),
    reads=_READS,
    blocking=False,
)
def nodes_well(live: ClusterOnEks, world: World) -> Iterator[Finding]:
    """Kubernetes tells whether a kubelet reports; HyperPod's label whether the machine passed its health checks.

    A node that somebody has cordoned takes no new pods until it is uncordoned.
    """
    for node in nodes_of(live, world):
        health = node.labels.get(HEALTH_LABEL, "Schedulable")
        remedy = f"kubectl describe node {node.name}"
        if not node.ready:
            yield warn(f"node/{node.name}", "is not ready", remedy=remedy)
        elif health != "Schedulable":
            yield warn(f"node/{node.name}", f"is `{health}` for HyperPod", remedy=remedy)
        elif node.unschedulable:
            yield warn(f"node/{node.name}", "is cordoned", remedy=f"kubectl uncordon {node.name}")


@check(
    "kube-allocatable",
    "nodes offer the accelerators and EFA interfaces of their types",
    needs=("kube-token",),
    reads=_READS,
    blocking=False,
)
def allocatable(live: ClusterOnEks, world: World) -> Iterator[Finding]:
    """What a node does not offer no pod gets: a device plugin is not there, or has found less than the type has.

    GPUs that are partitioned (MIG) are offered by the partition, which is not judged.
    """
    short: defaultdict[tuple[str, str, int], list[tuple[str, int]]] = defaultdict(list)
    for node in nodes_of(live, world):
        for resource, wanted, offered in promised(node):
            if offered < wanted:
                short[node.instance_type or "", resource, wanted].append((node.name, offered))
    for (kind, resource, wanted), rows in short.items():
        complain = fail if any(offered == 0 for _name, offered in rows) else warn
        yield complain(
            f"{len(rows)} {'node' if len(rows) == 1 else 'nodes'} of type {kind}",
            f"less `{resource}` than the type has",
            f"of the type: {wanted}",
            *(f"{name}: {offered}" for name, offered in rows),
            remedy=f"kubectl describe node {rows[0][0]}",
        )


@check(
    "kube-version-skew",
    "kubelets and API server go together",
    needs=("kube-token",),
    reads=(*_READS, "kubernetes:version"),
    blocking=False,
)
def version_skew(live: ClusterOnEks, world: World) -> Iterator[Finding]:
    """A kubelet may be three minor versions older than the API server, and never newer.

    HyperPod's nodes get a newer kubelet with an update of their software.
    """
    server = _minor(world.contact(eks_of(live, world)).version)
    if server is None:
        return
    ages: defaultdict[str, list[str]] = defaultdict(list)
    for node in nodes_of(live, world):
        kubelet = _minor(node.version)
        if kubelet and (kubelet > server or server[1] - kubelet[1] > KUBELET_LAG):
            ages[node.version].append(node.name)
    for version, names in ages.items():
        yield fail(
            subject_of(live),
            f"{len(names)} of the nodes run kubelet {version}, and the API server is {server[0]}.{server[1]}",
            *names,
            remedy=f"hpctl cluster update-software {live.name}",
        )


def promised(node: KubernetesNode) -> Iterator[tuple[str, int, int]]:
    """Yield what the node's type has: the resource, how many, and how many the node offers."""
    try:
        known = instance_type(node.instance_type or "")
    except NotFoundError:
        return
    partitioned = any(name.startswith("nvidia.com/mig-") for name in node.allocatable)
    neuron = [name for name in known.kubernetes_resources if name in _NEURON and _offered(node, name)]
    for resource, wanted in known.kubernetes_resources.items():
        if resource == "nvidia.com/gpu" and partitioned:
            continue
        if resource in _NEURON and neuron and resource not in neuron:
            continue
        yield resource, wanted, _offered(node, resource)


def _offered(node: KubernetesNode, resource: str) -> int:
    count = node.allocatable.get(resource, "0")
    return int(count) if count.isdigit() else 0


def _minor(text: str) -> tuple[int, int] | None:
    found = re.match(r"v?(\d+)\.(\d+)", text)
    return (int(found[1]), int(found[2])) if found else None
