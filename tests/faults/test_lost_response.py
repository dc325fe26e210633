"""An answer that is lost: what was made is recognised as ours, and what somebody else made is not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hpctl.errors import ExitCode
from tests.faults.inprocess import Command
from tests.faults.inside import Inside
from tests.functional.cli import specs

BOTH = pytest.mark.parametrize("spec", [specs.slurm, specs.eks], ids=["Slurm", "EKS"])
LOST = pytest.mark.parametrize("fault", ["lost-response", "truncate"])
CREATE = ("cluster", "create", "-f", "cluster.yaml", "--yes")


def _journal() -> list[dict[str, Any]]:
    (file,) = Path.cwd().rglob("*.jsonl")
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def _tags(sandbox: Inside, name: str = "a") -> dict[str, str]:
    sagemaker = sandbox.client("sagemaker")
    arn = sagemaker.describe_cluster(ClusterName=name)["ClusterArn"]
    return {tag["Key"]: tag["Value"] for tag in sagemaker.list_tags(ResourceArn=arn)["Tags"]}


def _foreign(sandbox: Inside) -> dict[str, Any]:
    group = {
        "InstanceGroupName": "theirs",
        "InstanceType": "ml.c5.xlarge",
        "InstanceCount": 1,
        "ExecutionRole": sandbox.seed["EXECUTION_ROLE"],
        "LifeCycleConfig": {"SourceS3Uri": f"s3://{sandbox.seed['BUCKET_NAME']}", "OnCreate": "on_create.sh"},
    }
    return {"ClusterName": "a", "InstanceGroups": [group]}


@BOTH
@LOST
@pytest.mark.parametrize("bounds", [{"count": 1}, {}], ids=["once", "always"])
def test_a_create_whose_answer_is_lost_goes_on_with_the_cluster_that_it_made(
    sandbox: Inside, hpctl: Command, spec: Any, fault: str, bounds: dict[str, int]
) -> None:
    specs.write(Path.cwd(), spec("a"))
    sandbox.put({"fault": fault, "service": "sagemaker", "operation": "CreateCluster", **bounds})
    ended = hpctl(*CREATE)
    assert ended.code == ExitCode.OK, ended
    assert sandbox.effects.count("CreateCluster") == 1
    effect = next(line for line in _journal() if line["entry"] == "effect")
    assert (effect["verb"], effect["run_id"]) == ("create", _tags(sandbox)["hpctl:run-id"])
    assert effect["arn"] == sandbox.client("sagemaker").describe_cluster(ClusterName="a")["ClusterArn"]


@BOTH
def test_a_create_of_which_nothing_is_heard_is_adopted_by_the_next(sandbox: Inside, hpctl: Command, spec: Any) -> None:
    specs.write(Path.cwd(), spec("a"))
    before = {"fault": "lost-response", "service": "sagemaker", "operation": "CreateCluster", "count": 1}
    silent = {"fault": "server-error", "service": "sagemaker", "operation": "DescribeCluster", "skip": 1}
    refused = {"fault": "server-error", "service": "sagemaker", "operation": "CreateCluster"}
    sandbox.put(before, refused, silent)
    ended = hpctl(*CREATE)
    assert ended.code == ExitCode.UNAVAILABLE, ended
    run_id = _tags(sandbox)["hpctl:run-id"]
    sandbox.proxy.clear()
    again = hpctl(*CREATE)
    assert again.code == ExitCode.OK, again
    assert f"going on with the create that began at 2026-01-01T00:00:00Z (run {run_id})" in again.err
    assert (sandbox.effects.count("CreateCluster"), _tags(sandbox)["hpctl:run-id"]) == (1, run_id)


@BOTH
def test_without_its_records_the_next_create_still_knows_the_cluster_by_its_tags(
    sandbox: Inside, hpctl: Command, spec: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    specs.write(Path.cwd(), spec("a"))
    sandbox.put(
        {"fault": "lost-response", "service": "sagemaker", "operation": "CreateCluster", "count": 1},
        {"fault": "expired-credentials", "service": "sagemaker", "operation": "CreateCluster"},
    )
    assert hpctl(*CREATE).code == ExitCode.ACCESS
    sandbox.proxy.clear()
    monkeypatch.setenv("HPCTL_STATE_HOME", str(tmp_path / "another-machine"))
    again = hpctl(*CREATE)
    assert again.code == ExitCode.OK, again
    assert sandbox.effects.count("CreateCluster") == 1


@BOTH
def test_somebody_elses_cluster_of_the_name_is_a_conflict_that_says_what_differs(
    sandbox: Inside, hpctl: Command, spec: Any
) -> None:
    sandbox.client("sagemaker").create_cluster(**_foreign(sandbox))
    specs.write(Path.cwd(), spec("a"))
    ended = hpctl(*CREATE)
    assert ended.code == ExitCode.CONFLICT, ended
    assert "error: a cluster named `a` exists and is not what this spec asks for: " in ended.err
    assert "`instance_groups[workers]`" in ended.err
    assert "to change it: hpctl cluster update -f FILE" in ended.err
    assert sandbox.effects == ("CreateCluster",)


@BOTH
def test_somebody_elses_cluster_that_takes_the_name_at_the_last_moment_is_not_adopted(
    sandbox: Inside, hpctl: Command, spec: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs: list[str] = []

    def sleep(seconds: float) -> None:
        if not theirs:
            theirs.append(sandbox.client("sagemaker").create_cluster(**_foreign(sandbox))["ClusterArn"])
        real(seconds)

    real = sandbox.time.sleep
    monkeypatch.setattr(sandbox.time, "sleep", sleep)
    specs.write(Path.cwd(), spec("a"))
    sandbox.put({"fault": "reset", "service": "sagemaker", "operation": "CreateCluster", "count": 1})
    ended = hpctl(*CREATE)
    assert ended.code == ExitCode.CONFLICT, ended
    assert "somebody else made it meanwhile: hpctl cluster describe a" in ended.err
    again = hpctl(*CREATE)
    assert again.code == ExitCode.CONFLICT, again
    assert "is not what this spec asks for" in again.err
    assert sandbox.client("sagemaker").describe_cluster(ClusterName="a")["ClusterArn"] == theirs[0]
    assert sandbox.effects == ("CreateCluster",)
