"""For each check that asks AWS: a wish and an account in which it asks all that it may, and what that is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from types import ModuleType

from hpctl.spec.cluster import ClusterSpec
from tests.unit.builders import PLAN_ARN, a_group, a_permission, a_security_group, a_spec, an_endpoint
from tests.unit.checks import (
    rows_eks_cluster,
    rows_iam,
    rows_iam_keys,
    rows_iam_use,
    rows_lifecycle,
    rows_lifecycle_text,
    rows_network_endpoints,
    rows_offline,
    rows_quota,
    rows_slurm_files,
    rows_storage,
)
from tests.unit.fakes import FakeAccount

HEALTHY = a_spec()


@dataclass(frozen=True)
class Scene:
    """`asks` are the operations of the ports; the world is healthy, so that nothing is asked for a remedy."""

    asks: tuple[str, ...]
    spec: ClusterSpec = HEALTHY
    account: Callable[[], FakeAccount] = FakeAccount


_ROUTES = ("network.subnets", "network.route_tables", "network.active_nat_gateways", "network.endpoints")
_IDENTITY = "caller.identity"


def _closed() -> FakeAccount:
    services = rows_network_endpoints.endpoints(*rows_network_endpoints.ON_EKS)
    return rows_network_endpoints.closed(an_endpoint(), *services)


def _https_to_endpoints() -> FakeAccount:
    rule = a_permission(protocol="tcp", ports=(443, 443), cidr="10.0.0.0/16")
    s3 = an_endpoint("s3", kind="Interface", subnet_ids=("subnet-1",))
    services = rows_network_endpoints.endpoints(*rows_network_endpoints.ON_EKS)
    return rows_network_endpoints.closed(s3, *services).holding(a_security_group(permissions=(rule,)))


def _used() -> FakeAccount:
    return rows_quota.account(rows_quota.other())


_PLANNED = a_spec(a_group(training_plan_arn=PLAN_ARN))
_SPOT = a_spec(a_group(capacity="spot"))
_DISK = a_spec(a_group(storage=({"ebs": {"volume_size_in_gb": 500}},)))
_USE = ("quotas.sagemaker", "clusters.summaries", "clusters.describe")


def _account_of(rows: ModuleType, check_id: str) -> FakeAccount:
    account: FakeAccount = rows.wish(check_id)[1]
    return account


def _scenes(*modules: ModuleType) -> dict[str, Scene]:
    """Scenes that stand beside the rows of their checks."""
    return {
        check_id: Scene(asks, rows.wish(check_id)[0], partial(_account_of, rows, check_id))
        for rows in modules
        for check_id, asks in rows.ASKS.items()
    }


SCENES: dict[str, Scene] = {
    **_scenes(rows_eks_cluster, rows_iam, rows_iam_keys, rows_iam_use, rows_lifecycle, rows_lifecycle_text),
    **_scenes(rows_offline, rows_slurm_files, rows_storage),
    "eks-cluster-active": Scene((_IDENTITY, "eks.describe")),
    "eks-auth-mode": Scene((_IDENTITY, "eks.describe")),
    "network-ids-exist": Scene((_IDENTITY, "network.subnets", "network.security_groups")),
    "network-same-vpc": Scene(("network.subnets", "network.security_groups")),
    "network-efa-single-az": Scene(("network.subnets",)),
    "network-multi-subnet": Scene(("network.subnets",)),
    "network-sg-self-ref": Scene((_IDENTITY, "network.security_groups")),
    "network-sg-egress": Scene(
        (_IDENTITY, "network.security_groups", *_ROUTES),
        account=_https_to_endpoints,
    ),
    "network-subnet-private": Scene(("network.subnets", "network.route_tables")),
    "network-egress-path": Scene((_IDENTITY, *_ROUTES), account=_closed),
    "network-dns": Scene((_IDENTITY, "network.subnets", "network.vpc")),
    "network-dhcp": Scene(("network.subnets", "network.vpc", "dhcp.options")),
    "network-nacl": Scene((*_ROUTES[:3], "network.network_acls", "network.vpc"), account=_closed),
    "network-endpoints-complete": Scene((_IDENTITY, *_ROUTES), account=_closed),
    "network-endpoint-sg": Scene(
        (_IDENTITY, "network.subnets", "network.security_groups", "network.endpoints"), account=_closed
    ),
    "network-endpoint-dns": Scene((_IDENTITY, *_ROUTES), account=_closed),
    "network-s3-gateway": Scene((_IDENTITY, *_ROUTES)),
    "network-free-ips": Scene(("network.subnets",)),
    "network-free-ips-headroom": Scene(("network.subnets",)),
    "capacity-type-offered": Scene(("network.subnets", "network.zones_offering")),
    "capacity-plan-status": Scene(("plans.plan",), _PLANNED),
    "capacity-plan-type": Scene(("plans.plan",), _PLANNED),
    "capacity-plan-az": Scene(("network.subnets", "plans.plan"), _PLANNED),
    "quota-instance-type": Scene(_USE, account=_used),
    "quota-spot-type": Scene(_USE, _SPOT, _used),
    "quota-cluster-instances": Scene(("quotas.sagemaker",)),
    "quota-total-instances": Scene(_USE, account=_used),
    "quota-ebs-size": Scene(("quotas.sagemaker",), _DISK),
    "quota-pending": Scene(("quota_requests.pending",)),
    "quota-rig-fsx": Scene(("quotas.sagemaker",), rows_quota.with_lustre(1200)),
    "quota-eni": Scene(("quotas.network_interfaces", "network.interface_count")),
}

PORT_OF: dict[str, str] = {
    "ec2:DescribeDhcpOptions": "dhcp.options",
    "ec2:DescribeInstanceTypeOfferings": "network.zones_offering",
    "ec2:DescribeNatGateways": "network.active_nat_gateways",
    "ec2:DescribeNetworkAcls": "network.network_acls",
    "ec2:DescribeNetworkInterfaces": "network.interface_count",
    "ec2:DescribeRouteTables": "network.route_tables",
    "ec2:DescribeSecurityGroups": "network.security_groups",
    "ec2:DescribeSubnets": "network.subnets",
    "ec2:DescribeVpcAttribute": "network.vpc",
    "ec2:DescribeVpcEndpoints": "network.endpoints",
    "ec2:DescribeVpcs": "network.vpc",
    "eks:DescribeAddon": "eks.addons",
    "eks:DescribeCluster": "eks.describe",
    "eks:DescribeClusterVersions": "eks.supported_versions",
    "eks:DescribeAddonVersions": "eks.addon_versions",
    "eks:DescribeNodegroup": "node_groups.roles",
    "eks:ListAddons": "eks.addons",
    "eks:ListNodegroups": "node_groups.roles",
    "fsx:DescribeFileSystems": "file_systems.all",
    "iam:GetRole": "iam.role",
    "iam:SimulatePrincipalPolicy": "iam.simulate",
    "kms:DescribeKey": "keys.key",
    "kms:GetKeyPolicy": "keys.actions_by_policy",
    "kubernetes:customresourcedefinitions.apiextensions.k8s.io": "kubernetes.custom_resources",
    "kubernetes:daemonsets.apps": "kubernetes.daemon_sets",
    "s3:GetBucketLocation": "storage.bucket_region",
    "s3:GetObject": "storage.read",
    "s3:ListBucket": "storage.objects",
    "sagemaker:DescribeCluster": "clusters.describe",
    "sagemaker:DescribeTrainingPlan": "plans.plan",
    "sagemaker:ListClusters": "clusters.summaries",
    "servicequotas:GetServiceQuota": "quotas.network_interfaces",
    "servicequotas:ListRequestedServiceQuotaChangeHistory": "quota_requests.pending",
    "servicequotas:ListServiceQuotas": "quotas.sagemaker",
    "sts:GetCallerIdentity": "caller.identity",
}
"""The operation of the ports behind each action of IAM."""

SAME_ACTION = {
    "file_systems.guards": "network.interface_count",
    "shell.faults": "storage.read",
    "storage.encryption_key": "storage.read",
}
"""Operations of the ports behind the action of another."""
