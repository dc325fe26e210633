"""The main job: from a file to InService, looked at from every side, to gone, with nothing left behind."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from hpctl.errors import ExitCode
from tests.functional.cli import specs
from tests.functional.cli.account import Account
from tests.functional.cli.command import Hpctl

Wish = Callable[[Path, str], tuple[str, ...]]


def _eks_yaml(folder: Path, name: str) -> tuple[str, ...]:
    return ("-f", specs.write(folder, specs.eks(name)))


def _slurm_yaml(folder: Path, name: str) -> tuple[str, ...]:
    return ("-f", specs.write(folder, specs.slurm(name)))


def _create_cluster_json(folder: Path, name: str) -> tuple[str, ...]:
    return ("-f", specs.write(folder, specs.create_cluster(name), "cluster-config.json"))


def _bare_list_of_groups(folder: Path, name: str) -> tuple[str, ...]:
    groups = specs.create_cluster(name)["InstanceGroups"]
    return ("-f", specs.write(folder, groups, "groups.json"), "--name", name)


WISHES = (_eks_yaml, _slurm_yaml, _create_cluster_json, _bare_list_of_groups)


@pytest.mark.slow
@pytest.mark.timeout(180)  # a dozen commands, on a machine that may be busy
@pytest.mark.parametrize("wish", WISHES, ids=lambda wish: wish.__name__.strip("_"))
def test_a_file_becomes_a_cluster_and_goes_without_a_trace(
    wish: Wish, hpctl: Hpctl, account: Account, name: str, tmp_path: Path
) -> None:
    before = account.snapshot()
    words = wish(tmp_path, name)

    plan = hpctl("cluster", "plan", *words, "-o", "json").json()
    assert (plan["state"], [action["verb"] for action in plan["actions"]]) == ("absent", ["create"])

    made = hpctl("cluster", "create", *words, "--yes", "-o", "json").json()
    assert (made["verb"], made["result"], made["cluster"]) == ("create", "done", name)
    assert account.statuses()[name] == "InService"

    _look_from_every_side(hpctl, name, plan)

    gone = hpctl("cluster", "delete", name, "--yes", "-o", "json").json()
    assert (gone["verb"], gone["result"], gone["cluster"]) == ("delete", "done", name)
    assert name in hpctl("cluster", "describe", name, ends=ExitCode.NOT_FOUND).err
    assert account.snapshot() == before


def _look_from_every_side(hpctl: Hpctl, name: str, plan: dict[str, Any]) -> None:
    assert name in hpctl("cluster", "list", "-o", "name").out.split()
    seen = hpctl("cluster", "describe", name, "-o", "json").json()
    assert (seen["cluster"]["status"], seen["diagnoses"]) == ("InService", [])
    wanted = {group["name"]: (group["instance_type"], group["count"]) for group in plan["groups"]}
    groups = seen["cluster"]["instance_groups"]
    assert {group["name"]: (group["instance_type"], group["target_count"]) for group in groups} == wanted
    assert all(group["current_count"] == group["target_count"] for group in groups)

    nodes = hpctl("node", "list", "--cluster", name, "-o", "json").json()["nodes"]
    assert sorted(node["instance_group"] for node in nodes) == sorted(
        group for group, (_, count) in wanted.items() for _ in range(count)
    )
    node = hpctl("node", "describe", nodes[0]["node_id"], "--cluster", name, "-o", "json").json()["node"]
    assert (node["node_id"], node["status"]) == (nodes[0]["node_id"], "Running")

    if seen["cluster"]["node_provisioning"] == "Continuous":
        events = hpctl("cluster", "events", name, "-o", "json").json()["events"]
        assert events[0]["description"] == f"Cluster {name} creation started successfully"
        assert {event["level"] for event in events} <= {"Info", "Warn"}


def test_the_blog_request_reaches_aws_in_todays_shape(
    hpctl: Hpctl, account: Account, name: str, tmp_path: Path
) -> None:
    words = _create_cluster_json(tmp_path, name)
    told = hpctl("cluster", "create", *words, "--yes")
    live = account.client("sagemaker").describe_cluster(ClusterName=name)
    group = live["InstanceGroups"][0]
    assert live["NodeRecovery"] == "Automatic"
    assert "`ResilienceConfig.NodeRecovery`" in told.err
    assert live["Orchestrator"]["Eks"]["ClusterArn"] == account.seed["EKS_CLUSTER_ARN"]
    assert live["VpcConfig"]["Subnets"] == [account.seed["SUBNET_ID"]]
    assert (group["ThreadsPerCore"], group["OnStartDeepHealthChecks"]) == (
        1,
        ["InstanceStress", "InstanceConnectivity"],
    )
    assert group["LifeCycleConfig"]["SourceS3Uri"] == f"s3://{account.seed['BUCKET_NAME']}"


def test_the_aws_cli_shows_the_same_clusters(hpctl: Hpctl, aws_cli: Path, name: str, tmp_path: Path) -> None:
    hpctl("cluster", "create", "-f", specs.write(tmp_path, specs.eks(name)), "--yes")
    ours = hpctl("cluster", "list", "-o", "json").json()["clusters"]
    command = [str(aws_cli), "sagemaker", "list-clusters", "--output", "text", "--query"]
    query = "ClusterSummaries[].[ClusterName,ClusterArn,ClusterStatus]"
    told = subprocess.run([*command, query], env=dict(hpctl.env), capture_output=True, encoding="utf-8", check=True)
    theirs = {tuple(line.split("\t")) for line in told.stdout.splitlines()}
    assert {(row["name"], row["arn"], row["status"]) for row in ours} == theirs
    assert name in {row[0] for row in theirs}
    hpctl("cluster", "delete", name, "--yes")


@pytest.mark.scorecard(10, 20)
def test_a_plan_and_a_dry_run_show_the_same_and_change_nothing(
    hpctl: Hpctl, account: Account, name: str, tmp_path: Path
) -> None:
    before = account.snapshot()
    file = specs.write(tmp_path, specs.eks(name))
    planned = hpctl("cluster", "plan", "-f", file)
    assert hpctl("cluster", "create", "-f", file, "--dry-run").out == planned.out
    assert planned.out.startswith("account 123456789012, region us-west-2, user/hpctl-sandbox\n")
    assert account.snapshot() == before


@pytest.mark.scorecard(10)
@pytest.mark.parametrize("example", ["eks.yaml", "slurm.yaml"])
def test_a_dry_run_of_a_shipped_example_ends_well(hpctl: Hpctl, example: str) -> None:
    text = (files("hpctl.examples") / example).read_text(encoding="utf-8")
    assert "+ create cluster demo-" in hpctl("cluster", "create", "-f", "-", "--dry-run", stdin=text).out


@pytest.mark.scorecard(30)
def test_a_delete_dry_run_says_what_goes_and_what_stays(hpctl: Hpctl, account: Account, cpu_cluster: str) -> None:
    report = hpctl("cluster", "delete", cpu_cluster, "--dry-run", "-o", "json").json()
    assert "instance group `controller`: 1 x ml.t3.medium" in report["goes"]
    assert any("execution role `hpctl-sandbox-execution`" in line for line in report["stays"])
    assert account.statuses()[cpu_cluster] == "InService"


def test_a_spec_comes_through_stdin_and_its_variables_through_set(
    hpctl: Hpctl, account: Account, name: str, tmp_path: Path
) -> None:
    spec = specs.slurm("${CLUSTER}", tags={"team": "$TEAM"})
    text = (tmp_path / specs.write(tmp_path, spec)).read_text(encoding="utf-8")
    values = ("--set", f"CLUSTER={name}", "--set", "TEAM=research")
    arn = hpctl("cluster", "create", "-f", "-", *values, "--yes", "-o", "json", stdin=text).json()["arn"]
    tags = account.client("sagemaker").list_tags(ResourceArn=arn)["Tags"]
    assert {"Key": "team", "Value": "research"} in tags
    hpctl("cluster", "delete", name, "--yes")
