"""What checks of live clusters share: the EKS cluster behind a HyperPod cluster, and what lets somebody into it."""

from __future__ import annotations

from hpctl.errors import NotFoundError
from hpctl.facts.kubernetes import ClusterOnEks, KubernetesNode
from hpctl.facts.records import EksCluster
from hpctl.facts.world import World

CLUSTER_LABEL = "sagemaker.amazonaws.com/cluster-name"
HEALTH_LABEL = "sagemaker.amazonaws.com/node-health-status"
"""Labels of HyperPod's nodes (AWS documentation, SageMaker HyperPod on EKS)."""

VIEW = "AmazonEKSAdminViewPolicy"
EDIT = "AmazonEKSEditPolicy"
ADMIN = "AmazonEKSClusterAdminPolicy"
"""EKS access policies; only the last one covers custom resources (EKS user guide, "access policy permissions")."""


def eks_of(live: ClusterOnEks, world: World) -> EksCluster:
    """Return the EKS cluster; raises `NotFoundError` when it is gone."""
    cluster = world.eks_cluster(live.eks_cluster)
    if cluster is None:  # only with `kube-control-plane` left out
        raise NotFoundError(f"there is no EKS cluster `{live.eks_cluster}`")
    return cluster


def subject_of(live: ClusterOnEks) -> str:
    """Return what findings about the EKS cluster are about."""
    return f"EKS cluster/{live.eks_cluster}"


def principal_of(world: World) -> str:
    """Return the caller as an argument of a command: the ARN of its access entry, of its role, or its own."""
    arn = world.identity().arn
    kind, _, path = arn.split(":", 5)[5].partition("/")
    if kind != "assumed-role":
        return arn
    role = path.partition("/")[0]  # whose path is not in the ARN of its sessions
    return f'"$(aws iam get-role --role-name {role} --query Role.Arn --output text)"'


def let_in(live: ClusterOnEks, world: World) -> str:
    """Return the command that makes an access entry for the caller."""
    where = f"--region {world.identity().region} --cluster-name {live.eks_cluster}"
    return f"aws eks create-access-entry {where} --principal-arn {principal_of(world)}"


def allow(live: ClusterOnEks, world: World, policy: str, *, namespace: str | None = None) -> str:
    """Return the command that associates an access policy with the caller's entry."""
    where = f"--region {world.identity().region} --cluster-name {live.eks_cluster}"
    scope = f"type=namespace,namespaces={namespace}" if namespace else "type=cluster"
    arn, principal = policy_arn(policy, world), principal_of(world)
    return (
        f"aws eks associate-access-policy {where} --principal-arn {principal} --policy-arn {arn} --access-scope {scope}"
    )


def policy_arn(policy: str, world: World) -> str:
    """Return the ARN of an EKS access policy."""
    return f"arn:{world.identity().arn.split(':')[1]}:eks::aws:cluster-access-policy/{policy}"


def nodes_of(live: ClusterOnEks, world: World) -> tuple[KubernetesNode, ...]:
    """Return the nodes of this HyperPod cluster in Kubernetes."""
    found = world.kubernetes_nodes(eks_of(live, world))
    return tuple(node for node in found if node.labels.get(CLUSTER_LABEL) == live.name)
