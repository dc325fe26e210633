from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from hpctl.adapters.aws.clusters import AwsClusters, cluster_of, event_of, node_of, operation_of
from hpctl.errors import ConflictError, NotFoundError, UnavailableError
from hpctl.facts.records import AutoScaling, ClusterSummary, InstanceGroup, Node, Operation, Scaling
from tests.unit.adapters.wire import Reply, Wire, connect, error, ok

ARN = "arn:aws:sagemaker:eu-west-1:111122223333:cluster/abcdefghijkl"
EKS_ARN = "arn:aws:eks:eu-west-1:111122223333:cluster/kube"
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
STAMP = NOON.timestamp()
CLUSTER: dict[str, Any] = {
    "ClusterArn": ARN,
    "ClusterName": "train",
    "ClusterStatus": "InService",
    "CreationTime": STAMP,
    "InstanceGroups": [
        {
            "InstanceGroupName": "workers",
            "InstanceType": "ml.p5.48xlarge",
            "Status": "Degraded",
            "CurrentCount": 3,
            "TargetCount": 4,
            "ExecutionRole": "arn:aws:iam::111122223333:role/r",
            "ThreadsPerCore": 2,
            "OverrideVpcConfig": {"SecurityGroupIds": ["sg-2"], "Subnets": ["subnet-2"]},
            "SlurmConfig": {"NodeType": "Compute", "PartitionNames": ["gpu"]},
            "ImageVersionStatus": "EndOfLife",
            "TrainingPlanArn": "arn:aws:sagemaker:eu-west-1:111122223333:training-plan/p5-plan",
        }
    ],
    "VpcConfig": {"SecurityGroupIds": ["sg-1"], "Subnets": ["subnet-1", "subnet-9"]},
    "Orchestrator": {"Eks": {"ClusterArn": EKS_ARN}},
    "NodeRecovery": "Automatic",
    "NodeProvisioningMode": "Continuous",
}
NODE: dict[str, Any] = {
    "InstanceGroupName": "workers",
    "InstanceId": "i-0123456789abcdef0",
    "NodeLogicalId": "workers-1",
    "InstanceType": "ml.p5.48xlarge",
    "LaunchTime": STAMP,
    "InstanceStatus": {"Status": "Running", "Message": "fine"},
    "PrivateDnsHostname": "ip-10-0-0-1",
    "PrivatePrimaryIp": "10.0.0.1",
    "Placement": {"AvailabilityZone": "eu-west-1a", "AvailabilityZoneId": "euw1-az1"},
    "ThreadsPerCore": 1,
    "CurrentImageId": "ami-12345678",
    "LifeCycleConfig": {"SourceS3Uri": "s3://bucket/base/", "OnCreate": "on_create.sh"},
}
EVENT: dict[str, Any] = {
    "EventId": "e-1",
    "ClusterArn": ARN,
    "ClusterName": "train",
    "InstanceGroupName": "workers",
    "InstanceId": "i-0123456789abcdef0",
    "ResourceType": "Instance",
    "EventTime": STAMP,
    "EventLevel": "Error",
    "Description": "it broke",
}
OPERATION_ID = "12345678-1234-1234-1234-123456789012"
OPERATION: dict[str, Any] = {
    "OperationId": OPERATION_ID,
    "ClusterArn": ARN,
    "Type": "Scaling",
    "Status": "InProgress",
    "CreationTime": STAMP,
}
SCALING: dict[str, Any] = {
    "InstanceGroupName": "workers",
    "Status": "InProgress",
    "Original": {"CurrentCount": 2, "TargetCount": 2, "MinCount": 0},
    "Desired": {"CurrentCount": 4, "TargetCount": 4, "MinCount": 0},
}


def port(*replies: Reply) -> tuple[AwsClusters, Wire]:
    wire = Wire(*replies)
    return AwsClusters(connect(wire)), wire


def described(**changes: Any) -> Any:
    clusters, _ = port(ok({**CLUSTER, **changes}))
    return clusters.describe("train")


def test_a_cluster_is_read_whole() -> None:
    cluster = described()
    assert (cluster.name, cluster.arn, cluster.cluster_id) == ("train", ARN, "abcdefghijkl")
    assert (cluster.status, cluster.orchestrator, cluster.eks_cluster_arn) == ("InService", "eks", EKS_ARN)
    assert (cluster.node_recovery, cluster.node_provisioning, cluster.continuous) == ("Automatic", "Continuous", True)
    assert (cluster.subnet_ids, cluster.security_group_ids) == (("subnet-1", "subnet-9"), ("sg-1",))
    assert (cluster.created_at, cluster.created_at.tzinfo) == (NOON, UTC)
    assert cluster.failure_message is None
    assert cluster.instance_groups == (
        InstanceGroup(
            name="workers",
            instance_type="ml.p5.48xlarge",
            status="Degraded",
            current_count=3,
            target_count=4,
            execution_role="arn:aws:iam::111122223333:role/r",
            threads_per_core=2,
            subnet_ids=("subnet-2",),
            slurm_node_type="Compute",
            image_version_status="EndOfLife",
            training_plan_arn="arn:aws:sagemaker:eu-west-1:111122223333:training-plan/p5-plan",
        ),
    )


def test_how_a_cluster_scales_by_itself_is_told_where_it_does() -> None:
    scaling = {"Mode": "Enable", "AutoScalerType": "Karpenter", "Status": "Failed", "FailureMessage": "no role"}
    read = {**CLUSTER, "CreationTime": NOON}
    assert cluster_of(read).auto_scaling is None
    assert cluster_of({**read, "AutoScaling": scaling}).auto_scaling == AutoScaling("Enable", "Failed", "no role")


def test_a_cluster_without_an_orchestrator_or_with_slurm_is_a_slurm_cluster() -> None:
    bare = {key: value for key, value in CLUSTER.items() if key not in {"Orchestrator", "VpcConfig"}}
    assert cluster_of({**bare, "CreationTime": NOON}).orchestrator == "slurm"
    assert cluster_of({**bare, "CreationTime": NOON}).subnet_ids == ()
    assert described(Orchestrator={"Slurm": {"SlurmConfigStrategy": "Managed"}}).orchestrator == "slurm"


def test_words_and_members_of_a_newer_service_are_passed_through_or_over() -> None:
    cluster = described(ClusterStatus="Hibernating", NodeRecovery="Eager", Brand={"New": 1}, FailureMessage="why")
    assert (cluster.status, cluster.node_recovery, cluster.failure_message) == ("Hibernating", "Eager", "why")
    assert described(Orchestrator={"Nomad": {"x": 1}}).eks_cluster_arn is None


def test_restricted_groups_and_groups_of_several_types_are_groups_too() -> None:
    several = {
        "InstanceGroupName": "mixed",
        "InstanceRequirements": {"DesiredInstanceTypes": ["ml.g5.xlarge", "ml.g6.xlarge"]},
    }
    nova = {"InstanceGroupName": "nova", "InstanceType": "ml.p5.48xlarge", "CurrentCount": 1, "TargetCount": 1}
    groups = described(InstanceGroups=[several], RestrictedInstanceGroups=[nova]).instance_groups
    assert [(group.name, group.instance_type, group.target_count) for group in groups] == [
        ("mixed", "ml.g5.xlarge,ml.g6.xlarge", 0),
        ("nova", "ml.p5.48xlarge", 1),
    ]


def test_an_answer_without_a_status_is_unavailable_and_not_a_bug() -> None:
    clusters, _ = port(ok({}))
    with pytest.raises(UnavailableError, match="the answer to `sagemaker:DescribeCluster` has no `ClusterName`"):
        clusters.describe("train")


def test_creating_sends_the_request_as_it_is_and_returns_the_arn() -> None:
    clusters, wire = port(ok({"ClusterArn": ARN}))
    request = {
        "ClusterName": "train",
        "Orchestrator": {"Eks": {"ClusterArn": EKS_ARN}},
        "Tags": [{"Key": "a", "Value": "b"}],
    }
    assert clusters.create(request) == ARN
    assert (wire.sent[0].operation, wire.sent[0].parameters) == ("CreateCluster", request)


def test_creating_a_name_in_use_is_a_conflict() -> None:
    clusters, _ = port(error("ResourceInUse", "Resource Already Exists: train"))
    with pytest.raises(ConflictError, match="`sagemaker:CreateCluster` for `train` is in conflict with what is there"):
        clusters.create({"ClusterName": "train"})


def test_summaries_come_newest_first_from_all_pages() -> None:
    row = {"ClusterArn": ARN, "ClusterName": "train", "ClusterStatus": "New", "CreationTime": STAMP}
    clusters, wire = port(ok({"ClusterSummaries": [row], "NextToken": "t"}), ok({"ClusterSummaries": [row]}))
    assert list(clusters.summaries(name_contains="tr")) == [ClusterSummary("train", ARN, "New", NOON)] * 2
    asked = {"SortBy": "CREATION_TIME", "SortOrder": "Descending", "NameContains": "tr", "MaxResults": 100}
    assert [sent.parameters for sent in wire.sent] == [asked, {**asked, "NextToken": "t"}]


def test_without_a_filter_none_is_sent() -> None:
    clusters, wire = port(ok({"ClusterSummaries": []}))
    assert list(clusters.summaries()) == []
    assert "NameContains" not in wire.sent[0].parameters


def test_deleting_names_the_cluster() -> None:
    clusters, wire = port(ok({"ClusterArn": ARN}), error("ResourceNotFound", "gone"))
    clusters.delete("train")
    assert (wire.sent[0].operation, wire.sent[0].parameters) == ("DeleteCluster", {"ClusterName": "train"})
    with pytest.raises(NotFoundError):
        clusters.delete("train")


def test_nodes_without_an_instance_yet_go_by_their_logical_id() -> None:
    early = {
        "InstanceGroupName": "workers",
        "InstanceId": "",
        "NodeLogicalId": "workers-2",
        "InstanceType": "ml.p5.48xlarge",
        "InstanceStatus": {"Status": "Pending"},
    }
    clusters, wire = port(ok({"ClusterNodeSummaries": [NODE, early]}))
    assert list(clusters.nodes("train")) == [
        Node(
            node_id="i-0123456789abcdef0",
            instance_group="workers",
            instance_type="ml.p5.48xlarge",
            status="Running",
            message="fine",
            logical_id="workers-1",
            launched_at=NOON,
            private_dns_name="ip-10-0-0-1",
        ),
        Node(
            node_id="workers-2",
            instance_group="workers",
            instance_type="ml.p5.48xlarge",
            status="Pending",
            logical_id="workers-2",
        ),
    ]
    assert wire.sent[0].parameters == {"ClusterName": "train", "IncludeNodeLogicalIds": True, "MaxResults": 100}


def test_nodes_of_one_group_are_not_those_of_a_group_whose_name_contains_it() -> None:
    other = {**NODE, "InstanceGroupName": "workers-big"}
    clusters, wire = port(ok({"ClusterNodeSummaries": [other, NODE]}))
    assert [node.instance_group for node in clusters.nodes("train", instance_group="workers")] == ["workers"]
    assert wire.sent[0].parameters["InstanceGroupNameContains"] == "workers"


@pytest.mark.parametrize(
    ("node_id", "key"),
    [
        ("i-0123456789abcdef0", "NodeId"),
        ("i-01234567", "NodeId"),
        ("workers-1", "NodeLogicalId"),
        ("i-node", "NodeLogicalId"),
    ],
)
def test_a_node_is_asked_for_by_the_kind_of_id_it_is(node_id: str, key: str) -> None:
    clusters, wire = port(ok({"NodeDetails": NODE}))
    node = clusters.node("train", node_id)
    assert wire.sent[0].parameters == {"ClusterName": "train", key: node_id}
    assert (node.private_ip, node.zone, node.zone_id) == ("10.0.0.1", "eu-west-1a", "euw1-az1")
    assert (node.threads_per_core, node.image_id) == (1, "ami-12345678")
    assert node.lifecycle_script == "s3://bucket/base/on_create.sh"


@pytest.mark.parametrize(
    ("config", "script"),
    [
        ({}, None),
        ({"OnInitComplete": "init.sh"}, "init.sh"),
        ({"SourceS3Uri": "s3://bucket/base"}, "s3://bucket/base"),
        ({"SourceS3Uri": "s3://bucket/base", "OnInitComplete": "init.sh"}, "s3://bucket/base/init.sh"),
    ],
)
def test_the_lifecycle_script_is_told_as_far_as_it_is_known(config: dict[str, str], script: str | None) -> None:
    assert node_of({"NodeDetails": {**NODE, "LaunchTime": NOON, "LifeCycleConfig": config}}).lifecycle_script == script


def test_events_come_newest_first_and_after_a_moment() -> None:
    clusters, wire = port(ok({"Events": [EVENT], "NextToken": "t"}), ok({"Events": []}))
    event = next(clusters.events("train", since=NOON - timedelta(hours=1)))
    assert (event.event_id, event.time, event.level, event.description) == ("e-1", NOON, "Error", "it broke")
    assert (event.resource_type, event.instance_group, event.node_id) == ("Instance", "workers", "i-0123456789abcdef0")
    assert event.failure_message is None
    assert wire.sent[0].parameters == {
        "ClusterName": "train",
        "EventTimeAfter": STAMP - 3600,
        "SortBy": "EventTime",
        "SortOrder": "Descending",
        "MaxResults": 100,
    }


def test_events_of_a_cluster_without_them_are_no_error() -> None:
    clusters, wire = port(ok({}))
    assert list(clusters.events("train")) == []
    assert "EventTimeAfter" not in wire.sent[0].parameters


@pytest.mark.parametrize(
    "part", ["Cluster", "InstanceGroup", "InstanceGroupScaling", "Instance", "DatabaseConfiguration"]
)
def test_the_failure_message_is_found_in_every_part_of_the_metadata(part: str) -> None:
    details = {**EVENT, "EventDetails": {"EventMetadata": {part: {"FailureMessage": "no capacity"}}}}
    clusters, wire = port(ok({"EventDetails": details}))
    assert clusters.event("train", "e-1").failure_message == "no capacity"
    assert wire.sent[0].parameters == {"ClusterName": "train", "EventId": "e-1"}


def test_an_event_of_a_newer_kind_has_no_failure_message() -> None:
    metadata = {"SDK_UNKNOWN_MEMBER": {"name": "Quantum"}}
    event = event_of({"EventDetails": {**EVENT, "EventTime": NOON, "EventDetails": {"EventMetadata": metadata}}})
    assert event.failure_message is None
    assert event_of({"EventDetails": {**EVENT, "EventTime": NOON}}).failure_message is None


@pytest.mark.parametrize(
    ("asked", "sent", "told"),
    [
        ({"instance_group": "workers"}, {"InstanceGroupName": "workers"}, 2),
        ({"instance_group": "other"}, {"InstanceGroupName": "other"}, 0),
        ({"node_id": "i-0123456789abcdef0"}, {"NodeId": "i-0123456789abcdef0"}, 1),
        ({"node_id": "workers-1"}, {}, 0),
        ({"since": NOON}, {"EventTimeAfter": STAMP}, 0),
        ({"since": NOON - timedelta(seconds=1)}, {"EventTimeAfter": STAMP - 1}, 2),
    ],
)
def test_filters_go_to_aws_and_hold_whatever_it_makes_of_them(
    asked: dict[str, Any], sent: dict[str, Any], told: int
) -> None:
    elsewhere = {**EVENT, "EventId": "e-2", "InstanceId": "i-00000000000000001"}
    clusters, wire = port(ok({"Events": [EVENT, elsewhere]}))
    assert len(list(clusters.events("train", **asked))) == told
    usual = {"ClusterName": "train", "SortBy": "EventTime", "SortOrder": "Descending", "MaxResults": 100}
    assert wire.sent[0].parameters == {**usual, **sent}


def test_operations_come_newest_first_and_after_a_moment() -> None:
    rows = {"ClusterOperationSummaries": [OPERATION]}
    clusters, wire = port(ok({**rows, "NextToken": "t"}), ok(rows))
    read = Operation(OPERATION_ID, "Scaling", "InProgress", NOON)
    assert list(clusters.operations("train", since=NOON - timedelta(seconds=1))) == [read, read]
    assert wire.sent[0].parameters == {
        "ClusterName": "train",
        "CreationTimeAfter": STAMP - 1,
        "SortBy": "CreationTime",
        "SortOrder": "Descending",
        "MaxResults": 100,
    }
    assert "NextToken" in wire.sent[1].parameters


def test_an_operation_tells_what_it_scales() -> None:
    clusters, wire = port(ok({**OPERATION, "ScalingDetails": [SCALING]}))
    assert clusters.operation("train", OPERATION_ID).scalings == (Scaling("workers", "InProgress", 2, 4),)
    assert wire.sent[0].parameters == {"ClusterName": "train", "OperationId": OPERATION_ID}


def test_an_operation_of_a_newer_kind_is_one_too() -> None:
    operation = operation_of({"OperationId": OPERATION_ID, "CreationTime": NOON, "Type": "Moving", "Status": "Paused"})
    assert operation == Operation(OPERATION_ID, "Moving", "Paused", NOON)


def test_an_update_is_sent_as_it_is() -> None:
    clusters, wire = port(ok({"ClusterArn": ARN}), error("ConflictException", "Cluster is Updating"))
    request = {"ClusterName": ARN, "InstanceGroupsToDelete": ["old"]}
    clusters.update(request)
    assert (wire.sent[0].operation, wire.sent[0].parameters) == ("UpdateCluster", request)
    with pytest.raises(ConflictError, match="`sagemaker:UpdateCluster`"):
        clusters.update(request)


def test_an_update_of_the_software_is_sent_as_it_is() -> None:
    clusters, wire = port(ok({"ClusterArn": ARN}))
    request = {"ClusterName": ARN, "InstanceGroups": [{"InstanceGroupName": "workers"}]}
    clusters.update_software(request)
    assert (wire.sent[0].operation, wire.sent[0].parameters) == ("UpdateClusterSoftware", request)


def test_tags_are_added_and_removed_by_arn() -> None:
    clusters, wire = port(ok({}))
    clusters.add_tags(ARN, {"a": "1"})
    clusters.remove_tags(ARN, iter(["b"]))
    assert [(one.operation, one.parameters) for one in wire.sent] == [
        ("AddTags", {"ResourceArn": ARN, "Tags": [{"Key": "a", "Value": "1"}]}),
        ("DeleteTags", {"ResourceArn": ARN, "TagKeys": ["b"]}),
    ]


def test_a_live_cluster_is_one_answer_read_twice() -> None:
    clusters, wire = port(ok(CLUSTER))
    live = clusters.live(ARN)
    assert (live.cluster.name, live.request["ClusterName"]) == ("train", "train")
    assert [one.parameters for one in wire.sent] == [{"ClusterName": ARN}]


def test_a_group_tells_how_its_software_update_stands() -> None:
    told = {"SoftwareUpdateStatus": "RollbackInProgress", "CurrentImageId": "ami-1", "DesiredImageId": "ami-2"}
    answer = {**CLUSTER, "InstanceGroups": [{**CLUSTER["InstanceGroups"][0], **told}], "CreationTime": NOON}
    (group,) = cluster_of(answer).instance_groups
    assert (group.software_update, group.current_image, group.desired_image) == ("RollbackInProgress", "ami-1", "ami-2")
    (group,) = cluster_of({**CLUSTER, "CreationTime": NOON}).instance_groups
    assert (group.software_update, group.current_image, group.desired_image) == (None, None, None)


def test_a_node_tells_when_its_software_was_updated() -> None:
    clusters, _ = port(ok({"ClusterNodeSummaries": [{**NODE, "LastSoftwareUpdateTime": STAMP}, NODE]}))
    assert [node.software_updated_at for node in clusters.nodes("train")] == [NOON, None]


def test_tags_are_a_mapping_over_all_pages() -> None:
    clusters, wire = port(
        ok({"Tags": [{"Key": "a", "Value": "1"}], "NextToken": "t"}), ok({"Tags": [{"Key": "b", "Value": "2"}]})
    )
    assert clusters.tags(ARN) == {"a": "1", "b": "2"}
    assert wire.sent[0].parameters == {"ResourceArn": ARN, "MaxResults": 100}


def test_times_of_any_zone_become_utc() -> None:
    tokyo = timezone(timedelta(hours=9))
    cluster = cluster_of({**CLUSTER, "CreationTime": datetime(2026, 11, 21, 21, tzinfo=tokyo)})
    assert (cluster.created_at, cluster.created_at.tzinfo) == (NOON, UTC)


def test_the_operation_whose_answer_lacks_a_member_is_the_one_that_is_named() -> None:
    clusters, _ = port(ok({"NodeDetails": {}}))
    with pytest.raises(UnavailableError, match="the answer to `sagemaker:DescribeClusterNode` has no `InstanceStatus`"):
        clusters.node("train", "workers-1")


@pytest.mark.parametrize(
    ("told", "kind"),
    [
        ({}, None),
        ({"CapacityRequirements": {"Spot": {}}}, "Spot"),
        ({"CapacityRequirements": {"OnDemand": {}}}, "OnDemand"),
        ({"CapacityRequirements": {"BrandNew": {}}}, None),
    ],
)
def test_a_group_tells_which_capacity_it_takes(told: dict[str, Any], kind: str | None) -> None:
    group = {**CLUSTER["InstanceGroups"][0], **told}
    answer = {**CLUSTER, "InstanceGroups": [group], "CreationTime": NOON}
    assert cluster_of(answer).instance_groups[0].capacity_type == kind
