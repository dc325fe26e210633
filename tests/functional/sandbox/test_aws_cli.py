"""The real AWS CLI uses the sandbox: the blog's road, `aws sagemaker create-cluster --cli-input-json file://…`."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hpctl.sandbox.environment import applied, environment
from tests.functional.sandbox.running import Running, until

Aws = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def cli(aws: Running, aws_cli: Path) -> Aws:
    variables = applied(environment(aws.state), os.environ)

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        command = [str(aws_cli), *words, "--output", "json"]
        return subprocess.run(command, env=variables, capture_output=True, text=True, check=False, timeout=50)

    return run


def _answer(done: subprocess.CompletedProcess[str]) -> Any:
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_cluster_is_created_listed_described_and_deleted(aws: Running, cli: Aws, tmp_path: Path) -> None:
    request = tmp_path / "cluster-config.json"
    request.write_text(json.dumps(aws.on_eks("hp-cluster", NodeRecovery="Automatic")))
    created = _answer(cli("sagemaker", "create-cluster", "--cli-input-json", f"file://{request}"))
    assert created["ClusterArn"].startswith("arn:aws:sagemaker:us-west-2:123456789012:cluster/")

    def describe() -> Any:
        return _answer(cli("sagemaker", "describe-cluster", "--cluster-name", "hp-cluster"))

    assert until(describe, lambda found: found["ClusterStatus"] == "InService")["NodeRecovery"] == "Automatic"
    listed = _answer(cli("sagemaker", "list-clusters", "--name-contains", "hp-"))["ClusterSummaries"]
    assert [row["ClusterArn"] for row in listed] == [created["ClusterArn"]]
    assert _answer(cli("sagemaker", "delete-cluster", "--cluster-name", "hp-cluster")) == created
    until(lambda: cli("sagemaker", "describe-cluster", "--cluster-name", "hp-cluster"), lambda done: done.returncode)


def test_an_authentication_mode_is_changed(aws: Running, cli: Aws) -> None:
    name = aws.seed["CONFIG_MAP_CLUSTER_ARN"].rpartition("/")[2]
    words = ("update-cluster-config", "--name", name, "--access-config")
    refused = cli("eks", *words, "authenticationMode=API")
    assert "(InvalidParameterException)" in refused.stderr
    assert "Unsupported authentication mode update from CONFIG_MAP to API" in refused.stderr
    update = _answer(cli("eks", "update-cluster-config", "--name", name, "--logging", '{"clusterLogging":[]}'))[
        "update"
    ]
    assert update["type"] == "LoggingUpdate"


def test_the_caller_and_the_bucket_are_the_sandboxs(aws: Running, cli: Aws) -> None:
    assert _answer(cli("sts", "get-caller-identity"))["Arn"] == "arn:aws:iam::123456789012:user/hpctl-sandbox"
    listed = _answer(cli("s3api", "list-objects-v2", "--bucket", aws.seed["BUCKET_NAME"]))
    # Other tests of this session's sandbox put scripts of their own beside those of the seed.
    assert {row["Key"] for row in listed["Contents"]} >= {"eks/on_create.sh", "on_create.sh", "slurm/on_create.sh"}


@pytest.mark.parametrize(
    ("words", "operation"),
    [
        (("sagemaker", "list-hubs"), "ListHubs"),
        (("eks", "list-insights", "--cluster-name", "hpctl-sandbox-api"), "POST /clusters/hpctl-sandbox-api/insights"),
        (("ec2", "describe-capacity-reservations"), "DescribeCapacityReservations"),
        (("iam", "simulate-custom-policy", "--policy-input-list", "{}", "--action-names", "s3:GetObject"), "Simulate"),
    ],
)
def test_what_is_not_there_is_said_by_name_in_every_protocol(cli: Aws, words: tuple[str, ...], operation: str) -> None:
    done = cli(*words)
    assert done.returncode != 0
    assert "(NotImplementedInSandbox)" in done.stderr
    assert f"{operation}" in done.stderr
    assert "the hpctl sandbox does not have this operation" in done.stderr


def test_a_cluster_is_changed_by_every_operation_that_the_cli_knows(aws: Running, cli: Aws) -> None:
    name = ("--cluster-name", "hp-changing")

    def ask(operation: str, *words: str) -> Any:
        return _answer(cli("sagemaker", operation, *name, *words))

    def nodes() -> list[Any]:
        return list(ask("list-cluster-nodes")["ClusterNodeSummaries"])

    def settled(count: int) -> list[str]:
        rows = until(
            nodes,
            lambda rows: len(rows) == count and all(row["InstanceStatus"]["Status"] == "Running" for row in rows),
        )
        return [row["InstanceId"] for row in rows]

    request = aws.on_eks("hp-changing", NodeProvisioningMode="Continuous")
    created = _answer(cli("sagemaker", "create-cluster", "--cli-input-json", json.dumps(request)))
    settled(2)
    assert ask("update-cluster", "--instance-groups", json.dumps([aws.group(InstanceCount=1)])) == created
    (first,) = settled(1)
    assert ask("update-cluster-software") == created
    until(
        lambda: ask("describe-cluster")["InstanceGroups"][0],
        lambda group: group["SoftwareUpdateStatus"] == "Succeeded",
    )
    added = ask("batch-add-cluster-nodes", "--nodes-to-add", "InstanceGroupName=workers,IncrementTargetCountBy=1")
    assert len(added["Successful"]) == 1
    settled(2)
    assert ask("batch-reboot-cluster-nodes", "--node-ids", first)["Successful"] == [first]
    settled(2)
    assert ask("batch-replace-cluster-nodes", "--node-ids", first)["Successful"] == [first]
    until(nodes, lambda rows: first not in {row["InstanceId"] for row in rows})
    last = settled(2)[0]
    checks = "InstanceGroupName=workers,DeepHealthChecks=InstanceStress"
    assert ask("start-cluster-health-check", "--deep-health-check-configurations", checks) == created
    settled(2)
    assert ask("batch-delete-cluster-nodes", "--node-ids", last)["Successful"] == [last]
    settled(1)
    events = ask("list-cluster-events", "--resource-type", "InstanceGroup")["Events"]
    assert {event["ResourceType"] for event in events} == {"InstanceGroup"}
    assert ask("delete-cluster") == created
    until(lambda: cli("sagemaker", "describe-cluster", *name), lambda done: done.returncode)
