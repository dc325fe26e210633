"""What AWS answers to each operation that the adapters call, as recorded for their unit tests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from tests.unit.adapters import (
    test_account,
    test_changes,
    test_clusters,
    test_dhcp,
    test_eks_and_caller,
    test_filesystems,
    test_iam,
    test_keys,
    test_logs,
    test_network,
    test_plans,
    test_quota_requests,
    test_quotas,
    test_storage,
)
from tests.unit.adapters.wire import ByOperation, Reply, ok

ARN = test_clusters.ARN

SESSION = {"SessionId": "ada-0a", "StreamUrl": "wss://ssmmessages.us-west-2.amazonaws.com/x", "TokenValue": "t"}

ANSWERS: Mapping[str, Reply] = {
    "CreateCluster": ok({"ClusterArn": ARN}),
    "DescribeCluster": ok({**test_clusters.CLUSTER, "cluster": test_eks_and_caller.CLUSTER}),
    "ListClusters": ok({"ClusterSummaries": [test_clusters.CLUSTER], "clusters": ["kube"]}),
    "DeleteCluster": ok({"ClusterArn": ARN}),
    "UpdateCluster": ok({"ClusterArn": ARN}),
    "UpdateClusterSoftware": ok({"ClusterArn": ARN}),
    "AddTags": ok({"Tags": [{"Key": "a", "Value": "b"}]}),
    "DeleteTags": ok({}),
    "ListClusterOperations": ok({"ClusterOperationSummaries": [test_clusters.OPERATION]}),
    "DescribeClusterOperation": ok({**test_clusters.OPERATION, "ScalingDetails": [test_clusters.SCALING]}),
    "DescribeLogGroups": test_logs.GROUPS,
    "DescribeLogStreams": test_logs.STREAMS,
    "GetLogEvents": test_logs.EVENTS,
    "ListClusterNodes": ok({"ClusterNodeSummaries": [test_clusters.NODE]}),
    "DescribeClusterNode": ok({"NodeDetails": test_clusters.NODE}),
    "ListClusterEvents": ok({"Events": [test_clusters.EVENT]}),
    "DescribeClusterEvent": ok(
        {
            "EventDetails": {
                **test_clusters.EVENT,
                "EventDetails": {"EventMetadata": {"Cluster": {"FailureMessage": "x"}}},
            }
        }
    ),
    "ListTags": ok({"Tags": [{"Key": "a", "Value": "b"}]}),
    "DescribeSubnets": test_network.SUBNETS,
    "DescribeSecurityGroups": test_network.GROUPS,
    "DescribeVpcs": test_network.VPCS,
    "DescribeVpcAttribute": test_network.ATTRIBUTE,
    "DescribeRouteTables": test_network.TABLES,
    "DescribeVpcEndpoints": test_network.ENDPOINTS,
    "DescribeNatGateways": test_network.GATEWAYS,
    "DescribeNetworkAcls": test_network.ACLS,
    "DescribeInstanceTypeOfferings": test_network.OFFERINGS,
    "DescribeNetworkInterfaces": test_network.INTERFACES,
    "DescribeDhcpOptions": test_dhcp.OPTIONS,
    "DescribeFileSystems": test_filesystems.LISTED,
    "ListRequestedServiceQuotaChangeHistory": test_quota_requests.HISTORY,
    "DescribeClusterVersions": test_eks_and_caller.VERSIONS,
    "DescribeAddonVersions": ok({"addons": [{"addonVersions": [{"addonVersion": "v1"}]}]}),
    "ListPodIdentityAssociations": ok({"associations": []}),
    "ListAddons": ok({"addons": ["vpc-cni"]}),
    "DescribeAddon": ok({"addon": test_eks_and_caller.ADDON}),
    "ListNodegroups": ok({"nodegroups": ["system"]}),
    "DescribeNodegroup": ok({"nodegroup": test_eks_and_caller.NODE_GROUP}),
    "ListAccessEntries": test_eks_and_caller.ENTRIES,
    "DescribeAccessEntry": test_eks_and_caller.ENTRY,
    "ListAssociatedAccessPolicies": test_eks_and_caller.POLICIES,
    "ListServiceQuotas": test_quotas.DEFAULTS,
    "ListAWSDefaultServiceQuotas": test_quotas.DEFAULTS,
    "GetServiceQuota": test_quotas.NOT_APPLIED,
    "GetAWSDefaultServiceQuota": ok({"Quota": test_quotas.INTERFACES}),
    "DescribeRegions": test_account.REGIONS,
    "ListRoles": test_account.ROLES,
    "ListBuckets": test_account.BUCKETS,
    "GetRole": test_iam.a_role(),
    "SimulatePrincipalPolicy": test_iam.simulated(test_iam.a_result("s3:GetObject")),
    "ListObjectsV2": test_storage.LISTED,
    "GetObject": test_storage.stored(b"#!/bin/bash"),
    **test_changes.MADE,
    "PutObject": test_storage.stored(b"", etag='"0"'),
    "HeadObject": test_storage.encrypted("aws:kms", test_keys.ARN),
    "GetBucketLocation": test_storage.LOCATED,
    "DescribeKey": test_keys.DESCRIBED,
    "GetKeyPolicy": test_keys.a_policy(test_keys.NAMING),
    "DescribeTrainingPlan": ok(test_plans.PLAN),
    "BatchRebootClusterNodes": ok({"Successful": ["i-0123456789abcdef0"], "Failed": []}),
    "BatchReplaceClusterNodes": ok({"Successful": ["i-0123456789abcdef0"], "Failed": []}),
    "StartSession": ok(SESSION),
    "ResumeSession": ok(SESSION),
    "TerminateSession": ok({"SessionId": SESSION["SessionId"]}),
    "GetCallerIdentity": replace(test_eks_and_caller.WHO, headers={"date": "Sat, 21 Nov 2026 00:00:00 GMT"}),
}


def service() -> ByOperation:
    """Make the wire that gives each operation its own answer."""
    return ByOperation(**ANSWERS)
