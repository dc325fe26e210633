"""What the adapters send and read, held to the service models of the installed botocore."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_type_hints
from urllib.parse import parse_qs, urlsplit

import botocore.session
import pytest
from botocore.exceptions import ConnectionClosedError
from botocore.loaders import Loader
from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape
from botocore.regions import EndpointResolver
from botocore.validate import ParamValidator

from hpctl.adapters.aws import models
from hpctl.adapters.aws.account import AwsAccount, bucket_of, named_vpc_of, regions_of
from hpctl.adapters.aws.acls import network_acl_of
from hpctl.adapters.aws.caller import AwsCaller
from hpctl.adapters.aws.changes import AwsChanges, eks_tags_of, value_of
from hpctl.adapters.aws.clusters import (
    AwsClusters,
    cluster_of,
    event_of,
    listed_event_of,
    listed_node_of,
    listed_operation_of,
    node_of,
    summary_of,
)
from hpctl.adapters.aws.clusters import operation_of as described_operation_of
from hpctl.adapters.aws.dhcp import AwsDhcp, options_of
from hpctl.adapters.aws.eks import (
    AwsEks,
    AwsNodeGroups,
    access_groups_of,
    access_policy_of,
    addon_of,
    addon_versions_of,
    eks_cluster_of,
    pod_identity_of,
    version_of,
)
from hpctl.adapters.aws.filesystems import AwsFileSystems, file_system_of, groups_of
from hpctl.adapters.aws.iam import AwsIam, role_of, verdicts_of
from hpctl.adapters.aws.keys import AwsKeys, key_of, policy_of
from hpctl.adapters.aws.logs import AwsLogs, lines_of, name_of, stream_of
from hpctl.adapters.aws.network import (
    AwsNetwork,
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
from hpctl.adapters.aws.node_care import AwsNodeCare
from hpctl.adapters.aws.plans import AwsPlans, plan_of
from hpctl.adapters.aws.quota_requests import AwsQuotaRequests, quota_request_of
from hpctl.adapters.aws.quotas import AwsQuotas, quota_of
from hpctl.adapters.aws.routes import route_table_of
from hpctl.adapters.aws.scriptstore import AwsScriptStore, etag_of, script_of
from hpctl.adapters.aws.session import PAGE_SIZE, AwsSession
from hpctl.adapters.aws.storage import AwsStorage, encryption_key_of, location_of, object_of
from hpctl.adapters.ssm.limiter import StartLimiter
from hpctl.adapters.ssm.starting import INTERACTIVE, Starter
from hpctl.catalog.patterns import matches
from hpctl.errors import AccessError, HpctlError, RefusedError, UnavailableError
from hpctl.facts import log_ports, node_groups, ports
from hpctl.facts.account_ports import Account
from hpctl.facts.change_ports import Changes, Owned
from hpctl.facts.dhcp import Dhcp
from hpctl.facts.endpoints import Endpoints
from hpctl.facts.filesystems import FileSystems
from hpctl.facts.inside import Probes
from hpctl.facts.job_ports import JobObjects, PodStreams
from hpctl.facts.kubernetes_port import Kubernetes
from hpctl.facts.node_care import NodeCare
from hpctl.facts.quota_requests import QuotaRequests
from hpctl.facts.script_ports import ScriptStore, Shell
from hpctl.facts.session_ports import Sessions, Target
from hpctl.facts.slurm_job_ports import SlurmJobs
from hpctl.facts.slurm_log_ports import SlurmLogs
from hpctl.facts.slurm_ports import Slurm
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
from tests.unit.adapters.wire import ByOperation, Reply, Sent, Wire, connect, error, ok

ARN = test_clusters.ARN
CREATE = {
    "ClusterName": "train",
    "InstanceGroups": [
        {
            "InstanceGroupName": "workers",
            "InstanceCount": 2,
            "InstanceType": "ml.p5.48xlarge",
            "ExecutionRole": "arn:aws:iam::111122223333:role/r",
            "LifeCycleConfig": {"SourceS3Uri": "s3://sagemaker-b/base", "OnCreate": "on_create.sh"},
            "InstanceStorageConfigs": [{"EbsVolumeConfig": {"VolumeSizeInGB": 500}}],
        }
    ],
    "Orchestrator": {"Eks": {"ClusterArn": test_clusters.EKS_ARN}},
    "VpcConfig": {"SecurityGroupIds": ["sg-1"], "Subnets": ["subnet-1"]},
    "NodeProvisioningMode": "Continuous",
    "Tags": [{"Key": "hpctl:run-id", "Value": "r-1"}],
}
UPDATE = {
    "ClusterName": ARN,
    "InstanceGroups": CREATE["InstanceGroups"],
    "InstanceGroupsToDelete": ["old"],
    "NodeRecovery": "None",
}
UPDATE_SOFTWARE = {
    "ClusterName": ARN,
    "InstanceGroups": [{"InstanceGroupName": "workers", "ImageReleaseVersion": "1.2.3"}],
    "DeploymentConfig": {
        "RollingUpdatePolicy": {"MaximumBatchSize": {"Type": "INSTANCE_COUNT", "Value": 2}},
        "WaitIntervalInSeconds": 60,
        "AutoRollbackConfiguration": [{"AlarmName": "too-many-failures"}],
    },
}
CARE = {"ClusterName": "train", "NodeIds": ["i-0123456789abcdef0"]}
SESSION = {"SessionId": "ada-0a", "StreamUrl": "wss://ssmmessages.us-west-2.amazonaws.com/x", "TokenValue": "t"}
NODE = Target("0123456789ab", "workers", "i-0123456789abcdef0")
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
CALLED_BY_BOTOCORE = {("s3", "HeadBucket"), ("sts", "AssumeRole"), ("sts", "AssumeRoleWithWebIdentity")}
SCRIPT = b"#!/bin/sh"
CHANGES: tuple[tuple[str, Mapping[str, object], bytes | None], ...] = (
    *((verb, request, None) for verb, request in test_changes.EVERY_CHANGE.items()),
    ("put-object", {**test_changes.STORE, "Key": "base/b.sh"}, test_changes.SCRIPT),
)
SINCE = datetime(2026, 11, 21, tzinfo=UTC)
SESSION_ARN = "arn:aws:sts::111122223333:assumed-role/hyperpod-execution/ada"


def service() -> ByOperation:
    """Make the wire that gives each operation its own answer."""
    return ByOperation(**ANSWERS)


def _make_all(changes: Changes) -> None:
    for verb, request, content in CHANGES:
        changes.make(verb, request, content)


def _starter(session: AwsSession) -> Starter:
    return Starter(session, StartLimiter({}), lambda seconds: None)


OF_SESSIONS: Mapping[str, Callable[[AwsSession], object]] = {
    "Sessions.start": lambda session: _starter(session).start(NODE, INTERACTIVE, {"command": ["true"]}),
    "Sessions.resume": lambda session: _starter(session).resume("ada-0a"),
    "Sessions.end": lambda session: _starter(session).end("ada-0a"),
}
"""What sessions on nodes ask of AWS itself; the rest goes over their channels."""

CALLS: Mapping[str, Callable[[AwsSession], object]] = {
    **OF_SESSIONS,
    "Account.regions": lambda session: AwsAccount(session).regions(),
    "Account.eks_clusters": lambda session: AwsAccount(session).eks_clusters(),
    "Account.vpcs": lambda session: AwsAccount(session).vpcs(),
    "Account.subnets_in": lambda session: AwsAccount(session).subnets_in("vpc-1"),
    "Account.security_groups_in": lambda session: AwsAccount(session).security_groups_in("vpc-1"),
    "Account.roles": lambda session: AwsAccount(session).roles(),
    "Account.buckets": lambda session: AwsAccount(session).buckets(),
    "Clusters.create": lambda session: AwsClusters(session).create(CREATE),
    "Clusters.describe": lambda session: AwsClusters(session).describe(ARN),
    "Clusters.summaries": lambda session: list(AwsClusters(session).summaries(name_contains="tr")),
    "Clusters.live": lambda session: AwsClusters(session).live(ARN),
    "Clusters.update": lambda session: AwsClusters(session).update(UPDATE),
    "Clusters.update_software": lambda session: AwsClusters(session).update_software(UPDATE_SOFTWARE),
    "Clusters.add_tags": lambda session: AwsClusters(session).add_tags(ARN, {"hpctl:protection": "true"}),
    "Clusters.remove_tags": lambda session: AwsClusters(session).remove_tags(ARN, ["hpctl:protection"]),
    "Clusters.operations": lambda session: list(AwsClusters(session).operations("train", since=SINCE)),
    "Clusters.operation": lambda session: AwsClusters(session).operation("train", test_clusters.OPERATION_ID),
    "Clusters.delete": lambda session: AwsClusters(session).delete("train"),
    "Clusters.nodes": lambda session: list(AwsClusters(session).nodes("train", instance_group="workers")),
    "Clusters.node": lambda session: [
        AwsClusters(session).node("train", node_id) for node_id in ("i-0123456789abcdef0", "workers-1")
    ],
    "Clusters.events": lambda session: list(
        AwsClusters(session).events(
            "train", since=SINCE, instance_group="workers", node_id=test_clusters.NODE["InstanceId"]
        )
    ),
    "Clusters.event": lambda session: AwsClusters(session).event("train", "12345678-1234-1234-1234-123456789012"),
    "Clusters.tags": lambda session: AwsClusters(session).tags(ARN),
    "Network.subnets": lambda session: AwsNetwork(session).subnets(["subnet-1"]),
    "Network.security_groups": lambda session: AwsNetwork(session).security_groups(["sg-1"]),
    "Network.vpc": lambda session: AwsNetwork(session).vpc("vpc-1"),
    "Network.route_tables": lambda session: AwsNetwork(session).route_tables("vpc-1"),
    "Network.endpoints": lambda session: AwsNetwork(session).endpoints("vpc-1"),
    "Network.active_nat_gateways": lambda session: AwsNetwork(session).active_nat_gateways("vpc-1"),
    "Network.network_acls": lambda session: AwsNetwork(session).network_acls("vpc-1"),
    "Network.zones_offering": lambda session: AwsNetwork(session).zones_offering("ml.p5.48xlarge"),
    "Network.interface_count": lambda session: AwsNetwork(session).interface_count(),
    "Network.interfaces": lambda session: AwsNetwork(session).interfaces(["subnet-1"]),
    "Logs.group_exists": lambda session: AwsLogs(session).group_exists(test_logs.NAME),
    "Logs.streams": lambda session: AwsLogs(session).streams(test_logs.NAME, "LifecycleConfig/"),
    "Logs.page": lambda session: AwsLogs(session).page(test_logs.NAME, test_logs.STREAM, since=SINCE, token="f/1"),
    "Logs.tail": lambda session: AwsLogs(session).tail(test_logs.NAME, test_logs.STREAM, 10, since=SINCE),
    "NodeCare.reboot": lambda session: AwsNodeCare(session).reboot(CARE),
    "NodeCare.replace": lambda session: AwsNodeCare(session).replace(CARE),
    "Logs.last_lines": lambda session: AwsLogs(session).last_lines(test_logs.NAME, test_logs.STREAM),
    "Eks.describe": lambda session: AwsEks(session).describe("kube"),
    "Eks.supported_versions": lambda session: AwsEks(session).supported_versions(),
    "Eks.addons": lambda session: AwsEks(session).addons("kube"),
    "Eks.addon_versions": lambda session: AwsEks(session).addon_versions("1.33", ["vpc-cni"]),
    "Eks.pod_identities": lambda session: AwsEks(session).pod_identities("kube"),
    "Eks.access_entry": lambda session: AwsEks(session).access_entry("kube", test_eks_and_caller.SESSION),
    "NodeGroups.roles": lambda session: AwsNodeGroups(session).roles("kube"),
    "Dhcp.options": lambda session: AwsDhcp(session).options("dopt-1"),
    "FileSystems.all": lambda session: AwsFileSystems(session).all(),
    "FileSystems.guards": lambda session: AwsFileSystems(session).guards(["eni-1"]),
    "QuotaRequests.pending": lambda session: AwsQuotaRequests(session).pending(),
    "Quotas.sagemaker": lambda session: AwsQuotas(session).sagemaker(),
    "Quotas.network_interfaces": lambda session: AwsQuotas(session).network_interfaces(),
    "Iam.role": lambda session: AwsIam(session).role("hyperpod-execution"),
    "Iam.simulate": lambda session: AwsIam(session).simulate(SESSION_ARN, ["s3:GetObject"], ["*"]),
    "Storage.objects": lambda session: AwsStorage(session).objects("b-one", "base/"),
    "Storage.read": lambda session: AwsStorage(session).read("b-one", "base/on_create.sh"),
    "Storage.encryption_key": lambda session: AwsStorage(session).encryption_key("b-one", "base/on_create.sh"),
    "Storage.bucket_region": lambda session: AwsStorage(session).bucket_region("b-one"),
    "ScriptStore.kept": lambda session: AwsScriptStore(session).kept("b-one", "base/"),
    "ScriptStore.put": lambda session: AwsScriptStore(session).put("b-one", "base/a.sh", SCRIPT, replaces=None),
    "Changes.make": lambda session: _make_all(AwsChanges(session)),
    "Changes.stack_of": lambda session: [AwsChanges(session).stack_of(kind, "one") for kind in Owned],
    "Changes.has_role_policy": lambda session: AwsChanges(session).has_role_policy("r", "p"),
    "Keys.key": lambda session: AwsKeys(session).key("alias/scripts"),
    "Keys.actions_by_policy": lambda session: AwsKeys(session).actions_by_policy(test_keys.ARN, test_keys.ROLE),
    "Plans.plan": lambda session: AwsPlans(session).plan(test_plans.ARN),
    "Caller.identity": lambda session: AwsCaller(session).identity(),
    "Caller.clock_skew_s": lambda session: AwsCaller(session, lambda: SINCE).clock_skew_s(),
}
"""Each method of each port, with every parameter it has."""


def use_every_method(session: AwsSession) -> dict[str, object]:
    """Call each method of each port once and return the answers."""
    return {name: call(session) for name, call in CALLS.items()}


@pytest.fixture(scope="module")
def botocore_session() -> botocore.session.Session:
    """botocore as it is installed, without hpctl."""
    return botocore.session.Session()


@pytest.fixture(scope="module")
def sent() -> list[Sent]:
    """Every request that the adapters can send."""
    wire = service()
    use_every_method(connect(wire))
    return wire.sent


def operation_of(session: botocore.session.Session, service: str, operation: str) -> OperationModel:
    return session.get_service_model(service).operation_model(operation)


def adapters(session: AwsSession) -> dict[type, object]:
    """Return one adapter for each port that reaches AWS; the types say that it is one."""
    account: Account = AwsAccount(session)
    clusters: ports.Clusters = AwsClusters(session)
    network: ports.Network = AwsNetwork(session)
    logs: log_ports.Logs = AwsLogs(session)
    eks: ports.Eks = AwsEks(session)
    groups: node_groups.NodeGroups = AwsNodeGroups(session)
    quotas: ports.Quotas = AwsQuotas(session)
    iam: ports.Iam = AwsIam(session)
    storage: ports.Storage = AwsStorage(session)
    scripts: ScriptStore = AwsScriptStore(session)
    changes: Changes = AwsChanges(session)
    keys: ports.Keys = AwsKeys(session)
    plans: ports.Plans = AwsPlans(session)
    caller: ports.Caller = AwsCaller(session)
    dhcp: Dhcp = AwsDhcp(session)
    file_systems: FileSystems = AwsFileSystems(session)
    quota_requests: QuotaRequests = AwsQuotaRequests(session)
    care: NodeCare = AwsNodeCare(session)
    return {
        Account: account,
        Dhcp: dhcp,
        FileSystems: file_systems,
        QuotaRequests: quota_requests,
        NodeCare: care,
        ports.Clusters: clusters,
        ports.Network: network,
        log_ports.Logs: logs,
        ports.Eks: eks,
        node_groups.NodeGroups: groups,
        ports.Quotas: quotas,
        ports.Iam: iam,
        ports.Storage: storage,
        ScriptStore: scripts,
        Changes: changes,
        ports.Keys: keys,
        ports.Plans: plans,
        ports.Caller: caller,
    }


ANSWERED_HERE = {"Caller.credentials_left_s", "Caller.pinned_profile"}
"""What the session itself knows, without a call."""

NOT_AWS = {
    *(ports.Clock, Endpoints, JobObjects, Kubernetes, PodStreams, Shell, ports.Signals, ports.State),
    *(Probes, Sessions, Slurm, SlurmJobs, SlurmLogs),  # what AWS is asked for sessions is below, the rest is on nodes
    str,
}


def test_every_port_that_reaches_aws_is_here() -> None:
    assert set(get_type_hints(ports.Ports).values()) - NOT_AWS == set(adapters(connect(service())))


def test_every_method_of_every_port_is_used_here() -> None:
    methods = {
        f"{port.__name__}.{name}"
        for port in adapters(connect(service()))
        for name, _ in inspect.getmembers(port, inspect.isfunction)
        if not name.startswith("_")
    }
    assert set(CALLS) - set(OF_SESSIONS) == methods - ANSWERED_HERE


def test_the_adapters_are_what_the_ports_ask_for() -> None:
    for port, adapter in adapters(connect(service())).items():
        for name, method in inspect.getmembers(port, inspect.isfunction):
            if not name.startswith("_"):
                ours = inspect.signature(getattr(type(adapter), name))
                assert ours == inspect.signature(method), f"{port.__name__}.{name}"


def test_a_client_knows_exactly_the_operations_that_are_called(sent: list[Sent]) -> None:
    called = {(one.service, one.operation) for one in sent} | CALLED_BY_BOTOCORE
    known = {(service, operation) for service, operations in models.OPERATIONS.items() for operation in operations}
    assert called == known


@pytest.mark.parametrize(
    ("service_name", "count"),
    [("fsx", 1), ("kms", 2), ("logs", 5), ("sagemaker", 20), ("service-quotas", 5), ("ssm", 3)],
)
def test_every_request_in_json_obeys_the_service_model(
    service_name: str, count: int, sent: list[Sent], botocore_session: botocore.session.Session
) -> None:
    requests = [one for one in sent if one.service == service_name]
    assert len(requests) == count
    for one in requests:
        shape = operation_of(botocore_session, one.service, one.operation).input_shape
        assert shape is not None
        assert list(violations(one.parameters, shape, one.operation)) == []


def test_the_walk_over_a_request_sees_what_is_wrong(botocore_session: botocore.session.Session) -> None:
    shape = operation_of(botocore_session, "sagemaker", "ListClusterNodes").input_shape
    assert shape is not None
    wrong = {"ClusterName": "a b", "SortBy": "AGE", "Colour": 1, "MaxResults": 101}
    assert len(list(violations(wrong, shape, "x"))) == 4


@pytest.mark.parametrize("service_name", ["ec2", "iam", "sts"])
def test_every_request_by_query_names_members_of_the_service_model(
    service_name: str, sent: list[Sent], botocore_session: botocore.session.Session
) -> None:
    requests = [one for one in sent if one.service == service_name]
    assert requests
    for one in requests:
        shape = operation_of(botocore_session, service_name, one.operation).input_shape
        members = shape.members if isinstance(shape, StructureShape) else {}
        wire_names = {member.serialization.get("name", key) for key, member in members.items()}
        capitalised = {name[0].upper() + name[1:] for name in wire_names}
        asked = {key.partition(".")[0] for key in one.parameters} - {"Action", "Version"}
        assert asked <= capitalised


@pytest.mark.parametrize(("service_name", "count"), [("eks", 16), ("s3", 8)])
def test_every_request_by_address_names_members_of_the_service_model(
    service_name: str, count: int, sent: list[Sent], botocore_session: botocore.session.Session
) -> None:
    requests = [one for one in sent if one.service == service_name]
    assert len(requests) == count
    for one in requests:
        model = operation_of(botocore_session, service_name, one.operation)
        members = model.input_shape.members.values() if model.input_shape else ()
        known = {member.serialization.get("name") for member in members}
        fixed = set(parse_qs(urlsplit(model.http["requestUri"]).query, keep_blank_values=True))
        asked = set(parse_qs(urlsplit(one.url).query, keep_blank_values=True))
        assert (one.method, asked - fixed - known) == (model.http["method"], set())
        if one.operation == "PutObject":
            assert one.body in (SCRIPT, test_changes.SCRIPT)
        elif one.body:
            shapes = model.input_shape.members if model.input_shape else {}
            in_body = {key: shape for key, shape in shapes.items() if "location" not in shape.serialization}
            told = one.parameters
            assert told.keys() <= in_body.keys()
            assert [flaw for key in told for flaw in violations(told[key], in_body[key], key)] == []


PAGED = {
    ("ec2", "DescribeNetworkInterfaces", "MaxResults"): 1000,
    ("ec2", "DescribeNatGateways", "MaxResults"): PAGE_SIZE,
    ("ec2", "DescribeInstanceTypeOfferings", "MaxResults"): PAGE_SIZE,
    ("ec2", "DescribeRouteTables", "MaxResults"): PAGE_SIZE,
    ("ec2", "DescribeSecurityGroups", "MaxResults"): PAGE_SIZE,
    ("ec2", "DescribeSubnets", "MaxResults"): PAGE_SIZE,
    ("ec2", "DescribeVpcEndpoints", "MaxResults"): PAGE_SIZE,
    ("eks", "DescribeClusterVersions", "maxResults"): PAGE_SIZE,
    ("eks", "ListAccessEntries", "maxResults"): PAGE_SIZE,
    ("eks", "ListAddons", "maxResults"): PAGE_SIZE,
    ("eks", "ListAssociatedAccessPolicies", "maxResults"): PAGE_SIZE,
    ("eks", "ListClusters", "maxResults"): PAGE_SIZE,
    ("eks", "ListNodegroups", "maxResults"): PAGE_SIZE,
    ("eks", "ListPodIdentityAssociations", "maxResults"): PAGE_SIZE,
    ("eks", "DescribeAddonVersions", "maxResults"): PAGE_SIZE,
    ("fsx", "DescribeFileSystems", "MaxResults"): PAGE_SIZE,
    ("iam", "ListRoleTags", "MaxItems"): PAGE_SIZE,
    ("iam", "ListRoles", "MaxItems"): PAGE_SIZE,
    ("iam", "SimulatePrincipalPolicy", "MaxItems"): PAGE_SIZE,
    ("logs", "DescribeLogGroups", "limit"): 50,
    ("logs", "DescribeLogStreams", "limit"): 50,
    ("logs", "GetLogEvents", "limit"): 10_000,
    ("s3", "ListBuckets", "MaxBuckets"): 1000,
    ("s3", "ListObjectsV2", "MaxKeys"): 1000,
    ("sagemaker", "ListClusterEvents", "MaxResults"): PAGE_SIZE,
    ("sagemaker", "ListClusterNodes", "MaxResults"): PAGE_SIZE,
    ("sagemaker", "ListClusterOperations", "MaxResults"): PAGE_SIZE,
    ("sagemaker", "ListClusters", "MaxResults"): PAGE_SIZE,
    ("sagemaker", "ListTags", "MaxResults"): PAGE_SIZE,
    ("service-quotas", "ListAWSDefaultServiceQuotas", "MaxResults"): PAGE_SIZE,
    ("service-quotas", "ListRequestedServiceQuotaChangeHistory", "MaxResults"): PAGE_SIZE,
    ("service-quotas", "ListServiceQuotas", "MaxResults"): PAGE_SIZE,
}


@pytest.mark.parametrize(("service_name", "operation", "member"), PAGED)
def test_pages_are_no_larger_than_the_service_allows(
    service_name: str, operation: str, member: str, sent: list[Sent], botocore_session: botocore.session.Session
) -> None:
    size = PAGED[service_name, operation, member]
    model = operation_of(botocore_session, service_name, operation)
    assert model.input_shape is not None
    shape = model.input_shape.members[member]
    assert shape.metadata.get("min", 1) <= size <= shape.metadata.get("max", size)
    asked = next(one for one in sent if (one.service, one.operation) == (service_name, operation))
    told = {**parse_qs(urlsplit(asked.url).query), **{key: [value] for key, value in asked.parameters.items()}}
    assert [str(value) for value in told[shape.serialization.get("name", member)]] == [str(size)]


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


def violations(value: Any, shape: Shape, path: str) -> Iterator[str]:
    """Yield what botocore finds, and what it does not look at: enums, patterns, maxima."""
    report = ParamValidator().validate(value, shape)
    if report.has_errors():
        yield report.generate_report()
    yield from unseen(value, shape, path)


def unseen(value: Any, shape: Shape, path: str) -> Iterator[str]:
    match shape:
        case StructureShape():
            for key in value.keys() & shape.members.keys():
                yield from unseen(value[key], shape.members[key], f"{path}.{key}")
        case ListShape():
            for child in value:
                yield from unseen(child, shape.member, path)
        case _:
            yield from limits(value, shape, path)


def limits(value: Any, shape: Shape, path: str) -> Iterator[str]:
    if (enum := shape.metadata.get("enum")) and value not in enum:
        yield f"{path}: {value} is not one of {enum}"
    if (pattern := shape.metadata.get("pattern")) and not matches(pattern, str(value)):
        yield f"{path}: {value} does not match {pattern}"
    size = value if isinstance(value, int) else len(str(value))
    if size > shape.metadata.get("max", size):
        yield f"{path}: {value} is above {shape.metadata['max']}"


PAGE = b"<!doctype html><html><body>Please log in</body></html>"
MISHAPS: Mapping[str, Reply | Exception] = {
    "a portal's page": Reply(200, PAGE, {"content-type": "text/html"}),
    "a portal's refusal": Reply(403, PAGE, {"content-type": "text/html"}),
    "a broken proxy": Reply(502, PAGE, {"content-type": "text/html"}),
    "an empty refusal": Reply(403, b"", {}),
    "bytes": Reply(200, b"\xff\xfe\x00", {}),
    "a list": Reply(200, b"[]", {"content-type": "application/json"}),
    "a cut answer": Reply(200, b"{}", {"content-length": "500"}),
    "a denial": error("AccessDenied", "no", 403),
    "a storm": error("ThrottlingException", "slow down", 400),
    "an end of the line": ConnectionClosedError(endpoint_url="https://x"),
}
CONTENT = frozenset({"a portal's page", "bytes", "a list"})
"""Mishaps that look like the content of an object: only its checksum, which old objects lack, could tell."""


@pytest.mark.parametrize("mishap", MISHAPS)
@pytest.mark.parametrize("method", CALLS)
def test_nothing_that_goes_wrong_is_an_answer_or_a_bug(
    method: str, mishap: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda seconds: None)
    session = connect(Wire(MISHAPS[mishap]))
    if method == "Storage.read" and mishap in CONTENT:
        assert CALLS[method](session)
        return
    with pytest.raises(HpctlError) as caught:
        CALLS[method](session)
    assert isinstance(caught.value, (AccessError, RefusedError, UnavailableError)), caught.value.message


def test_cut_and_whole_models_send_the_same_and_read_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    seen = [traffic(models.TrimmedLoader), traffic(models.TrimmedLoader)]  # the first makes the files
    monkeypatch.setattr(models, "prefer", lambda session: None)
    assert seen == [traffic(Loader)] * 2


def traffic(loader: type[Loader]) -> tuple[list[str], dict[str, object]]:
    """Everything on the wire but what differs from one moment to the next, and what was made of the answers."""
    wire = service()
    session = connect(wire)
    assert type(session._botocore.get_component("data_loader")) is loader
    answers = use_every_method(session)
    momentary = {"X-Amz-Date", "Authorization", "amz-sdk-invocation-id"}
    return sorted(
        json.dumps(
            [one.method, one.url, one.body.decode(), {k: v for k, v in one.headers.items() if k not in momentary}]
        )
        for one in wire.sent
    ), answers


LOGINS = ("sts", "portal.sso", "oidc", "signin")


def test_cut_endpoints_lead_to_the_same_places(tmp_path: Path, botocore_session: botocore.session.Session) -> None:
    whole_data = botocore_session.get_component("data_loader").load_data("endpoints")
    whole = EndpointResolver(whole_data)
    cut = EndpointResolver(models.TrimmedLoader(tmp_path).load_data("endpoints"))
    regions = [region for partition in whole_data["partitions"] for region in partition["regions"]]
    assert len(regions) > 30
    for region in [*regions, "xx-new-1", "us-new-9"]:
        for host in ("api.sagemaker", "ec2", "eks", "iam", "kms", "s3", "servicequotas", "ssm", *LOGINS):
            assert cut.construct_endpoint(host, region) == whole.construct_endpoint(host, region), (host, region)


IAM = {
    "eu-west-1": "https://iam.amazonaws.com",
    "cn-north-1": "https://iam.cn-north-1.amazonaws.com.cn",
    "us-gov-west-1": "https://iam.us-gov.amazonaws.com",
}
"""IAM has one endpoint a partition (IAM endpoints, AWS General Reference)."""


@pytest.mark.parametrize("region", IAM)
def test_every_service_finds_its_address_in_every_partition(region: str) -> None:
    session = connect(service(), region=region)
    urls = {name: session._client(name).meta.endpoint_url for name in models.OPERATIONS}
    assert urls.pop("iam") == IAM[region]
    assert all(region in url for url in urls.values()), urls
