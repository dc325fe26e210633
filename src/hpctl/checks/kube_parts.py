"""Whether what runs on a live cluster for all of its nodes goes together: one network, one Kueue, one autoscaler."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from hpctl.checks.declare import check, fail, note, warn
from hpctl.checks.eks_addons import AGENT
from hpctl.checks.live import eks_of, nodes_of, subject_of
from hpctl.checks.live_parts import KUEUE, PLUGINS, count, look, workloads
from hpctl.facts.jobs import GOVERNANCE
from hpctl.facts.kubernetes import ClusterOnEks, Workload
from hpctl.facts.world import World
from hpctl.report.check import Finding

_WORKLOADS = ("eks:DescribeCluster", "kubernetes:daemonsets.apps", "kubernetes:deployments.apps")

OTHER_NETWORKS: Final = ("cilium", "kube-flannel", "weave-net", "antrea-agent", "kube-router")
"""Parts of the names of other networks' DaemonSets, as their projects install them."""
OWN_NETWORK: Final = ("kube-system", "aws-node")

KEPT: Final = {
    "cluster-autoscaler.kubernetes.io/scale-down-disabled": "true",
    "karpenter.sh/do-not-disrupt": "true",
}
"""Annotations by which autoscalers pass over a node (their documentation)."""

_CERTIFICATES: Final = ("cert-manager", "cert-manager-webhook", "cert-manager-cainjector")
_SYSTEM: Final = ("kube-system", "aws-hyperpod")
_SHOWN: Final = 5


@check(
    "eks-cni-only",
    "the VPC CNI is the only network of pods",
    needs=("kube-token",),
    reads=_WORKLOADS,
)
def cni_only(live: ClusterOnEks, world: World) -> Iterator[Finding]:
    """HyperPod supports one network plugin on its nodes, the VPC CNI (DaemonSet `aws-node`).

    A second one takes the configuration of the first on each node: pods get addresses that the VPC does not know, and
    nodes stay NotReady. Calico is passed over: it is often there for network policies alone.
    """
    sets = workloads(live, world, "DaemonSet")
    if not any((one.namespace, one.name) == OWN_NETWORK for one in sets):
        region, cluster = world.identity().region, live.eks_cluster
        remedy = f"aws eks create-addon --region {region} --cluster-name {cluster} --addon-name vpc-cni"
        yield fail(
            subject_of(live), "the VPC CNI is not there", "missing: DaemonSet kube-system/aws-node", remedy=remedy
        )
    for one in (one for one in sets if any(part in one.name for part in OTHER_NETWORKS)):
        remedy = (
            f"uninstall it as it was installed, then\nkubectl rollout restart daemonset {OWN_NETWORK[1]} -n kube-system"
        )
        yield fail(str(one), "is another network of pods", count(one), remedy=remedy)


@check(
    "live-daemonsets-ready",
    "what every node needs is ready on all of them",
    needs=("kube-token",),
    reads=_WORKLOADS,
    blocking=False,
)
def daemon_sets_ready(live: ClusterOnEks, world: World) -> Iterator[Finding]:
    """Network, proxy, storage drivers and agents of `kube-system` and `aws-hyperpod` run on every node.

    Where `aws-node` is not ready no pod gets an address. Device plugins and the health monitoring agent have checks of
    their own.
    """
    others = (*PLUGINS.values(), AGENT)
    for one in workloads(live, world, "DaemonSet"):
        if one.namespace not in _SYSTEM or one.ready >= one.wanted or any(part in one.name for part in others):
            continue
        vital = (one.namespace, one.name) == OWN_NETWORK and one.ready == 0
        complain = fail if vital else warn
        yield complain(str(one), "is not ready on every node", count(one), remedy=f"{look(one)}\n{_pods(one)}")


@check(
    "eks-cert-manager",
    "cert-manager works for HyperPod's training operator",
    needs=("kube-token",),
    reads=_WORKLOADS,
    blocking=False,
)
def cert_manager(live: ClusterOnEks, world: World) -> Iterator[Finding]:
    """The operator's webhook has a certificate of cert-manager's.

    Without it Kubernetes refuses every HyperPodPyTorchJob with an error about x509. Where the operator is not
    installed nothing needs cert-manager.
    """
    deployments = workloads(live, world, "Deployment")
    operator = next((one for one in deployments if "hp-training-operator" in one.name), None)
    if operator is None:
        return
    found = {one.name: one for one in deployments if one.name in _CERTIFICATES}
    if not found:
        region, cluster = world.identity().region, live.eks_cluster
        remedy = f"aws eks create-addon --region {region} --cluster-name {cluster} --addon-name cert-manager"
        yield warn(str(operator), "needs cert-manager, which is not installed", remedy=remedy)
    for one in (one for one in found.values() if not one.ready):
        yield warn(str(one), "is not ready: HyperPodPyTorchJobs are refused", count(one), remedy=look(one))


@check(
    "eks-kueue-preinstalled",
    "no other Kueue stands in the way of task governance",
    needs=("kube-token",),
    reads=("eks:DescribeCluster", "eks:ListAddons", "eks:DescribeAddon", "kubernetes:apigroups"),
    blocking=False,
)
def kueue_preinstalled(live: ClusterOnEks, world: World) -> Iterator[Finding]:
    """Task governance brings its own Kueue, and its add-on fails where the definitions of another are there.

    Kueue without task governance is well by itself, and only noted.
    """
    cluster, region = eks_of(live, world), world.identity().region
    if KUEUE not in world.api_versions(cluster):
        return
    addon = next((one for one in world.eks_addons(cluster.name) if one.name == GOVERNANCE), None)
    if addon is None:
        yield note(subject_of(live), "has a Kueue of its own: remove it before task governance is installed")
    elif addon.status == "CREATE_FAILED":
        again = f"--region {region} --cluster-name {cluster.name} --addon-name {GOVERNANCE}"
        yield fail(
            f"EKS add-on/{GOVERNANCE}",
            "could not be made, and definitions of Kueue are there",
            *addon.issues,
            remedy="helm uninstall kueue --namespace kueue-system\n"
            "kubectl get crd -o name | grep '[.]kueue[.]x-k8s[.]io$' | xargs kubectl delete\n"
            f"aws eks delete-addon {again}\naws eks create-addon {again}",
        )


@check(
    "live-autoscaler-conflict",
    "nothing else removes HyperPod's nodes",
    needs=("kube-token",),
    reads=(*_WORKLOADS, "kubernetes:nodes"),
    blocking=False,
)
def autoscaler_conflict(live: ClusterOnEks, world: World) -> Iterator[Finding]:
    """The Cluster Autoscaler takes nodes away that it finds idle; those of HyperPod are not its own.

    It passes over nodes that say so in an annotation, and so does Karpenter.
    """
    parts = ("cluster-autoscaler", "karpenter")
    found = [one for one in workloads(live, world, "Deployment") if one.wanted and any(p in one.name for p in parts)]
    open_to_it = (
        [node.name for node in nodes_of(live, world) if not KEPT.items() & node.annotations.items()] if found else []
    )
    for one in found if open_to_it else ():
        keep = " ".join(f"{key}={value}" for key, value in KEPT.items())
        selector = f"--selector sagemaker.amazonaws.com/cluster-name={live.name}"
        yield warn(
            str(one),
            f"may remove {len(open_to_it)} of HyperPod's nodes",
            *open_to_it[:_SHOWN],
            remedy=f"kubectl annotate nodes {selector} --overwrite {keep}",
        )


def _pods(one: Workload) -> str:
    return f"kubectl get pods --namespace {one.namespace} --output wide | grep {one.name}"
