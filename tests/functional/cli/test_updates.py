"""Changing a live cluster through the real command: plans, updates, saved plans, software, and its spec read back."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest

from hpctl.errors import ExitCode
from tests.functional.cli import specs
from tests.functional.cli.account import Account
from tests.functional.cli.command import Hpctl
from tests.functional.cli.proxy import Proxy

pytestmark = pytest.mark.timeout(180)  # several runs of the command each

EXAMPLES = Path(__file__).parents[3] / "src" / "hpctl" / "examples"


def on_slurm(name: str, workers: int = 2, **members: Any) -> specs.Spec:
    spec = specs.slurm(name, **members)
    spec["instance_groups"][1]["count"] = workers
    return spec


def made(hpctl: Hpctl, folder: Path, spec: specs.Spec) -> str:
    file = specs.write(folder, spec)
    hpctl("cluster", "create", "-f", file, "--yes")
    return file


def tags_of(account: Account, name: str) -> dict[str, str]:
    arn = account.client("sagemaker").describe_cluster(ClusterName=name)["ClusterArn"]
    tags = account.client("sagemaker").list_tags(ResourceArn=arn)["Tags"]
    return {tag["Key"]: tag["Value"] for tag in tags}


@pytest.mark.parametrize("example", ["eks.yaml", "slurm.yaml"])
def test_planning_an_exported_example_finds_nothing_to_do(hpctl: Hpctl, example: str, name: str) -> None:
    text = (EXAMPLES / example).read_text(encoding="utf-8").replace("name: demo-", f"name: {name}-", 1)
    full = f"{name}-{example.removesuffix('.yaml')}"
    hpctl("cluster", "create", "-f", "-", "--yes", stdin=text)
    exported = hpctl("cluster", "export", full).out
    as_json = hpctl("cluster", "export", full, "-o", "json").out
    assert json.loads(as_json)["ClusterName"] == full
    for form in (exported, as_json):
        planned = hpctl("cluster", "plan", "-f", "-", "--detailed-exitcode", "-o", "json", stdin=form).json()
        assert (planned["state"], planned["changes"], planned["actions"]) == ("same", [], [])


@pytest.mark.scorecard(21)
def test_an_update_is_planned_done_and_then_nothing(hpctl: Hpctl, account: Account, name: str, tmp_path: Path) -> None:
    made(hpctl, tmp_path, on_slurm(name, tags={"team": "nlp"}))
    wish = specs.write(tmp_path, on_slurm(name, 3, tags={"team": "vision"}, protection=True))
    planned = hpctl("cluster", "plan", "-f", wish, "--detailed-exitcode", ends=ExitCode.CHANGES)
    assert "  ~ instance_groups[workers].count: 2 -> 3\n" in planned.out
    assert "  ~ tags[team]: nlp -> vision\n" in planned.out
    assert "  ~ protection: false -> true\n" in planned.out
    updated = hpctl("cluster", "update", "-f", wish, "--yes", "-o", "json").json()
    assert (updated["verb"], updated["result"]) == ("update", "done")
    assert len(account.client("sagemaker").list_cluster_nodes(ClusterName=name)["ClusterNodeSummaries"]) == 4
    assert tags_of(account, name)["team"] == "vision"
    again = hpctl("cluster", "update", "-f", wish, "--yes", "-o", "json").json()
    assert again["result"] == "unchanged"
    refused = hpctl("cluster", "delete", name, "--yes", ends=ExitCode.CONFLICT)
    assert "hpctl:protection" in refused.err


@pytest.mark.scorecard(21)
def test_what_cannot_be_changed_is_refused_before_anything_is_sent(
    watched: Hpctl, proxy: Proxy, name: str, tmp_path: Path
) -> None:
    made(watched, tmp_path, on_slurm(name))
    spec = on_slurm(name, 4, network=specs.network("${OTHER_SUBNET_ID}"))
    spec["instance_groups"][1]["type"] = "ml.c5.2xlarge"
    proxy.calls.clear()
    told = watched("cluster", "update", "-f", specs.write(tmp_path, spec), "--yes", ends=ExitCode.CONFLICT)
    assert f"2 changes of cluster `{name}` cannot be made: `network.subnet_ids`, `instance_groups[workers].type`" in (
        told.err
    )
    assert "network.subnet_ids: UpdateCluster takes no network" in told.err
    assert "instance_groups[workers].type: a group keeps its instance type" in told.err
    assert proxy.mutations == []


def test_a_group_goes_only_when_it_is_named_and_the_controller_never(
    hpctl: Hpctl, account: Account, name: str, tmp_path: Path
) -> None:
    spec = on_slurm(name)
    spec["instance_groups"].append(specs.group("login", "ml.m5.2xlarge", slurm={"node_type": "Login"}))
    made(hpctl, tmp_path, spec)
    without = specs.write(tmp_path, on_slurm(name))
    refused = hpctl("cluster", "update", "-f", without, "--yes", ends=ExitCode.CONFLICT)
    assert "add `--delete-group login`" in refused.err
    hpctl("cluster", "update", "-f", without, "--delete-group", "login", "--yes")
    groups = account.client("sagemaker").describe_cluster(ClusterName=name)["InstanceGroups"]
    assert [group["InstanceGroupName"] for group in groups] == ["controller", "workers"]
    headless = on_slurm(name)
    del headless["instance_groups"][0]
    file = specs.write(tmp_path, headless)
    told = hpctl("cluster", "update", "-f", file, "--delete-group", "controller", "--yes", ends=ExitCode.CONFLICT)
    assert "a Slurm cluster cannot lose its controller" in told.err
    kept = specs.write(tmp_path, on_slurm(name))
    wrong = hpctl("cluster", "update", "-f", kept, "--delete-group", "workers", "--yes", ends=ExitCode.USAGE)
    assert "`--delete-group workers`: the spec still has this group" in wrong.err


def test_a_saved_plan_makes_one_cluster_and_no_second(hpctl: Hpctl, name: str, tmp_path: Path) -> None:
    file = specs.write(tmp_path, on_slurm(name))
    plan = tmp_path / "plan.json"
    hpctl("cluster", "plan", "-f", file, "--out", str(plan))
    assert stat.S_IMODE(plan.stat().st_mode) == 0o600
    assert hpctl("cluster", "create", "--plan", str(plan), "--yes", "-o", "json").json()["result"] == "done"
    assert hpctl("cluster", "create", "--plan", str(plan), "--yes", "-o", "json").json()["result"] == "unchanged"
    wrong = hpctl("cluster", "update", "--plan", str(plan), "--yes", ends=ExitCode.USAGE)
    assert f"`{plan}` is a plan to create cluster `{name}`" in wrong.err


def test_a_saved_update_is_refused_when_the_cluster_has_changed_since(
    hpctl: Hpctl, account: Account, name: str, tmp_path: Path
) -> None:
    made(hpctl, tmp_path, on_slurm(name))
    plan = str(tmp_path / "plan.json")
    hpctl("cluster", "plan", "-f", specs.write(tmp_path, on_slurm(name, 3)), "--out", plan)
    client = account.client("sagemaker")
    arn = client.describe_cluster(ClusterName=name)["ClusterArn"]
    client.add_tags(ResourceArn=arn, Tags=[{"Key": "by", "Value": "somebody else"}])
    told = hpctl("cluster", "update", "--plan", plan, "--yes", ends=ExitCode.CONFLICT)
    assert f"cluster `{name}` has changed since the plan was made; nothing was done" in told.err
    client.delete_tags(ResourceArn=arn, TagKeys=["by"])
    assert hpctl("cluster", "update", "--plan", plan, "--yes", "-o", "json").json()["result"] == "done"
    assert hpctl("cluster", "update", "--plan", plan, "--yes", "-o", "json").json()["result"] == "unchanged"


def test_what_a_saved_plan_settles_is_not_said_again(hpctl: Hpctl, tmp_path: Path) -> None:
    both = hpctl("cluster", "update", "-f", "x.yaml", "--plan", "p.json", ends=ExitCode.USAGE)
    assert "give one of a spec (`-f FILE`) and a saved plan (`--plan FILE`)" in both.err
    assert "give one of a spec" in hpctl("cluster", "create", ends=ExitCode.USAGE).err
    more = hpctl("cluster", "update", "--plan", "p.json", "--skip", "x", "--set", "A=1", ends=ExitCode.USAGE)
    assert "a saved plan is done as it stands: leave out --set, --skip" in more.err
    missing = hpctl("cluster", "create", "--plan", "p.json", "--yes", ends=ExitCode.USAGE)
    assert "cannot read the plan `p.json`: No such file or directory" in missing.err


def test_software_is_updated_and_what_it_wipes_is_said(hpctl: Hpctl, name: str, tmp_path: Path) -> None:
    made(hpctl, tmp_path, on_slurm(name))
    words = ("cluster", "update-software", name, "--group", "workers", "--batch-size", "1")
    shown = hpctl(*words, "--dry-run")
    assert "- the root volumes of 2 nodes of instance group `workers`, with everything on them" in shown.out
    done = hpctl(*words, "--yes", "-o", "json").json()
    assert (done["verb"], done["result"]) == ("update-software", "done")
    wrong = hpctl("cluster", "update-software", name, "--group", "none", "--yes", ends=ExitCode.NOT_FOUND)
    assert "it has `controller`, `workers`" in wrong.err


def test_nobody_to_ask_and_nobody_there(hpctl: Hpctl, name: str, tmp_path: Path) -> None:
    file = specs.write(tmp_path, on_slurm(name))
    assert "add --yes" in hpctl("cluster", "update", "-f", file, ends=ExitCode.UNCONFIRMED).err
    absent = hpctl("cluster", "update", "-f", file, "--yes", ends=ExitCode.NOT_FOUND)
    assert "to make it: hpctl cluster create -f FILE" in absent.err
    gone = hpctl("cluster", "export", name, "-o", "json", ends=ExitCode.NOT_FOUND)
    assert gone.error()["code"] == "not_found"
