"""HyperPod clusters of the sandbox live, as boto3 sees them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.functional.sandbox.running import Running, until


@pytest.fixture(autouse=True)
def _nothing_left(sagemaker: Any) -> Iterator[None]:
    yield
    until(lambda: _delete_all(sagemaker), lambda left: left == 0)


def _delete_all(sagemaker: Any) -> int:
    rows = _clusters(sagemaker)
    for row in rows:
        if row["ClusterStatus"] in {"InService", "Failed"}:
            sagemaker.delete_cluster(ClusterName=row["ClusterName"])
    return len(rows)


def _clusters(sagemaker: Any, **asked: Any) -> list[dict[str, Any]]:
    pages = sagemaker.get_paginator("list_clusters").paginate(**asked)
    return [row for page in pages for row in page["ClusterSummaries"]]


def _status(sagemaker: Any, name: str) -> str | None:
    try:
        return str(sagemaker.describe_cluster(ClusterName=name)["ClusterStatus"])
    except sagemaker.exceptions.ResourceNotFound:
        return None


def _nodes(sagemaker: Any, name: str, **asked: Any) -> list[dict[str, Any]]:
    pages = sagemaker.get_paginator("list_cluster_nodes").paginate(ClusterName=name, **asked)
    return [row for page in pages for row in page["ClusterNodeSummaries"]]


def _events(sagemaker: Any, name: str, **asked: Any) -> list[dict[str, Any]]:
    pages = sagemaker.get_paginator("list_cluster_events").paginate(ClusterName=name, **asked)
    return [row for page in pages for row in page["Events"]]


def _wait(sagemaker: Any, name: str, wanted: str | None) -> None:
    until(lambda: _status(sagemaker, name), lambda status: status == wanted)


def _all_running(rows: list[dict[str, Any]]) -> bool:
    return bool(rows) and all(row["InstanceStatus"]["Status"] == "Running" for row in rows)


def test_a_cluster_on_eks_is_created_and_deleted_as_one(aws: Running, sagemaker: Any) -> None:
    arn = sagemaker.create_cluster(**aws.on_eks("whole"))["ClusterArn"]
    assert re.fullmatch(r"arn:aws:sagemaker:us-west-2:123456789012:cluster/[a-z0-9]{12}", arn)
    assert _status(sagemaker, "whole") == "Creating"
    _wait(sagemaker, arn, "InService")
    described = sagemaker.describe_cluster(ClusterName="whole")
    (group,) = described["InstanceGroups"]
    assert (group["CurrentCount"], group["TargetCount"], group["Status"]) == (2, 2, "InService")
    assert group["ThreadsPerCore"] == 1
    assert described["Orchestrator"] == {"Eks": {"ClusterArn": aws.seed["EKS_CLUSTER_ARN"]}}
    nodes = _nodes(sagemaker, "whole")
    assert _all_running(nodes)
    assert all(re.fullmatch(r"i-[0-9a-f]{17}", node["InstanceId"]) for node in nodes)
    assert len({node["InstanceId"] for node in nodes}) == 2
    assert "NodeLogicalId" not in nodes[0]
    assert sagemaker.delete_cluster(ClusterName="whole")["ClusterArn"] == arn
    assert _status(sagemaker, "whole") == "Deleting"
    assert {node["InstanceStatus"]["Status"] for node in _nodes(sagemaker, "whole")} <= {"ShuttingDown"}
    _wait(sagemaker, "whole", None)


def test_a_node_has_the_address_and_the_zone_of_its_subnet(aws: Running, sagemaker: Any) -> None:
    sagemaker.create_cluster(**aws.on_eks("placed", VpcConfig=aws.network(aws.seed["OTHER_SUBNET_ID"])))
    nodes = until(lambda: _nodes(sagemaker, "placed"), lambda rows: len(rows) == 2)
    found = sagemaker.describe_cluster_node(ClusterName="placed", NodeId=nodes[0]["InstanceId"])["NodeDetails"]
    subnet = aws.client("ec2").describe_subnets(SubnetIds=[aws.seed["OTHER_SUBNET_ID"]])["Subnets"][0]
    assert found["Placement"] == {
        "AvailabilityZone": subnet["AvailabilityZone"],
        "AvailabilityZoneId": subnet["AvailabilityZoneId"],
    }
    assert found["PrivatePrimaryIp"].startswith(subnet["CidrBlock"].rsplit(".", 2)[0])
    assert found["PrivateDnsHostname"] == f"ip-{found['PrivatePrimaryIp'].replace('.', '-')}.us-west-2.compute.internal"


@pytest.mark.parametrize(
    ("first", "without"),
    [("ml.p5e.48xlarge", "an offer in the zone"), ("ml.p4d.24xlarge", "quota")],
    ids=lambda value: value.replace(" ", "-"),
)
def test_a_group_with_a_choice_gets_a_type_that_is_to_be_had(
    aws: Running, sagemaker: Any, first: str, without: str
) -> None:
    group = aws.group(InstanceRequirements={"InstanceTypes": [first, "ml.p5.48xlarge"]})
    del group["InstanceType"]
    sagemaker.create_cluster(**aws.on_eks("choosing", InstanceGroups=[group], NodeProvisioningMode="Continuous"))
    nodes = until(lambda: _nodes(sagemaker, "choosing"), len)
    assert {row["InstanceType"] for row in nodes} == {"ml.p5.48xlarge"}, f"{first} has not got {without}"


def test_two_clusters_share_no_address(aws: Running, sagemaker: Any) -> None:
    for name in ("first", "second"):
        sagemaker.create_cluster(**aws.on_eks(name))
    rows = until(lambda: _nodes(sagemaker, "first") + _nodes(sagemaker, "second"), lambda rows: len(rows) == 4)
    assert len({row["PrivateDnsHostname"] for row in rows}) == 4


def test_a_continuous_cluster_is_in_service_before_its_nodes(aws: Running, sagemaker: Any) -> None:
    sagemaker.create_cluster(**aws.on_slurm("flowing"))
    _wait(sagemaker, "flowing", "InService")
    until(lambda: _nodes(sagemaker, "flowing"), lambda rows: len(rows) == 3 and _all_running(rows))
    when = {_text(event): event["EventTime"] for event in _events(sagemaker, "flowing")}
    nodes_done = [time for text, time in when.items() if text.startswith("Instance creation i-")]
    assert when["Cluster flowing creation completed successfully"] < min(nodes_done)


def test_a_node_can_be_found_by_its_logical_id_before_it_has_an_instance(aws: Running, sagemaker: Any) -> None:
    sagemaker.create_cluster(**aws.on_slurm("logical"))
    waiting = _nodes(sagemaker, "logical", IncludeNodeLogicalIds=True)
    assert len(waiting) == 3
    logical_id = waiting[0]["NodeLogicalId"]
    until(lambda: _nodes(sagemaker, "logical"), lambda rows: len(rows) == 3)
    found = sagemaker.describe_cluster_node(ClusterName="logical", NodeLogicalId=logical_id)["NodeDetails"]
    assert found["NodeLogicalId"] == logical_id
    assert found["InstanceId"] in {row["InstanceId"] for row in _nodes(sagemaker, "logical")}


def test_a_node_is_asked_for_by_one_id_and_must_exist(aws: Running, sagemaker: Any) -> None:
    sagemaker.create_cluster(**aws.on_eks("asked"))
    with pytest.raises(ClientError, match="exactly one of NodeId and NodeLogicalId"):
        sagemaker.describe_cluster_node(ClusterName="asked")
    with pytest.raises(sagemaker.exceptions.ResourceNotFound, match="i-00000000000000000"):
        sagemaker.describe_cluster_node(ClusterName="asked", NodeId="i-00000000000000000")


def test_events_tell_the_story_newest_first_and_page(aws: Running, sagemaker: Any) -> None:
    sagemaker.create_cluster(**aws.on_slurm("told"))
    until(lambda: _nodes(sagemaker, "told"), lambda rows: len(rows) == 3 and _all_running(rows))
    events = until(
        lambda: _events(sagemaker, "told"), lambda rows: sum("Instance Group" in _text(row) for row in rows) == 2
    )
    assert events == sorted(events, key=lambda event: event["EventTime"], reverse=True)
    assert _text(events[-1]) == "Cluster told creation started successfully"
    assert "Successfully created and stored munge key" in map(_text, events)
    assert [event["EventId"] for event in _events(sagemaker, "told", PaginationConfig={"PageSize": 2})] == [
        event["EventId"] for event in events
    ]
    assert _events(sagemaker, "told", SortOrder="Ascending") == events[::-1]
    of_controller = _events(sagemaker, "told", InstanceGroupName="controller")
    assert {event["InstanceGroupName"] for event in of_controller} == {"controller"}
    (node, *_) = _nodes(sagemaker, "told")
    assert {event["InstanceId"] for event in _events(sagemaker, "told", NodeId=node["InstanceId"])} == {
        node["InstanceId"]
    }
    assert {event["ResourceType"] for event in _events(sagemaker, "told", ResourceType="Cluster")} == {"Cluster"}
    assert _events(sagemaker, "told", OperationId=events[0]["OperationId"]) == events
    assert _events(sagemaker, "told", EventTimeAfter=events[0]["EventTime"]) == []


def _text(event: dict[str, Any]) -> str:
    return str(event["Description"])


def test_an_unknown_event_is_not_found(aws: Running, sagemaker: Any) -> None:
    sagemaker.create_cluster(**aws.on_slurm("eventful"))
    with pytest.raises(sagemaker.exceptions.ResourceNotFound, match="was not found in cluster 'eventful'"):
        sagemaker.describe_cluster_event(ClusterName="eventful", EventId="00000000-0000-0000-0000-000000000000")


def test_events_need_a_continuous_cluster(aws: Running, sagemaker: Any) -> None:
    sagemaker.create_cluster(**aws.on_eks("silent"))
    with pytest.raises(ClientError) as caught:
        sagemaker.list_cluster_events(ClusterName="silent")
    assert caught.value.response["Error"]["Code"] == "ValidationException"


def _in(rows: list[dict[str, Any]], *statuses: str) -> bool:
    return bool(rows) and all(row["InstanceStatus"]["Status"] in statuses for row in rows)


def test_deep_health_checks_end_before_the_cluster_is_in_service(aws: Running, sagemaker: Any) -> None:
    group = aws.group(OnStartDeepHealthChecks=["InstanceStress"])
    sagemaker.create_cluster(**aws.on_eks("checked", InstanceGroups=[group]))
    rows = until(lambda: _nodes(sagemaker, "checked"), lambda rows: _in(rows, "DeepHealthCheckInProgress", "Running"))
    assert not _in(rows, "Pending")
    _wait(sagemaker, "checked", "InService")
    assert _all_running(_nodes(sagemaker, "checked"))


def test_a_group_over_two_zones_fails_its_efa_check_and_rolls_back(aws: Running, sagemaker: Any) -> None:
    network = aws.network(aws.seed["SUBNET_ID"], aws.seed["OTHER_SUBNET_ID"])
    sagemaker.create_cluster(**aws.on_eks("split", VpcConfig=network))
    _wait(sagemaker, "split", "Failed")
    described = sagemaker.describe_cluster(ClusterName="split")
    assert described["FailureMessage"] == (
        "EFA health checks did not run successfully. Ensure that your VPC and security groups are properly configured "
        "before attempting to create a new cluster."
    )
    assert described["InstanceGroups"][0]["CurrentCount"] == 0
    assert _nodes(sagemaker, "split") == []


def test_an_override_over_two_zones_keeps_failing_in_a_continuous_cluster(aws: Running, sagemaker: Any) -> None:
    override = aws.network(aws.seed["SUBNET_ID"], aws.seed["OTHER_SUBNET_ID"])
    request = aws.on_slurm("retrying")
    request["InstanceGroups"][1]["OverrideVpcConfig"] = override
    sagemaker.create_cluster(**request)
    failed = until(
        lambda: [row for row in _nodes(sagemaker, "retrying") if row["InstanceStatus"]["Status"] == "Failure"],
        lambda rows: len(rows) == 2,
    )
    assert failed[0]["InstanceStatus"]["Message"].startswith("EFA health checks did not run successfully.")
    assert _status(sagemaker, "retrying") == "InService"
    errors = until(lambda: _errors(sagemaker, "retrying"), lambda found: len(found) >= 4)
    assert {_text(event) for event in errors} == {
        "Failed to provision EC2 Instance in Cluster retrying and InstanceGroup workers",
        "Instance creation in Cluster retrying and InstanceGroup workers failed",
    }
    pair = [event for event in errors if event["InstanceId"] == failed[0]["InstanceId"]]
    assert abs((pair[0]["EventTime"] - pair[1]["EventTime"]).total_seconds()) < 1
    told = sagemaker.describe_cluster_event(ClusterName="retrying", EventId=pair[0]["EventId"])["EventDetails"]
    metadata = told["EventDetails"]["EventMetadata"]["Instance"]
    assert metadata["FailureMessage"] == failed[0]["InstanceStatus"]["Message"]
    again = until(
        lambda: {row["InstanceId"] for row in _nodes(sagemaker, "retrying", InstanceGroupNameContains="workers")},
        lambda ids: len(ids) == 2 and not ids & {row["InstanceId"] for row in failed},
    )
    assert _status(sagemaker, "retrying") == "InService", again


def _errors(sagemaker: Any, name: str) -> list[dict[str, Any]]:
    return [event for event in _events(sagemaker, name) if event["EventLevel"] == "Error"]


def test_a_type_without_efa_may_span_zones(aws: Running, sagemaker: Any) -> None:
    network = aws.network(aws.seed["SUBNET_ID"], aws.seed["OTHER_SUBNET_ID"])
    group = aws.group(InstanceType="ml.c5.xlarge")
    sagemaker.create_cluster(**aws.on_eks("spread", VpcConfig=network, InstanceGroups=[group]))
    _wait(sagemaker, "spread", "InService")
    details = [
        sagemaker.describe_cluster_node(ClusterName="spread", NodeId=row["InstanceId"])["NodeDetails"]
        for row in _nodes(sagemaker, "spread")
    ]
    assert len({node["Placement"]["AvailabilityZone"] for node in details}) == 2


def test_a_cluster_without_a_vpc_lives_in_the_services_network(aws: Running, sagemaker: Any) -> None:
    sagemaker.create_cluster(ClusterName="plain", InstanceGroups=[aws.group(InstanceType="ml.c5.xlarge")])
    _wait(sagemaker, "plain", "InService")
    (node, _) = _nodes(sagemaker, "plain")
    found = sagemaker.describe_cluster_node(ClusterName="plain", NodeId=node["InstanceId"])["NodeDetails"]
    assert found["PrivatePrimaryIp"].startswith("10.1.")


def test_a_name_is_taken_until_its_cluster_is_gone(aws: Running, sagemaker: Any) -> None:
    sagemaker.create_cluster(**aws.on_eks("taken"))
    with pytest.raises(sagemaker.exceptions.ResourceInUse, match="Cluster with name taken already exists"):
        sagemaker.create_cluster(**aws.on_eks("taken"))


def test_a_cluster_that_is_being_created_or_deleted_cannot_be_deleted(aws: Running, sagemaker: Any) -> None:
    sagemaker.create_cluster(**aws.on_eks("busy"))
    with pytest.raises(sagemaker.exceptions.ConflictException, match="while it is Creating"):
        sagemaker.delete_cluster(ClusterName="busy")
    _wait(sagemaker, "busy", "InService")
    sagemaker.delete_cluster(ClusterName="busy")
    with pytest.raises(sagemaker.exceptions.ConflictException, match="while it is Deleting"):
        sagemaker.delete_cluster(ClusterName="busy")


@pytest.mark.parametrize("call", ["describe_cluster", "delete_cluster", "list_cluster_nodes", "list_cluster_events"])
def test_an_unknown_cluster_is_not_found(sagemaker: Any, call: str) -> None:
    with pytest.raises(sagemaker.exceptions.ResourceNotFound, match="'nowhere' was not found"):
        getattr(sagemaker, call)(ClusterName="nowhere")


def test_clusters_are_listed_in_pages_sorted_and_filtered(aws: Running, sagemaker: Any) -> None:
    for name in ("list-b", "list-c", "list-a"):
        sagemaker.create_cluster(**aws.on_eks(name))
    by_name = [row["ClusterName"] for row in _clusters(sagemaker, SortBy="NAME", PaginationConfig={"PageSize": 1})]
    assert by_name == ["list-a", "list-b", "list-c"]
    by_time = [row["ClusterName"] for row in _clusters(sagemaker, SortOrder="Descending")]
    assert by_time == ["list-a", "list-c", "list-b"]
    assert [row["ClusterName"] for row in _clusters(sagemaker, NameContains="-b")] == ["list-b"]
    first = sagemaker.list_clusters(MaxResults=2)
    assert len(first["ClusterSummaries"]) == 2
    with pytest.raises(ClientError, match="NextToken is not valid"):
        sagemaker.list_clusters(NextToken="mine")


def test_nodes_come_in_pages_and_by_group(aws: Running, sagemaker: Any) -> None:
    groups = [aws.group(InstanceCount=12), aws.group(InstanceGroupName="others", InstanceCount=1)]
    sagemaker.create_cluster(**aws.on_eks("many", InstanceGroups=groups))
    _wait(sagemaker, "many", "InService")
    first = sagemaker.list_cluster_nodes(ClusterName="many")
    assert len(first["ClusterNodeSummaries"]) == 10
    assert len(_nodes(sagemaker, "many")) == 13
    assert len(_nodes(sagemaker, "many", InstanceGroupNameContains="other")) == 1


def test_tags_are_kept_replaced_and_removed(aws: Running, sagemaker: Any) -> None:
    arn = sagemaker.create_cluster(**aws.on_eks("tagged", Tags=[{"Key": "a", "Value": "1"}]))["ClusterArn"]
    sagemaker.add_tags(ResourceArn=arn, Tags=[{"Key": "a", "Value": "2"}, {"Key": "b", "Value": "3"}])
    assert sagemaker.list_tags(ResourceArn=arn)["Tags"] == [{"Key": "a", "Value": "2"}, {"Key": "b", "Value": "3"}]
    sagemaker.delete_tags(ResourceArn=arn, TagKeys=["a"])
    assert sagemaker.list_tags(ResourceArn=arn)["Tags"] == [{"Key": "b", "Value": "3"}]
