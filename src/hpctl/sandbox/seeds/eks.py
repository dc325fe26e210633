"""The seed's EKS clusters: one that HyperPod takes, with every kind of job, and four that it refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hpctl.sandbox.eks.cluster import CHART_TAG, JOBSET, JOBSET_TAG, NO_CHART
from hpctl.sandbox.eks.versions import OLD_VERSION
from hpctl.sandbox.seeds.clients import NAME, Clients
from hpctl.sandbox.seeds.network import admit

if TYPE_CHECKING:
    from collections.abc import Sequence

GOOD_EKS_CLUSTER = f"{NAME}-api"
CONFIG_MAP_EKS_CLUSTER = f"{NAME}-config-map"
OLD_EKS_CLUSTER = f"{NAME}-old-version"
NO_ADDONS_EKS_CLUSTER = f"{NAME}-no-addons"
NO_DEPENDENCIES_EKS_CLUSTER = f"{NAME}-no-dependencies"
_HTTPS = 443
_ADDONS = ("vpc-cni", "kube-proxy", "coredns", "eks-pod-identity-agent")


def eks_clusters(aws: Clients, role: str, subnets: Sequence[str]) -> dict[str, str]:
    """Make the clusters, for whom the clients are; returns their ARNs by name."""
    arns = {
        GOOD_EKS_CLUSTER: _cluster(
            aws, GOOD_EKS_CLUSTER, "API_AND_CONFIG_MAP", role, subnets, tags={JOBSET_TAG: JOBSET}
        ),
        CONFIG_MAP_EKS_CLUSTER: _cluster(aws, CONFIG_MAP_EKS_CLUSTER, "CONFIG_MAP", role, subnets),
        OLD_EKS_CLUSTER: _cluster(aws, OLD_EKS_CLUSTER, "API", role, subnets, version=OLD_VERSION),
        NO_ADDONS_EKS_CLUSTER: _cluster(
            aws, NO_ADDONS_EKS_CLUSTER, "API", role, subnets, bootstrapSelfManagedAddons=False
        ),
        NO_DEPENDENCIES_EKS_CLUSTER: _cluster(
            aws, NO_DEPENDENCIES_EKS_CLUSTER, "API", role, subnets, tags={CHART_TAG: NO_CHART}
        ),
    }
    for name in (GOOD_EKS_CLUSTER, CONFIG_MAP_EKS_CLUSTER, OLD_EKS_CLUSTER, NO_DEPENDENCIES_EKS_CLUSTER):
        for addon in _ADDONS:
            aws.eks.create_addon(clusterName=name, addonName=addon)
    _add_training_operator(aws, GOOD_EKS_CLUSTER, role)
    return arns


def _add_training_operator(aws: Clients, cluster: str, role: str) -> None:
    """Install HyperPod's operator with what it needs (AWS documentation, "Installing the training operator")."""
    aws.eks.create_pod_identity_association(
        clusterName=cluster,
        namespace="aws-hyperpod",
        serviceAccount="hp-training-operator-controller-manager",
        roleArn=role,
    )
    for addon in ("cert-manager", "amazon-sagemaker-hyperpod-training-operator"):
        aws.eks.create_addon(clusterName=cluster, addonName=addon)


def _cluster(aws: Clients, name: str, mode: str, role: str, subnets: Sequence[str], **members: Any) -> str:
    network = {"subnetIds": list(subnets), "endpointPrivateAccess": True, "endpointPublicAccess": True}
    cluster = aws.eks.create_cluster(
        name=name, roleArn=role, resourcesVpcConfig=network, accessConfig={"authenticationMode": mode}, **members
    )
    # EKS's own group admits nobody but its members, and HyperPod's nodes are none: they join from the VPC.
    admit(aws, cluster["cluster"]["resourcesVpcConfig"]["clusterSecurityGroupId"], _HTTPS)
    return str(cluster["cluster"]["arn"])
