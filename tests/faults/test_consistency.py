"""AWS does not know yet what was done a moment ago: hpctl waits for it, and makes nothing twice."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from hpctl.errors import ExitCode
from tests.faults import commands
from tests.faults.commands import Mutating
from tests.faults.inprocess import Command, Ended
from tests.faults.inside import Inside
from tests.faults.remembered import Remembered

BOTH = pytest.mark.parametrize(
    "command", [commands.SAVED_CREATE_SLURM, commands.SAVED_CREATE], ids=lambda command: command.label
)
CREATE = commands.SAVED_CREATE.words
_NOT_HYPERPOD = [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}]


@pytest.fixture
def planned(sandbox: Inside, ready: Callable[[Mutating], None], command: Mutating) -> Inside:
    """A sandbox, and a saved plan to create a cluster in it."""
    ready(command)
    return sandbox


def _made_once(ended: Ended, sandbox: Inside) -> None:
    assert ended.code == ExitCode.OK, ended
    assert sandbox.effects.count("CreateCluster") == 1
    assert len(sandbox.client("sagemaker").list_clusters()["ClusterSummaries"]) == 1


@BOTH
@pytest.mark.parametrize("reads", range(11))
def test_reads_that_do_not_see_a_create_yet_lead_to_no_other(
    planned: Inside, hpctl: Command, command: Mutating, reads: int
) -> None:
    planned.put({"fault": "stale-reads", "lag_reads": reads})
    _made_once(hpctl(*CREATE), planned)
    _made_once(hpctl(*CREATE), planned)


@BOTH
@pytest.mark.parametrize("reads", range(0, 11, 2))
def test_nor_do_they_when_the_answer_was_lost_as_well(
    planned: Inside, hpctl: Command, command: Mutating, reads: int
) -> None:
    lost = {"fault": "lost-response", "service": "sagemaker", "operation": "CreateCluster", "count": 1}
    planned.put({"fault": "stale-reads", "lag_reads": reads}, lost)
    _made_once(hpctl(*CREATE), planned)


@BOTH
def test_a_cluster_that_describe_does_not_find_for_half_a_minute_is_waited_for(
    planned: Inside, hpctl: Command, command: Mutating
) -> None:
    planned.put({"fault": "stale-reads", "service": "sagemaker", "operation": "DescribeCluster", "lag_s": 30})
    _made_once(hpctl(*CREATE), planned)


@BOTH
def test_a_list_that_lags_a_minute_behind_misleads_nobody(planned: Inside, hpctl: Command, command: Mutating) -> None:
    planned.put({"fault": "stale-reads", "service": "sagemaker", "operation": "ListClusters", "lag_s": 60})
    create = ("cluster", "create", "-f", "cluster.yaml", "--yes")
    _made_once(hpctl(*create, "--no-wait"), planned)
    _made_once(hpctl(*create), planned)


@BOTH
def test_a_role_that_cannot_be_assumed_for_a_while_is_tried_again(
    planned: Inside, hpctl: Command, command: Mutating, monkeypatch: pytest.MonkeyPatch
) -> None:
    """IAM shows the role as it is; HyperPod does not hear of its trust policy for fifteen seconds."""
    iam, name = planned.client("iam"), planned.seed["EXECUTION_ROLE"].rpartition("/")[2]
    Remembered().stand_in(monkeypatch)
    create = ("cluster", "create", "-f", "cluster.yaml", "--yes")
    assert hpctl(*create, "--dry-run").code == ExitCode.OK
    trust = iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"]
    iam.update_assume_role_policy(RoleName=name, PolicyDocument=json.dumps({**trust, "Statement": _NOT_HYPERPOD}))
    begun = planned.time.now()

    def sleep(seconds: float) -> None:
        real(seconds)
        if (planned.time.now() - begun).total_seconds() >= 15:
            iam.update_assume_role_policy(RoleName=name, PolicyDocument=json.dumps(trust))

    real = planned.time.sleep
    monkeypatch.setattr(planned.time, "sleep", sleep)
    ended = hpctl(*create)
    _made_once(ended, planned)
    assert ended.err.count("AWS cannot assume the execution role yet; its trust policy is in order") == 1
    assert "hpctl tries again for a minute" in ended.err


@BOTH
@pytest.mark.parametrize("held_s", [20, None], ids=["for a while", "for good"])
def test_a_deleted_name_that_is_still_in_use_is_waited_for_or_named(
    planned: Inside, hpctl: Command, command: Mutating, held_s: float | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Describe does not show the cluster that was deleted; CreateCluster still knows its name."""
    theirs = planned.client("sagemaker").create_cluster(**_of_the_name(planned))["ClusterArn"]
    monkeypatch.setattr(planned._gateway, "_pace", 0.01)
    planned.time.sleep(1)
    begun = planned.time.now()

    def sleep(seconds: float) -> None:
        real(seconds)
        if held_s is not None and (planned.time.now() - begun).total_seconds() >= held_s:
            _delete(planned, theirs)

    real = planned.time.sleep
    monkeypatch.setattr(planned.time, "sleep", sleep)
    _hide(planned, theirs, monkeypatch)
    ended = hpctl(*CREATE)
    if held_s is None:
        assert ended.code == ExitCode.CONFLICT, ended
        assert "the name `a` is in use, and AWS shows no such cluster" in ended.err
        assert "run the same command again in a few minutes" in ended.err
        assert planned.effects == ("CreateCluster",)
    else:
        assert ended.code == ExitCode.OK, ended
        assert planned.effects == ("CreateCluster", "DeleteCluster", "CreateCluster")


def _of_the_name(sandbox: Inside) -> dict[str, Any]:
    group = {
        "InstanceGroupName": "theirs",
        "InstanceType": "ml.c5.xlarge",
        "InstanceCount": 1,
        "ExecutionRole": sandbox.seed["EXECUTION_ROLE"],
        "LifeCycleConfig": {"SourceS3Uri": f"s3://{sandbox.seed['BUCKET_NAME']}", "OnCreate": "on_create.sh"},
    }
    return {"ClusterName": "a", "InstanceGroups": [group]}


def _delete(sandbox: Inside, arn: str) -> None:
    sagemaker = sandbox.client("sagemaker")
    statuses = {row["ClusterArn"]: row["ClusterStatus"] for row in sagemaker.list_clusters()["ClusterSummaries"]}
    if statuses.get(arn, "Deleting") != "Deleting":
        sagemaker.delete_cluster(ClusterName=arn)


def _hide(sandbox: Inside, arn: str, patch: pytest.MonkeyPatch) -> None:
    """Let DescribeCluster, on its way to hpctl, not find the cluster of this ARN by its name."""
    from hpctl.sandbox.proxy.door import Door
    from hpctl.sandbox.proxy.wire import Answer, Request

    real = Door._ask
    body = json.dumps({"__type": "ResourceNotFound", "message": "Cluster with name a not found."}).encode()

    async def ask(door: Door, request: Request) -> Answer:
        told = await real(door, request)
        if request.header("x-amz-target").endswith(".DescribeCluster") and arn.encode() in told.body:
            return Answer(400, "Bad Request", (("Content-Type", "application/x-amz-json-1.1"),), body)
        return told

    patch.setattr(Door, "_ask", ask)
