"""Each method of each port that reaches AWS, called with every parameter it has."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from hpctl.adapters.aws.account import AwsAccount
from hpctl.adapters.aws.caller import AwsCaller
from hpctl.adapters.aws.changes import AwsChanges
from hpctl.adapters.aws.clusters import AwsClusters
from hpctl.adapters.aws.dhcp import AwsDhcp
from hpctl.adapters.aws.eks import AwsEks, AwsNodeGroups
from hpctl.adapters.aws.filesystems import AwsFileSystems
from hpctl.adapters.aws.iam import AwsIam
from hpctl.adapters.aws.keys import AwsKeys
from hpctl.adapters.aws.logs import AwsLogs
from hpctl.adapters.aws.network import AwsNetwork
from hpctl.adapters.aws.node_care import AwsNodeCare
from hpctl.adapters.aws.plans import AwsPlans
from hpctl.adapters.aws.quota_requests import AwsQuotaRequests
from hpctl.adapters.aws.quotas import AwsQuotas
from hpctl.adapters.aws.scriptstore import AwsScriptStore
from hpctl.adapters.aws.session import AwsSession
from hpctl.adapters.aws.storage import AwsStorage
from hpctl.adapters.ssm.limiter import StartLimiter
from hpctl.adapters.ssm.starting import INTERACTIVE, Starter
from hpctl.facts.change_ports import Changes, Owned
from hpctl.facts.session_ports import Target
from tests.contract.aws_answers import ARN
from tests.unit.adapters import test_changes, test_clusters, test_eks_and_caller, test_keys, test_logs, test_plans

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

NODE = Target("0123456789ab", "workers", "i-0123456789abcdef0")

SCRIPT = b"#!/bin/sh"

CHANGES: tuple[tuple[str, Mapping[str, object], bytes | None], ...] = (
    *((verb, request, None) for verb, request in test_changes.EVERY_CHANGE.items()),
    ("put-object", {**test_changes.STORE, "Key": "base/b.sh"}, test_changes.SCRIPT),
)

SINCE = datetime(2026, 11, 21, tzinfo=UTC)

SESSION_ARN = "arn:aws:sts::111122223333:assumed-role/hyperpod-execution/ada"


def _make_all(changes: Changes) -> None:
    for verb, request, content in CHANGES:
        changes.make(verb, request, content)


def _starter(session: AwsSession) -> Starter:
    return Starter(session, StartLimiter({}), lambda seconds: None, lambda: 1.0)


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
