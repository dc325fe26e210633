"""Clusters are changed while they live, as any client changes them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from hpctl.sandbox import control
from tests.functional.sandbox.running import Running, sandbox, start, until

Request = dict[str, Any]


@pytest.fixture
def sagemaker(aws: Running) -> Iterator[Any]:
    client = aws.client("sagemaker")
    yield client
    for row in client.list_clusters(MaxResults=100)["ClusterSummaries"]:
        until(partial(_told, client, row["ClusterName"]), lambda told: told["ClusterStatus"] in _SETTLED)
        client.delete_cluster(ClusterName=row["ClusterName"])
    until(lambda: client.list_clusters()["ClusterSummaries"], lambda rows: not rows)


_SETTLED = {"InService", "Failed"}


def _told(sagemaker: Any, name: str) -> Any:
    return sagemaker.describe_cluster(ClusterName=name)


def _whole(sagemaker: Any, name: str) -> Any:
    return until(
        lambda: _told(sagemaker, name),
        lambda told: (
            told["ClusterStatus"] == "InService"
            and all(each["CurrentCount"] == each["TargetCount"] for each in told["InstanceGroups"])
        ),
    )


def _nodes(sagemaker: Any, name: str, group: str = "") -> list[Any]:
    asked = {"InstanceGroupNameContains": group} if group else {}
    found = sagemaker.list_cluster_nodes(ClusterName=name, IncludeNodeLogicalIds=True, **asked)
    return list(found["ClusterNodeSummaries"])


def _running(sagemaker: Any, name: str, count: int, group: str = "") -> list[Any]:
    return until(
        lambda: _nodes(sagemaker, name, group),
        lambda rows: len(rows) == count and all(row["InstanceStatus"]["Status"] == "Running" for row in rows),
    )


def _refused(act: Callable[..., Any], code: str, words: str, **request: Any) -> None:
    with pytest.raises(ClientError) as refused:
        act(**request)
    assert refused.value.response["Error"]["Code"] == code
    assert words in refused.value.response["Error"]["Message"]


def _interfaces(aws: Running, arn: str) -> int:
    filters = [{"Name": "description", "Values": [f"SageMaker HyperPod cluster {arn}"]}]
    return len(aws.client("ec2").describe_network_interfaces(Filters=filters)["NetworkInterfaces"])


def test_a_continuous_cluster_scales_and_takes_and_gives_back_its_interfaces(aws: Running, sagemaker: Any) -> None:
    arn = sagemaker.create_cluster(**aws.on_slurm("one"))["ClusterArn"]
    _whole(sagemaker, "one")
    cards = _interfaces(aws, arn)
    workers = aws.group(SlurmConfig={"NodeType": "Compute", "PartitionNames": ["dev"]})
    sagemaker.update_cluster(ClusterName=arn, InstanceGroups=[workers | {"InstanceCount": 3, "ThreadsPerCore": 2}])
    told = _told(sagemaker, "one")
    assert told["ClusterStatus"] == "InService"
    assert told["InstanceGroups"][1]["TargetCount"] == 3
    assert told["InstanceGroups"][1]["ActiveOperations"] == {"Scaling": 1}
    _running(sagemaker, "one", 3, "workers")
    grown = _interfaces(aws, arn)
    assert grown > cards
    sagemaker.update_cluster(ClusterName="one", InstanceGroups=[workers | {"InstanceCount": 1}])
    _running(sagemaker, "one", 1, "workers")
    (_, group) = _whole(sagemaker, "one")["InstanceGroups"]
    assert group["ThreadsPerCore"] == 1
    each = grown - cards
    assert _interfaces(aws, arn) == cards - each
    rows = sagemaker.list_cluster_operations(ClusterName="one")["ClusterOperationSummaries"]
    assert [row["Status"] for row in rows] == ["Done", "Done", "Done"]
    shrunk = sagemaker.describe_cluster_operation(ClusterName="one", OperationId=rows[0]["OperationId"])
    (detail,) = shrunk["ScalingDetails"]
    assert (detail["Original"]["TargetCount"], detail["Desired"]["TargetCount"]) == (3, 1)
    own = sagemaker.list_cluster_events(ClusterName="one", OperationId=rows[1]["OperationId"], MaxResults=100)["Events"]
    assert {event["OperationId"] for event in own} == {rows[1]["OperationId"]}
    _filters(sagemaker, own[0])


def _filters(sagemaker: Any, event: Any) -> None:
    def told(**asked: Any) -> list[Any]:
        return list(sagemaker.list_cluster_events(ClusterName="one", MaxResults=100, **asked)["Events"])

    assert {each["InstanceGroupName"] for each in told(InstanceGroupName="controller")} == {"controller"}
    assert {each["ResourceType"] for each in told(ResourceType="InstanceGroup")} == {"InstanceGroup"}
    node = next(each["InstanceId"] for each in told(ResourceType="Instance") if "InstanceId" in each)
    assert {each["InstanceId"] for each in told(NodeId=node)} == {node}
    assert all(each["EventTime"] > event["EventTime"] for each in told(EventTimeAfter=event["EventTime"]))
    assert all(each["EventTime"] < event["EventTime"] for each in told(EventTimeBefore=event["EventTime"]))


def test_without_continuous_provisioning_an_update_is_alone_and_whole(aws: Running, sagemaker: Any) -> None:
    sagemaker.create_cluster(**aws.on_eks("two"))
    _whole(sagemaker, "two")
    wider = [aws.group(InstanceCount=3), aws.group(InstanceGroupName="extra", InstanceCount=1)]
    sagemaker.update_cluster(ClusterName="two", InstanceGroups=wider)
    assert _told(sagemaker, "two")["ClusterStatus"] == "Updating"
    _refused(sagemaker.update_cluster, "ConflictException", "Updating", ClusterName="two", NodeRecovery="None")
    _refused(sagemaker.delete_cluster, "ConflictException", "Updating", ClusterName="two")
    assert [group["CurrentCount"] for group in _whole(sagemaker, "two")["InstanceGroups"]] == [3, 1]
    split = aws.network(aws.seed["SUBNET_ID"], aws.seed["OTHER_SUBNET_ID"])
    bad = aws.group(InstanceGroupName="bad", OverrideVpcConfig=split)
    sagemaker.update_cluster(ClusterName="two", InstanceGroups=[bad], InstanceGroupsToDelete=["extra"])
    until(lambda: _told(sagemaker, "two")["ClusterStatus"], lambda status: status == "RollingBack")
    told = until(lambda: _told(sagemaker, "two"), lambda told: told["ClusterStatus"] == "InService")
    assert [group["InstanceGroupName"] for group in told["InstanceGroups"]] == ["workers", "extra"]
    assert "EFA health checks did not run" in told["FailureMessage"]
    sagemaker.update_cluster(ClusterName="two", InstanceGroupsToDelete=["extra"])
    assert [group["InstanceGroupName"] for group in _whole(sagemaker, "two")["InstanceGroups"]] == ["workers"]


COMPUTE: Request = {"NodeType": "Compute", "PartitionNames": ["dev"]}
REFUSED: dict[str, tuple[Callable[[Running], Request], str]] = {
    "nothing": (lambda _: {}, "changes nothing"),
    "no such group": (lambda _: {"InstanceGroupsToDelete": ["ghost"]}, "'ghost' was not found"),
    "the controller": (lambda _: {"InstanceGroupsToDelete": ["controller"]}, "Slurm controller"),
    "another type": (
        lambda aws: {"InstanceGroups": [aws.group(SlurmConfig=COMPUTE, InstanceType="ml.c5.xlarge")]},
        "InstanceType of instance group 'workers' cannot be changed",
    ),
    "another network": (
        lambda aws: {"InstanceGroups": [aws.group(SlurmConfig=COMPUTE, OverrideVpcConfig=aws.network())]},
        "OverrideVpcConfig of instance group 'workers' cannot be changed",
    ),
    "another orchestrator": (
        lambda aws: {"Orchestrator": {"Eks": {"ClusterArn": aws.seed["EKS_CLUSTER_ARN"]}}},
        "Orchestrator of cluster 'three' cannot be changed",
    ),
    "a second controller": (
        lambda aws: {
            "InstanceGroups": [aws.group(InstanceGroupName="b", SlurmConfig={"NodeType": "Controller"})],
        },
        "2 Controller Groups found",
    ),
    "a role that nobody may assume": (
        lambda aws: {
            "InstanceGroups": [
                aws.group(InstanceGroupName="b", ExecutionRole="arn:aws:iam::123456789012:role/ghost")
                | {"SlurmConfig": COMPUTE}
            ],
        },
        "cannot assume the execution role",
    ),
    "kept and deleted": (
        lambda aws: {"InstanceGroups": [aws.group(SlurmConfig=COMPUTE)], "InstanceGroupsToDelete": ["workers"]},
        "cannot be updated and deleted",
    ),
}


def test_an_update_is_refused_in_words(aws: Running, sagemaker: Any) -> None:
    sagemaker.create_cluster(**aws.on_slurm("three"))
    before = _whole(sagemaker, "three")["InstanceGroups"]
    for request_of, words in REFUSED.values():
        _refused(sagemaker.update_cluster, "ValidationException", words, ClusterName="three", **request_of(aws))
    many = {"InstanceGroups": [aws.group(SlurmConfig=COMPUTE, InstanceCount=6000)]}
    _refused(sagemaker.update_cluster, "ResourceLimitExceeded", "request delta of 5998", ClusterName="three", **many)
    assert _told(sagemaker, "three")["InstanceGroups"] == before


def test_nodes_are_added_once_for_a_token_and_refused_one_by_one(aws: Running, sagemaker: Any) -> None:
    sagemaker.create_cluster(**aws.on_slurm("four"))
    _whole(sagemaker, "four")
    wanted = [
        {"InstanceGroupName": "workers", "IncrementTargetCountBy": 1},
        {"InstanceGroupName": "ghost", "IncrementTargetCountBy": 2},
        {"InstanceGroupName": "workers", "IncrementTargetCountBy": 1, "AvailabilityZones": ["us-west-2z"]},
        {"InstanceGroupName": "workers", "IncrementTargetCountBy": 1, "InstanceTypes": ["ml.c5.xlarge"]},
    ]
    request = {"ClusterName": "four", "ClientToken": "once", "NodesToAdd": wanted}
    first = sagemaker.batch_add_cluster_nodes(**request)
    again = sagemaker.batch_add_cluster_nodes(**request)
    (added,) = first["Successful"]
    assert added["Status"] == "Pending"
    assert [row["NodeLogicalId"] for row in again["Successful"]] == [added["NodeLogicalId"]]
    assert [(row["ErrorCode"], row["FailedCount"]) for row in first["Failed"]] == [
        ("InstanceGroupNotFound", 2),
        ("IncompatibleAvailabilityZones", 1),
        ("IncompatibleInstanceTypes", 1),
    ]
    _running(sagemaker, "four", 3, "workers")
    node = sagemaker.describe_cluster_node(ClusterName="four", NodeLogicalId=added["NodeLogicalId"])["NodeDetails"]
    assert node["InstanceStatus"]["Status"] == "Running"
    other = request | {"NodesToAdd": wanted[:1]}
    _refused(sagemaker.batch_add_cluster_nodes, "ValidationException", "ClientToken", **other)
    crowd = {"ClusterName": "four", "NodesToAdd": [wanted[0] | {"IncrementTargetCountBy": 50}, wanted[0]]}
    _refused(sagemaker.batch_add_cluster_nodes, "ValidationException", "At most 50", **crowd)


def _codes_while_rebooting(sagemaker: Any, cluster: str, node: str) -> list[str]:
    """Ask for a reboot until one is under way; a node that is back already has just been asked for another."""
    for _ in range(50):
        answer = sagemaker.batch_reboot_cluster_nodes(ClusterName=cluster, NodeIds=[node])
        if "Failed" in answer:
            return [row["ErrorCode"] for row in answer["Failed"]]
    return []


def test_nodes_are_rebooted_replaced_and_deleted_after_their_software_was_updated(aws: Running, sagemaker: Any) -> None:
    sagemaker.create_cluster(**aws.on_slurm("five"))
    _whole(sagemaker, "five")
    one, two = _running(sagemaker, "five", 2, "workers")
    (controller,) = _nodes(sagemaker, "five", "controller")
    for act in (sagemaker.batch_replace_cluster_nodes, sagemaker.batch_delete_cluster_nodes):
        _refused(act, "ValidationException", "UpdateClusterSoftware", ClusterName="five", NodeIds=[one["InstanceId"]])
    _update_software(sagemaker, one["InstanceId"])
    rebooted = sagemaker.batch_reboot_cluster_nodes(
        ClusterName="five", NodeIds=[one["InstanceId"], "i-0123456789abcdef0"], NodeLogicalIds=[two["NodeLogicalId"]]
    )
    assert rebooted["Successful"] == [one["InstanceId"]]
    assert rebooted["SuccessfulNodeLogicalIds"] == [two["NodeLogicalId"]]
    assert [row["ErrorCode"] for row in rebooted["Failed"]] == ["InstanceIdNotFound"]
    assert _codes_while_rebooting(sagemaker, "five", one["InstanceId"]) == ["InstanceIdInUse"]
    assert {row["InstanceId"] for row in _running(sagemaker, "five", 2, "workers")} == {
        one["InstanceId"],
        two["InstanceId"],
    }
    ids = [one["InstanceId"], controller["InstanceId"]]
    replaced = sagemaker.batch_replace_cluster_nodes(ClusterName="five", NodeIds=ids)
    assert replaced["Successful"] == [one["InstanceId"]]
    assert [row["ErrorCode"] for row in replaced["Failed"]] == ["InvalidInstanceStatus"]
    until(
        lambda: _nodes(sagemaker, "five", "workers"),
        lambda rows: one["InstanceId"] not in {row.get("InstanceId") for row in rows},
    )
    fresh = {row["NodeLogicalId"]: row["InstanceId"] for row in _running(sagemaker, "five", 2, "workers")}
    assert fresh[two["NodeLogicalId"]] == two["InstanceId"]
    assert one["NodeLogicalId"] in fresh
    deleted = sagemaker.batch_delete_cluster_nodes(ClusterName="five", NodeIds=[two["InstanceId"], "i-0000000a"])
    assert deleted["Successful"] == [two["InstanceId"]]
    assert [row["Code"] for row in deleted["Failed"]] == ["NodeIdNotFound"]
    _running(sagemaker, "five", 1, "workers")
    assert _whole(sagemaker, "five")["InstanceGroups"][1]["TargetCount"] == 1


def _update_software(sagemaker: Any, instance: str) -> None:
    before = sagemaker.describe_cluster_node(ClusterName="five", NodeId=instance)["NodeDetails"]
    groups = [{"InstanceGroupName": "workers", "ImageReleaseVersion": "1.2.3"}]
    policy = {"RollingUpdatePolicy": {"MaximumBatchSize": {"Type": "INSTANCE_COUNT", "Value": 1}}}
    sagemaker.update_cluster_software(ClusterName="five", InstanceGroups=groups, DeploymentConfig=policy)
    again = {"ClusterName": "five", "InstanceGroups": groups}
    _refused(sagemaker.update_cluster_software, "ConflictException", "SystemUpdating", **again)
    told = until(
        lambda: _told(sagemaker, "five")["InstanceGroups"][1],
        lambda group: group["SoftwareUpdateStatus"] == "Succeeded",
    )
    assert (told["CurrentImageReleaseVersion"], told["TargetStateCount"]) == ("1.2.3", 2)
    after = sagemaker.describe_cluster_node(ClusterName="five", NodeId=instance)["NodeDetails"]
    assert after["LastSoftwareUpdateTime"] > before["LastSoftwareUpdateTime"]
    assert after["LaunchTime"] == before["LaunchTime"]


def test_scripts_really_run_again_and_a_failing_one_rolls_the_software_back(aws: Running, sagemaker: Any) -> None:
    s3, bucket = aws.client("s3"), aws.seed["BUCKET_NAME"]
    script = "#!/bin/bash\necho {} >> /var/log/provision/provisioning.log\nexit {}\n"
    s3.put_object(Bucket=bucket, Key="again/on_create.sh", Body=script.format("first", 0).encode())
    config = {"SourceS3Uri": f"s3://{bucket}/again", "OnCreate": "on_create.sh"}
    arn = sagemaker.create_cluster(**aws.on_eks("six", InstanceGroups=[aws.group(LifeCycleConfig=config)]))[
        "ClusterArn"
    ]
    _whole(sagemaker, "six")
    s3.put_object(Bucket=bucket, Key="again/on_create.sh", Body=script.format("second", 3).encode())
    ids = {row["InstanceId"] for row in _nodes(sagemaker, "six")}
    sagemaker.update_cluster_software(ClusterName="six")
    seen: list[str] = []

    def look() -> str:
        status = str(_told(sagemaker, "six")["InstanceGroups"][0]["SoftwareUpdateStatus"])
        seen.extend([status] if status not in seen else [])
        return status

    until(look, lambda status: status == "Failed")
    assert seen[-2:] == ["RollbackInProgress", "Failed"]
    assert {row["InstanceId"] for row in _nodes(sagemaker, "six")} == ids
    group = f"/aws/sagemaker/Clusters/six/{arn.rpartition('/')[2]}"
    stream = f"LifecycleConfig/workers/{min(ids)}"
    lines = aws.client("logs").get_log_events(logGroupName=group, logStreamName=stream)["events"]
    said = [line["message"] for line in lines]
    assert said.count("first") == 1
    assert said.count("second") >= 4


def test_health_checks_run_on_nodes_and_are_an_operation(aws: Running, sagemaker: Any) -> None:
    sagemaker.create_cluster(**aws.on_eks("seven", NodeProvisioningMode="Continuous"))
    rows = _running(sagemaker, "seven", 2)
    checks = {"InstanceGroupName": "workers", "DeepHealthChecks": ["InstanceStress"]}
    one = checks | {"InstanceIds": [rows[0]["InstanceId"]]}
    sagemaker.start_cluster_health_check(ClusterName="seven", DeepHealthCheckConfigurations=[one])
    statuses = {row["InstanceId"]: row["InstanceStatus"]["Status"] for row in _nodes(sagemaker, "seven")}
    assert statuses[rows[0]["InstanceId"]] == "DeepHealthCheckInProgress"
    asked = {"ClusterName": "seven", "Type": "DeepHealthCheck"}
    (row,) = sagemaker.list_cluster_operations(**asked)["ClusterOperationSummaries"]
    details = sagemaker.describe_cluster_operation(ClusterName="seven", OperationId=row["OperationId"])
    assert details["DeepHealthCheckDetails"] == [one]
    _running(sagemaker, "seven", 2)
    (done,) = sagemaker.list_cluster_operations(**asked, Status="Done")["ClusterOperationSummaries"]
    assert done["OperationId"] == row["OperationId"]
    ghost = checks | {"InstanceIds": ["i-0123456789abcdef0"]}
    act = sagemaker.start_cluster_health_check
    request = {"ClusterName": "seven", "DeepHealthCheckConfigurations": [ghost]}
    _refused(act, "ValidationException", "was not found", **request)
    nobody = {"ClusterName": "seven", "OperationId": "00000000-0000-4000-8000-000000000000"}
    _refused(sagemaker.describe_cluster_operation, "ResourceNotFound", "Operation '00000000", **nobody)


def test_changes_survive_a_restart(tmp_path: Path) -> None:
    # A sandbox of its own: the others that run beside it know their ports.
    with sandbox(tmp_path) as aws:
        sagemaker = aws.client("sagemaker")
        sagemaker.create_cluster(**aws.on_slurm("eight"))
        _whole(sagemaker, "eight")
        added = [{"InstanceGroupName": "workers", "IncrementTargetCountBy": 2}]
        sagemaker.batch_add_cluster_nodes(ClusterName="eight", NodesToAdd=added)
        _running(sagemaker, "eight", 4, "workers")
        sagemaker.update_cluster_software(ClusterName="eight", InstanceGroups=[{"InstanceGroupName": "workers"}])
        until(
            lambda: _told(sagemaker, "eight")["InstanceGroups"][1],
            lambda group: group["SoftwareUpdateStatus"] == "Succeeded",
        )
        before = _state(sagemaker)
        control.down(aws.state.name, delete=False, environ=aws.environ)
        assert _state(start(aws.environ, aws.state.name).client("sagemaker")) == before


def _state(sagemaker: Any) -> list[Any]:
    found = [
        sagemaker.describe_cluster(ClusterName="eight"),
        sagemaker.list_cluster_nodes(ClusterName="eight", MaxResults=100),
        sagemaker.list_cluster_events(ClusterName="eight", MaxResults=100),
        sagemaker.list_cluster_operations(ClusterName="eight", MaxResults=100),
    ]
    return [{name: value for name, value in told.items() if name != "ResponseMetadata"} for told in found]
