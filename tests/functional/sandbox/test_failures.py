"""Clusters that AWS accepts and that fail later fail alike here: stage by stage, in AWS's words."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest

from tests.functional.sandbox.running import Running, sandbox, until

Request = dict[str, Any]
EFA = "EFA health checks did not run successfully."
SCRIPTS = "Lifecycle scripts did not run successfully. Ensure the scripts exist in provided S3 path"
BOOTSTRAP = "Instance bootstrap failed likely because of customer network misconfiguration"
CPU = {"InstanceType": "ml.c5.xlarge"}


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    # A sandbox of its own: quotas, addresses and interfaces are counted here.
    with sandbox(tmp_path_factory.mktemp("failures"), pace=0.4) as running:
        yield running


@pytest.fixture
def sagemaker(aws: Running) -> Iterator[Any]:
    client = aws.client("sagemaker")
    yield client
    until(lambda: _delete_all(client), lambda left: left == 0)


def _delete_all(sagemaker: Any) -> int:
    rows = sagemaker.list_clusters()["ClusterSummaries"]
    for row in rows:
        if row["ClusterStatus"] in {"InService", "Failed"}:
            sagemaker.delete_cluster(ClusterName=row["ClusterName"])
    return len(rows)


def _in_subnet(name: str) -> Callable[[Running], Request]:
    return lambda aws: aws.on_eks("failing", VpcConfig=aws.network(aws.seed[name]), InstanceGroups=[aws.group(**CPU)])


def _scripts(name: str) -> Callable[[Running], Request]:
    return lambda aws: aws.on_eks(
        "failing",
        InstanceGroups=[aws.group(**CPU, LifeCycleConfig={"SourceS3Uri": aws.seed[name], "OnCreate": "on_create.sh"})],
    )


def _bucket_of_nobody(aws: Running) -> Request:
    config = {"SourceS3Uri": "s3://sagemaker-nobody", "OnCreate": "on_create.sh"}
    return aws.on_eks("failing", InstanceGroups=[aws.group(**CPU, LifeCycleConfig=config)])


def _without_self_reference(aws: Running) -> Request:
    groups = [aws.seed["SECURITY_GROUP"], aws.seed["NO_SELF_REFERENCE_SECURITY_GROUP"]]
    return aws.on_eks("failing", VpcConfig=aws.network() | {"SecurityGroupIds": groups})


def _mounting(mount_name: str | None, *, guarded: bool) -> Callable[[Running], Request]:
    """Mount a file system that is there: by its own mount name unless another is given, behind closed ports or not."""

    def request(aws: Running) -> Request:
        group, subnet = aws.seed["SECURITY_GROUP"], aws.seed["SUBNET_ID"]
        if guarded:
            ec2 = aws.client("ec2")
            vpc = ec2.describe_subnets(SubnetIds=[subnet])["Subnets"][0]["VpcId"]
            group = ec2.create_security_group(GroupName=uuid4().hex, Description="guard", VpcId=vpc)["GroupId"]
        wish = {"FileSystemType": "LUSTRE", "StorageCapacity": 1200, "SubnetIds": [subnet], "SecurityGroupIds": [group]}
        system = aws.client("fsx").create_file_system(**wish)["FileSystem"]
        name = mount_name or system["LustreConfiguration"]["MountName"]
        mount = {"FsxLustreConfig": {"DnsName": system["DNSName"], "MountName": name}}
        return aws.on_eks("failing", InstanceGroups=[aws.group(**CPU, InstanceStorageConfigs=[mount])])

    return request


def _mounting_nothing(aws: Running) -> Request:
    mount = {"FsxOpenZfsConfig": {"DnsName": "fs-0123456789abcdef0.fsx.us-west-2.amazonaws.com"}}
    return aws.on_eks("failing", InstanceGroups=[aws.group(**CPU, InstanceStorageConfigs=[mount])])


FAILING: dict[str, tuple[Callable[[Running], Request], str, str]] = {
    "a security group without self-reference": (_without_self_reference, EFA, "Failed to provision EC2 Instance"),
    "a public subnet": (_in_subnet("PUBLIC_SUBNET_ID"), BOOTSTRAP, "Failed to provision EC2 Instance"),
    "a subnet without a route": (_in_subnet("NO_ROUTE_SUBNET_ID"), BOOTSTRAP, "Failed to provision EC2 Instance"),
    "a file system behind closed ports": (
        _mounting(None, guarded=True),
        "mount.lustre: Connection timed out",
        "Failed to provision EC2 Instance",
    ),
    "another mount name": (
        _mounting("hgfedcba", guarded=False),
        "mount.lustre: No such file or directory.",
        "Failed to provision EC2 Instance",
    ),
    "a file system that is not there": (
        _mounting_nothing,
        "mount.nfs4: Name or service not known",
        "Failed to provision EC2 Instance",
    ),
    "a subnet that is too small": (
        lambda aws: aws.on_eks("failing", VpcConfig=aws.network(aws.seed["TINY_SUBNET_ID"])),
        "The specified subnet does not have enough free addresses to satisfy the request.",
        "Failed to create Customer ENI for instance",
    ),
    "a role that may not create interfaces": (
        lambda aws: aws.on_eks("failing", InstanceGroups=[aws.group(ExecutionRole=aws.seed["NO_VPC_ROLE"])]),
        "You are not authorized to perform this operation.",
        "Failed to create Customer ENI for instance",
    ),
    "a type that the zone has not got": (
        lambda aws: aws.on_eks("failing", InstanceGroups=[aws.group(InstanceType="ml.p5e.48xlarge")]),
        "We currently do not have sufficient capacity",
        "Failed to provision EC2 Instance",
    ),
    "a training plan in another zone": (
        lambda aws: aws.on_eks(
            "failing",
            VpcConfig=aws.network(aws.seed["OTHER_SUBNET_ID"]),
            InstanceGroups=[aws.group(TrainingPlanArn=aws.seed["TRAINING_PLAN_ARN"])],
        ),
        "We currently do not have sufficient capacity in the Availability Zone you requested",
        "Failed to provision EC2 Instance",
    ),
    "no script": (_scripts("NO_SCRIPT_S3_URI"), SCRIPTS, "Instance lifecycle script execution"),
    "no bucket": (_bucket_of_nobody, SCRIPTS, "Instance lifecycle script execution"),
    "a script with CRLF": (_scripts("CRLF_SCRIPT_S3_URI"), SCRIPTS, "Instance lifecycle script execution"),
    "a script that fails": (_scripts("FAILING_SCRIPT_S3_URI"), SCRIPTS, "Instance lifecycle script execution"),
}


@pytest.mark.parametrize(("request_of", "words"), [row[:2] for row in FAILING.values()], ids=FAILING)
def test_a_cluster_rolls_back(
    aws: Running, sagemaker: Any, request_of: Callable[[Running], Request], words: str
) -> None:
    sagemaker.create_cluster(**request_of(aws))
    told = until(
        lambda: sagemaker.describe_cluster(ClusterName="failing"),
        lambda told: told["ClusterStatus"] in {"Failed", "InService"},
    )
    assert told["ClusterStatus"] == "Failed"
    assert words in told["FailureMessage"]
    assert told["InstanceGroups"][0]["CurrentCount"] == 0


@pytest.mark.parametrize(("request_of", "words", "event"), FAILING.values(), ids=FAILING)
def test_a_continuous_cluster_tells_why(
    aws: Running, sagemaker: Any, request_of: Callable[[Running], Request], words: str, event: str
) -> None:
    sagemaker.create_cluster(**request_of(aws), NodeProvisioningMode="Continuous")
    errors = until(lambda: _errors(sagemaker), lambda found: len(found) >= 4)
    first = min(errors, key=lambda each: each["EventTime"])
    assert first["Description"].startswith(event)
    details = sagemaker.describe_cluster_event(ClusterName="failing", EventId=first["EventId"])["EventDetails"]
    assert words.rstrip(".") in details["EventDetails"]["EventMetadata"]["Instance"]["FailureMessage"]
    told = sagemaker.describe_cluster(ClusterName="failing")
    assert (told["ClusterStatus"], told["InstanceGroups"][0]["CurrentCount"]) == ("InService", 0)


def _errors(sagemaker: Any) -> list[dict[str, Any]]:
    rows = sagemaker.list_cluster_events(ClusterName="failing", MaxResults=100)["Events"]
    return [row for row in rows if row["EventLevel"] == "Error"]


def _in_service(aws: Running, sagemaker: Any, **members: Any) -> str:
    arn = str(sagemaker.create_cluster(**aws.on_eks("good", **members))["ClusterArn"])
    until(lambda: sagemaker.describe_cluster(ClusterName="good")["ClusterStatus"], lambda status: status == "InService")
    return arn


def test_nodes_take_addresses_and_give_them_back(aws: Running, sagemaker: Any) -> None:
    ec2 = aws.client("ec2")

    def free() -> int:
        return int(ec2.describe_subnets(SubnetIds=[aws.seed["SUBNET_ID"]])["Subnets"][0]["AvailableIpAddressCount"])

    before, interfaces = free(), len(ec2.describe_network_interfaces()["NetworkInterfaces"])
    arn = _in_service(aws, sagemaker)
    assert before - free() == 2 * 81
    mine = [row for row in ec2.describe_network_interfaces()["NetworkInterfaces"] if arn in row["Description"]]
    assert len(mine) == 2 * 32
    assert mine[0]["Groups"][0]["GroupId"] == aws.seed["SECURITY_GROUP"]
    sagemaker.delete_cluster(ClusterName="good")
    until(free, lambda left: left == before)
    assert len(ec2.describe_network_interfaces()["NetworkInterfaces"]) == interfaces


def test_what_is_in_use_counts(aws: Running, sagemaker: Any) -> None:
    _in_service(aws, sagemaker, InstanceGroups=[aws.group(InstanceCount=40)])
    with pytest.raises(sagemaker.exceptions.ResourceLimitExceeded, match="and a request delta of 25") as told:
        sagemaker.create_cluster(**aws.on_eks("more", InstanceGroups=[aws.group(InstanceCount=25)]))
    # Clusters of other tests that are not quite gone count as well.
    used = re.search(r"utilization of (\d+) Instances", str(told.value))
    assert used is not None
    assert 40 <= int(used[1]) < 64


def _log(aws: Running, arn: str, name: str, node: str) -> list[str]:
    asked = {
        "logGroupName": f"/aws/sagemaker/Clusters/{name}/{arn.rpartition('/')[2]}",
        "logStreamName": f"LifecycleConfig/workers/{node}",
    }
    return [event["message"] for event in aws.client("logs").get_log_events(**asked, startFromHead=True)["events"]]


def _node(sagemaker: Any, name: str) -> str:
    rows = until(lambda: sagemaker.list_cluster_nodes(ClusterName=name)["ClusterNodeSummaries"], bool)
    return str(rows[0]["InstanceId"])


def test_what_a_script_says_is_in_cloudwatch(aws: Running, sagemaker: Any) -> None:
    arn = _in_service(aws, sagemaker, InstanceGroups=[aws.group(**CPU)])
    lines = _log(aws, arn, "good", _node(sagemaker, "good"))
    assert lines[-1] == "[SageMaker] The lifecycle scripts succeeded."
    assert "lifecycle script finished" in lines or "cannot confine" in lines[0]


def test_a_failing_script_leaves_its_last_words(aws: Running, sagemaker: Any) -> None:
    request = _scripts("FAILING_SCRIPT_S3_URI")(aws)
    arn = sagemaker.create_cluster(**request, NodeProvisioningMode="Continuous")["ClusterArn"]
    until(lambda: _errors(sagemaker), lambda found: len(found) >= 2)
    node = _errors(sagemaker)[0]["InstanceId"]
    lines = _log(aws, arn, "failing", node)
    assert lines[-1] == "[SageMaker] The lifecycle scripts failed: exit status 3."
    assert any("mount.lustre" in line for line in lines) or "cannot confine" in lines[0]


def test_an_efa_failure_leaves_an_empty_log(aws: Running, sagemaker: Any) -> None:
    arn = sagemaker.create_cluster(**_without_self_reference(aws), NodeProvisioningMode="Continuous")["ClusterArn"]
    until(lambda: _errors(sagemaker), lambda found: len(found) >= 2)
    assert _log(aws, arn, "failing", _errors(sagemaker)[0]["InstanceId"]) == []


def test_a_script_is_not_run_again_after_a_restart(tmp_path: Any) -> None:
    from hpctl.sandbox import control
    from tests.functional.sandbox.running import start

    with sandbox(tmp_path) as aws:
        sagemaker = aws.client("sagemaker")
        request = _scripts("FAILING_SCRIPT_S3_URI")(aws)
        arn = sagemaker.create_cluster(**request, NodeProvisioningMode="Continuous")["ClusterArn"]
        until(lambda: _errors(sagemaker), lambda found: len(found) >= 2)
        node = _errors(sagemaker)[-1]["InstanceId"]
        before = _log(aws, arn, "failing", node)
        control.down("test", environ=aws.environ)
        again = start(aws.environ, "test")
        assert before == _log(again, arn, "failing", node)
        assert again.client("ec2").describe_network_interfaces()["NetworkInterfaces"]
