"""What the adapters read of answers, held to the service models of the installed botocore."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import botocore.session
import pytest
from botocore.model import ListShape, MapShape, Shape, StructureShape

from hpctl.adapters.aws.account import bucket_of, named_vpc_of, regions_of
from hpctl.adapters.aws.acls import network_acl_of
from hpctl.adapters.aws.changes import eks_tags_of, value_of
from hpctl.adapters.aws.clusters import (
    cluster_of,
    event_of,
    listed_event_of,
    listed_node_of,
    listed_operation_of,
    node_of,
    summary_of,
)
from hpctl.adapters.aws.clusters import operation_of as described_operation_of
from hpctl.adapters.aws.dhcp import options_of
from hpctl.adapters.aws.eks import (
    access_groups_of,
    access_policy_of,
    addon_of,
    addon_versions_of,
    eks_cluster_of,
    pod_identity_of,
    version_of,
)
from hpctl.adapters.aws.filesystems import file_system_of, groups_of
from hpctl.adapters.aws.iam import role_of, verdicts_of
from hpctl.adapters.aws.keys import key_of, policy_of
from hpctl.adapters.aws.logs import lines_of, name_of, stream_of
from hpctl.adapters.aws.network import (
    cidrs_of,
    dhcp_options_id_of,
    dns_hostnames_of,
    dns_support_of,
    endpoint_of,
    interface_of,
    nat_gateway_of,
    security_group_of,
    subnet_of,
    zone_id_of,
)
from hpctl.adapters.aws.plans import plan_of
from hpctl.adapters.aws.quota_requests import quota_request_of
from hpctl.adapters.aws.quotas import quota_of
from hpctl.adapters.aws.routes import route_table_of
from hpctl.adapters.aws.scriptstore import etag_of, script_of
from hpctl.adapters.aws.storage import encryption_key_of, location_of, object_of
from tests.contract.aws_calls import SINCE
from tests.contract.service_models import operation_of


@pytest.mark.parametrize(
    ("service", "operation", "path", "build"),
    [
        ("sagemaker", "DescribeCluster", (), cluster_of),
        ("sagemaker", "ListClusters", ("ClusterSummaries",), summary_of),
        ("sagemaker", "ListClusterNodes", ("ClusterNodeSummaries",), listed_node_of),
        ("sagemaker", "DescribeClusterNode", (), node_of),
        ("sagemaker", "ListClusterEvents", ("Events",), listed_event_of),
        ("sagemaker", "DescribeClusterEvent", (), event_of),
        ("sagemaker", "ListClusterOperations", ("ClusterOperationSummaries",), listed_operation_of),
        ("sagemaker", "DescribeClusterOperation", (), described_operation_of),
        ("logs", "DescribeLogGroups", ("logGroups",), name_of),
        ("logs", "DescribeLogStreams", ("logStreams",), stream_of),
        ("logs", "GetLogEvents", (), lines_of),
        ("ec2", "DescribeSubnets", ("Subnets",), subnet_of),
        ("ec2", "DescribeSecurityGroups", ("SecurityGroups",), security_group_of),
        ("ec2", "DescribeRegions", (), regions_of),
        ("ec2", "DescribeVpcs", ("Vpcs",), named_vpc_of),
        ("s3", "ListBuckets", ("Buckets",), bucket_of),
        ("ec2", "DescribeVpcs", (), cidrs_of),
        ("ec2", "DescribeVpcAttribute", (), dns_support_of),
        ("ec2", "DescribeVpcAttribute", (), dns_hostnames_of),
        ("ec2", "DescribeRouteTables", ("RouteTables",), route_table_of),
        ("ec2", "DescribeVpcEndpoints", ("VpcEndpoints",), endpoint_of),
        ("ec2", "DescribeNatGateways", ("NatGateways",), nat_gateway_of),
        ("ec2", "DescribeNetworkAcls", ("NetworkAcls",), network_acl_of),
        ("ec2", "DescribeNetworkInterfaces", ("NetworkInterfaces",), interface_of),
        ("ec2", "DescribeInstanceTypeOfferings", ("InstanceTypeOfferings",), zone_id_of),
        ("ec2", "DescribeVpcs", (), dhcp_options_id_of),
        ("ec2", "DescribeDhcpOptions", (), options_of),
        ("ec2", "DescribeNetworkInterfaces", ("NetworkInterfaces",), groups_of),
        ("fsx", "DescribeFileSystems", ("FileSystems",), file_system_of),
        ("service-quotas", "ListRequestedServiceQuotaChangeHistory", ("RequestedQuotas",), quota_request_of),
        ("ec2", "DescribeTags", ("Tags",), value_of),
        ("iam", "ListRoleTags", ("Tags",), lambda tag: (tag["Key"], tag["Value"])),
        ("eks", "DescribeCluster", (), eks_tags_of),
        ("eks", "DescribeCluster", (), eks_cluster_of),
        ("eks", "DescribeClusterVersions", ("clusterVersions",), version_of),
        ("eks", "DescribeAddon", (), addon_of),
        ("eks", "DescribeAddonVersions", ("addons",), addon_versions_of),
        ("eks", "ListPodIdentityAssociations", ("associations",), pod_identity_of),
        ("eks", "DescribeAccessEntry", (), access_groups_of),
        ("eks", "ListAssociatedAccessPolicies", ("associatedAccessPolicies",), access_policy_of),
        ("service-quotas", "ListServiceQuotas", ("Quotas",), quota_of),
        ("service-quotas", "ListAWSDefaultServiceQuotas", ("Quotas",), quota_of),
        ("service-quotas", "GetServiceQuota", (), lambda answer: quota_of(answer["Quota"])),
        ("service-quotas", "GetAWSDefaultServiceQuota", (), lambda answer: quota_of(answer["Quota"])),
        ("iam", "GetRole", (), role_of),
        ("iam", "SimulatePrincipalPolicy", ("EvaluationResults",), verdicts_of),
        ("s3", "ListObjectsV2", ("Contents",), object_of),
        ("s3", "ListObjectsV2", ("Contents",), script_of),
        ("s3", "HeadObject", (), encryption_key_of),
        ("s3", "PutObject", (), etag_of),
        ("s3", "GetBucketLocation", (), location_of),
        ("kms", "DescribeKey", (), key_of),
        ("kms", "GetKeyPolicy", (), policy_of),
        ("s3", "GetObject", (), lambda answer: (answer["Body"], answer.get("ContentLength"))),
        ("sagemaker", "DescribeTrainingPlan", (), plan_of),
    ],
)
def test_every_member_that_is_read_exists_in_the_answer(
    service: str, operation: str, path: tuple[str, ...], build: Any, botocore_session: botocore.session.Session
) -> None:
    shape: Any = operation_of(botocore_session, service, operation).output_shape
    for key in path:
        shape = shape.members[key].member
    build(Answer(shape))


def test_reading_a_member_that_does_not_exist_is_seen(botocore_session: botocore.session.Session) -> None:
    shape = operation_of(botocore_session, "sagemaker", "DescribeCluster").output_shape
    with pytest.raises(AssertionError, match="DescribeClusterResponse has no `Colour`"):
        Answer(shape).get("Colour")


class Answer(Mapping[str, Any]):
    """An answer with every member that the model has, which fails on any other."""

    def __init__(self, shape: Any) -> None:
        self._shape = shape

    def __getitem__(self, key: str) -> Any:
        assert key in self._shape.members or key == "SDK_UNKNOWN_MEMBER", f"{self._shape.name} has no `{key}`"
        return sample(self._shape.members[key])

    def __iter__(self) -> Iterator[str]:
        return iter(self._shape.members)

    def __len__(self) -> int:
        return len(self._shape.members)


def sample(shape: Shape) -> Any:
    match shape:
        case StructureShape():
            return Answer(shape)
        case ListShape():
            return [sample(shape.member)]
        case MapShape():
            return {}
        case _ if shape.name == "policyDocumentType":
            return "{}"
        case _:
            kinds: dict[str, object] = {"timestamp": SINCE, "integer": 1, "long": 1, "double": 1.0, "boolean": True}
            return kinds.get(shape.type_name, "text")
