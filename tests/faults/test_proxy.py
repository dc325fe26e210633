"""Each fault, as a client on the other end of a real socket meets it."""

from __future__ import annotations

import time
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    EndpointConnectionError,
    ReadTimeoutError,
    ResponseStreamingError,
)

from hpctl.sandbox.proxy.faults import Fault, Injection
from tests.faults.inside import REGION, Inside

ERRORS = {
    (Fault.THROTTLING, "sagemaker"): ("ThrottlingException", 400),
    (Fault.THROTTLING, "ec2"): ("RequestLimitExceeded", 503),
    (Fault.THROTTLING, "s3"): ("SlowDown", 503),
    (Fault.SERVER_ERROR, "sagemaker"): ("InternalFailure", 500),
    (Fault.SERVER_ERROR, "iam"): ("InternalFailure", 500),
    (Fault.EXPIRED_CREDENTIALS, "sagemaker"): ("ExpiredTokenException", 400),
    (Fault.EXPIRED_CREDENTIALS, "sts"): ("ExpiredToken", 403),
    (Fault.ACCESS_DENIED, "eks"): ("AccessDeniedException", 403),
    (Fault.ACCESS_DENIED, "ec2"): ("UnauthorizedOperation", 403),
}
READS = {
    "ec2": "describe_vpcs",
    "eks": "list_clusters",
    "iam": "list_roles",
    "s3": "list_buckets",
    "sagemaker": "list_clusters",
    "sts": "get_caller_identity",
}


def _client(sandbox: Inside, service: str, read_timeout: float = 5.0) -> Any:
    return boto3.client(  # type: ignore[call-overload]
        service,
        endpoint_url=sandbox.proxy.url,
        region_name=REGION,
        aws_access_key_id="HPCTLTESTS0000000000",
        aws_secret_access_key="none",
        config=Config(retries={"total_max_attempts": 1}, read_timeout=read_timeout),
    )


def _create(sandbox: Inside, name: str = "a") -> dict[str, Any]:
    group = {
        "InstanceGroupName": "workers",
        "InstanceType": "ml.c5.xlarge",
        "InstanceCount": 1,
        "ExecutionRole": sandbox.seed["EXECUTION_ROLE"],
        "LifeCycleConfig": {"SourceS3Uri": f"s3://{sandbox.seed['BUCKET_NAME']}", "OnCreate": "on_create.sh"},
    }
    return {"ClusterName": name, "InstanceGroups": [group]}


def _names(sandbox: Inside) -> list[str]:
    return [row["ClusterName"] for row in sandbox.client("sagemaker").list_clusters()["ClusterSummaries"]]


@pytest.mark.parametrize(("fault", "service"), ERRORS)
def test_an_error_speaks_the_protocol_of_its_service(sandbox: Inside, fault: Fault, service: str) -> None:
    sandbox.proxy.strike(fault)
    client = _client(sandbox, service)
    with pytest.raises(ClientError) as refused:
        getattr(client, READS[service])()
    told = refused.value.response
    assert (told["Error"]["Code"], told["ResponseMetadata"]["HTTPStatusCode"]) == ERRORS[fault, service]
    assert told["Error"]["Message"]
    getattr(client, READS[service])()


def test_a_503_says_when_to_come_back(sandbox: Inside) -> None:
    sandbox.proxy.strike(Fault.SERVER_ERROR, status=503, retry_after_s=7)
    with pytest.raises(ClientError) as refused:
        _client(sandbox, "sagemaker").list_clusters()
    told = refused.value.response["ResponseMetadata"]
    assert (told["HTTPStatusCode"], told["HTTPHeaders"]["retry-after"]) == (503, "7")


def test_a_lost_response_has_taken_effect(sandbox: Inside) -> None:
    sandbox.proxy.strike(Fault.LOST_RESPONSE, operation="CreateCluster")
    with pytest.raises(ConnectionClosedError):
        _client(sandbox, "sagemaker").create_cluster(**_create(sandbox))
    assert _names(sandbox) == ["a"]


@pytest.mark.parametrize("fault", [Fault.RESET, Fault.THROTTLING, Fault.GARBAGE, Fault.ACCESS_DENIED, Fault.REFUSE])
def test_a_request_that_is_not_let_through_has_no_effect(sandbox: Inside, fault: Fault) -> None:
    sandbox.proxy.strike(fault)
    try:
        _client(sandbox, "sagemaker").create_cluster(**_create(sandbox))
    except (ClientError, ConnectionClosedError, EndpointConnectionError):
        assert fault is not Fault.GARBAGE
    assert _names(sandbox) == []


def test_a_reset_reaches_the_client_as_one(sandbox: Inside) -> None:
    sandbox.proxy.strike(Fault.RESET)
    with pytest.raises(ConnectionClosedError):
        _client(sandbox, "sagemaker").list_clusters()


def test_a_truncated_answer_ends_early_and_has_taken_effect(sandbox: Inside) -> None:
    s3, bucket = _client(sandbox, "s3"), sandbox.seed["BUCKET_NAME"]
    sandbox.proxy.strike(Fault.TRUNCATE, operation="GetObject")
    with pytest.raises(ResponseStreamingError):
        s3.get_object(Bucket=bucket, Key="on_create.sh")["Body"].read()
    assert s3.get_object(Bucket=bucket, Key="on_create.sh")["Body"].read()


def test_a_stall_lasts_until_the_client_gives_up_or_the_fault_is_cleared(sandbox: Inside) -> None:
    sandbox.proxy.strike(Fault.STALL)
    begun = time.monotonic()
    with pytest.raises(ReadTimeoutError):
        _client(sandbox, "sagemaker", 0.2).list_clusters()
    assert time.monotonic() - begun >= 0.2


def test_refused_connections_are_accepted_again_when_the_time_is_over(sandbox: Inside) -> None:
    client = _client(sandbox, "sagemaker")
    client.list_clusters()
    sandbox.proxy.strike(Fault.REFUSE, call=3, for_s=30)
    client.list_clusters()
    with pytest.raises(EndpointConnectionError):
        client.list_clusters()
    sandbox.time.sleep(30)
    sandbox.proxy.clear()
    client.list_clusters()
    assert [call.number for call in sandbox.proxy.calls] == [1, 2, 3]


def test_latency_delays_and_changes_nothing(sandbox: Inside) -> None:
    client = _client(sandbox, "sagemaker")
    client.list_clusters()
    sandbox.proxy.strike(Fault.SLOW, latency_s=0.15)
    begun = time.monotonic()
    client.list_clusters()
    assert time.monotonic() - begun >= 0.15


def test_reads_do_not_see_a_change_for_so_many_times(sandbox: Inside) -> None:
    sandbox.proxy.inject(Injection.read({"fault": "stale-reads", "lag_reads": 2}))
    client = _client(sandbox, "sagemaker")
    client.create_cluster(**_create(sandbox))
    seen = [len(client.list_clusters()["ClusterSummaries"]) for _ in range(3)]
    assert seen == [0, 0, 1]
    roles = _client(sandbox, "iam")
    roles.create_role(RoleName="new", AssumeRolePolicyDocument="{}")
    for _ in range(2):
        with pytest.raises(roles.exceptions.NoSuchEntityException):
            roles.get_role(RoleName="new")
    assert roles.get_role(RoleName="new")["Role"]["RoleName"] == "new"


def test_reads_see_the_account_as_it_was_a_while_ago(sandbox: Inside) -> None:
    sandbox.proxy.inject(Injection.read({"fault": "stale-reads", "lag_s": 30}))
    client = _client(sandbox, "s3")
    where = {"LocationConstraint": REGION}
    client.create_bucket(Bucket="new-one", CreateBucketConfiguration=where)
    sandbox.time.sleep(29)
    assert "new-one" not in _buckets(client)
    sandbox.time.sleep(2)
    assert "new-one" in _buckets(client)
    client.delete_bucket(Bucket="new-one")
    assert "new-one" in _buckets(client)
    assert "new-one" not in _buckets(sandbox.client("s3"))
    sandbox.time.sleep(31)
    assert "new-one" not in _buckets(client)


def _buckets(client: Any) -> set[str]:
    return {row["Name"] for row in client.list_buckets()["Buckets"]}


@pytest.mark.parametrize("fault", ["no-capacity", "efa", "lifecycle"])
def test_a_fault_of_nodes_fails_the_cluster_that_it_is_for_and_no_other(sandbox: Inside, fault: str) -> None:
    sandbox.put({"fault": fault, "cluster": "struck"})
    sagemaker = sandbox.client("sagemaker")
    for name in ("struck", "spared"):
        sagemaker.create_cluster(**_create(sandbox, name))
    sandbox.time.sleep(60)
    statuses = {row["ClusterName"]: row["ClusterStatus"] for row in sagemaker.list_clusters()["ClusterSummaries"]}
    assert statuses == {"struck": "Failed", "spared": "InService"}


def test_a_hardware_fault_is_seen_on_its_node_and_mended_by_the_service(sandbox: Inside) -> None:
    sagemaker = sandbox.client("sagemaker")
    sagemaker.create_cluster(**_create(sandbox), NodeRecovery="Automatic")
    sandbox.time.sleep(60)

    def nodes() -> list[tuple[str, str]]:
        rows = sagemaker.list_cluster_nodes(ClusterName="a")["ClusterNodeSummaries"]
        return [(row["InstanceId"], row["InstanceStatus"]["Status"]) for row in rows]

    ((sound, status),) = nodes()
    assert status == "Running"
    sandbox.put({"fault": "hardware", "cluster": "a", "node": sound, "count": 1})
    seen = []
    for _ in range(60):
        sandbox.time.sleep(1)
        seen.extend(nodes())
    assert {status for _, status in seen} > {"Running"}
    assert nodes()[0][1] == "Running"


def test_calls_are_counted_by_their_place_in_the_row(sandbox: Inside) -> None:
    sandbox.proxy.strike(Fault.THROTTLING, call=2)
    client = _client(sandbox, "sagemaker")
    client.list_clusters()
    with pytest.raises(ClientError):
        client.create_cluster(**_create(sandbox))
    client.create_cluster(**_create(sandbox))
    assert [str(call) for call in sandbox.proxy.calls] == [
        "sagemaker:ListClusters", "sagemaker:CreateCluster", "sagemaker:CreateCluster",
    ]  # fmt: skip
    assert [call.number for call in sandbox.proxy.mutations] == [2, 3]


def test_a_large_object_goes_both_ways_unharmed(sandbox: Inside) -> None:
    s3, bucket, content = _client(sandbox, "s3"), sandbox.seed["BUCKET_NAME"], bytes(range(256)) * 8000
    s3.put_object(Bucket=bucket, Key="big", Body=content)
    assert s3.get_object(Bucket=bucket, Key="big")["Body"].read() == content
    assert s3.head_object(Bucket=bucket, Key="big")["ContentLength"] == len(content)
