"""The whole seed, and the names by which `hpctl sandbox env` exports it."""

from __future__ import annotations

from hpctl.sandbox.plans import EXPIRED_PLAN, GOOD_PLAN
from hpctl.sandbox.seeds.clients import Clients
from hpctl.sandbox.seeds.eks import (
    CONFIG_MAP_EKS_CLUSTER,
    GOOD_EKS_CLUSTER,
    NO_ADDONS_EKS_CLUSTER,
    NO_DEPENDENCIES_EKS_CLUSTER,
    OLD_EKS_CLUSTER,
    eks_clusters,
)
from hpctl.sandbox.seeds.network import network
from hpctl.sandbox.seeds.principals import (
    EKS_ROLE,
    EXECUTION_ROLE,
    NO_VPC_ROLE,
    WRONG_TRUST_ROLE,
    administrator,
    roles,
)
from hpctl.sandbox.seeds.scripts import broken_bucket, good_bucket


def seed(endpoint: str, region: str, account: str) -> dict[str, str]:
    """Fill a new sandbox; returns what a user needs of it, by the names that `sandbox env` exports."""
    aws = Clients(endpoint, region)
    net = network(aws)
    arns = roles(aws)
    bucket = good_bucket(aws, account)
    mistakes = broken_bucket(aws, account)
    keys = administrator(aws)
    # Who creates an EKS cluster is its administrator.
    eks = eks_clusters(Clients(endpoint, region, keys), arns[EKS_ROLE], net.private)
    plan = f"arn:aws:sagemaker:{region}:{account}:training-plan"
    return {
        "EKS_CLUSTER_ARN": eks[GOOD_EKS_CLUSTER],
        "EKS_CLUSTER_NAME": GOOD_EKS_CLUSTER,
        "BUCKET_NAME": bucket,
        "EXECUTION_ROLE": arns[EXECUTION_ROLE],
        "SECURITY_GROUP": net.healthy_group,
        "SUBNET_ID": net.private[0],
        "OTHER_SUBNET_ID": net.private[1],
        "TRAINING_PLAN_ARN": f"{plan}/{GOOD_PLAN}",
        # From here on what must be refused or fail.
        "CONFIG_MAP_CLUSTER_ARN": eks[CONFIG_MAP_EKS_CLUSTER],
        "OLD_VERSION_CLUSTER_ARN": eks[OLD_EKS_CLUSTER],
        "NO_ADDONS_CLUSTER_ARN": eks[NO_ADDONS_EKS_CLUSTER],
        "NO_DEPENDENCIES_CLUSTER_ARN": eks[NO_DEPENDENCIES_EKS_CLUSTER],
        "WRONG_TRUST_ROLE": arns[WRONG_TRUST_ROLE],
        "NO_VPC_ROLE": arns[NO_VPC_ROLE],
        "NO_SELF_REFERENCE_SECURITY_GROUP": net.unhealthy_group,
        "PUBLIC_SUBNET_ID": net.public[0],
        "NO_ROUTE_SUBNET_ID": net.no_route,
        "TINY_SUBNET_ID": net.tiny,
        "EXPIRED_TRAINING_PLAN_ARN": f"{plan}/{EXPIRED_PLAN}",
        **mistakes,
        **keys,
    }
