"""What is kept, what is deleted and what is left behind, and the commands that are named for the rest."""

from __future__ import annotations

import shlex
import signal
import subprocess
from pathlib import Path

import pexpect
import pytest

from hpctl.errors import ExitCode
from tests.functional.cli import specs
from tests.functional.cli.account import Account
from tests.functional.cli.command import EXECUTABLE, PATIENCE_S, Hpctl
from tests.functional.cli.conftest import Sandbox
from tests.functional.cli.proxy import Proxy
from tests.functional.cli.stepping import read_until


@pytest.fixture
def failing(name: str, tmp_path: Path) -> tuple[str, ...]:
    """The words that create a cluster whose lifecycle scripts fail."""
    lifecycle = {"source_s3_uri": "${FAILING_SCRIPT_S3_URI}", "on_create": "on_create.sh"}
    groups = [specs.group("controller", "ml.m5.2xlarge", slurm={"node_type": "Controller"}, lifecycle=lifecycle)]
    spec = specs.slurm(name, instance_groups=groups)
    return ("cluster", "create", "-f", specs.write(tmp_path, spec), "--yes")


@pytest.mark.scorecard(26)
def test_a_cluster_that_fails_is_kept_with_every_next_command(
    hpctl: Hpctl, account: Account, name: str, failing: tuple[str, ...]
) -> None:
    told = hpctl(*failing, "-o", "json", ends=ExitCode.CHECKS_FAILED).error()
    assert told["code"] == "cluster_failed"
    for line in (
        f"the cluster stays as it is; to look at it: hpctl cluster describe {name}",
        f"what happened to it: hpctl cluster events {name}",
        f"to delete it: hpctl cluster delete {name}",
        f"to create it again, once it is deleted: hpctl {' '.join(failing)} -o json",
    ):
        assert line in told["hint"].splitlines()
    assert name in account.statuses()


@pytest.mark.scorecard(26, 27)
def test_a_cluster_that_fails_is_deleted_where_that_is_asked_for(
    hpctl: Hpctl, account: Account, name: str, failing: tuple[str, ...]
) -> None:
    before = account.snapshot()
    told = hpctl(*failing, "--on-failure", "delete", ends=ExitCode.CHECKS_FAILED)
    assert "note: the cluster failed and is deleted (`--on-failure delete`): " in told.err
    assert "the cluster is deleted; to create it again: hpctl cluster create" in told.err
    assert account.snapshot() == before


def test_what_another_run_made_is_not_deleted(
    hpctl: Hpctl, account: Account, name: str, failing: tuple[str, ...]
) -> None:
    hpctl(*failing, "--no-wait")
    told = hpctl(*failing, "--on-failure", "delete", ends=ExitCode.CHECKS_FAILED)
    assert "it is not deleted: this run did not make it" in told.err
    assert name in account.statuses()


@pytest.mark.scorecard(28)
def test_a_protected_cluster_is_not_deleted_until_that_is_lifted(
    watched: Hpctl, proxy: Proxy, account: Account, name: str, tmp_path: Path, aws_cli: Path
) -> None:
    watched("cluster", "create", "-f", specs.write(tmp_path, specs.slurm(name, protection=True)), "--yes")
    words = ("cluster", "delete", name, "--yes")
    for more in ((), ("--dry-run",)):
        told = watched(*words, *more, ends=ExitCode.CONFLICT)
        assert f"cluster `{name}` is protected by its tag `hpctl:protection`; nothing was deleted" in told.err
    assert "sagemaker:DeleteCluster" not in proxy.calls
    _run(told.err.partition("or take the tag away: ")[2], aws_cli, watched)
    watched(*words)
    assert name not in account.statuses()


@pytest.mark.scorecard(27)
def test_what_a_deletion_leaves_behind_is_named_and_the_commands_clear_it_away(
    hpctl: Hpctl, account: Account, name: str, tmp_path: Path, aws_cli: Path
) -> None:
    hpctl("cluster", "create", "-f", specs.write(tmp_path, specs.slurm(name)), "--yes")
    ec2 = account.client("ec2")
    mine = ec2.create_network_interface(SubnetId=account.seed["SUBNET_ID"], Description=f"left of {name}")
    other = ec2.create_network_interface(SubnetId=account.seed["SUBNET_ID"], Description=f"of {name}-too")
    left, spared = (row["NetworkInterface"]["NetworkInterfaceId"] for row in (mine, other))
    outcome = hpctl("cluster", "delete", name, "--yes", "-o", "json").json()
    assert outcome["left_behind"][0] == f"network interface `{left}` in `{account.seed['SUBNET_ID']}`"
    assert outcome["left_behind"][1].startswith(f"log group `/aws/sagemaker/Clusters/{name}/")
    for command in outcome["next_steps"]:
        _run(command, aws_cli, hpctl)
    interfaces = account.snapshot()["network interfaces"]
    assert (left in interfaces, spared in interfaces) == (False, True)
    prefix = f"/aws/sagemaker/Clusters/{name}/"
    assert account.client("logs").describe_log_groups(logGroupNamePrefix=prefix)["logGroups"] == []


def _run(line: str, aws_cli: Path, hpctl: Hpctl) -> None:
    program, *words = shlex.split(line)
    assert program == "aws"
    subprocess.run([aws_cli, *words], env=hpctl.env, check=True, capture_output=True, timeout=PATIENCE_S)


def test_credentials_that_expire_while_it_waits_are_named_with_the_way_on(
    watched: Hpctl, proxy: Proxy, account: Account, name: str, tmp_path: Path
) -> None:
    words = ("cluster", "create", "-f", specs.write(tmp_path, specs.slurm(name)), "--yes")
    running = watched.start(*words)
    read_until(running, "creating cluster")
    proxy.say("sagemaker:DescribeCluster", "ExpiredTokenException", "The security token included is expired", 400)
    _, err = running.communicate(timeout=PATIENCE_S)
    assert running.returncode == ExitCode.ACCESS
    assert f"to go on waiting: hpctl {' '.join(words)}" in err
    proxy.swaps.clear()
    again = watched(*words)
    assert "note: going on with the create that began at " in again.err
    assert account.statuses()[name] == "InService"


@pytest.mark.parametrize("verb", ["create", "delete"])
def test_ctrl_c_at_a_question_changes_nothing_and_frees_the_cluster(
    verb: str, slow: Sandbox, name: str, tmp_path: Path
) -> None:
    words = ["cluster", "create", "-f", specs.write(tmp_path, specs.slurm(name))]
    if verb == "delete":
        slow.account.create(name, NodeProvisioningMode="Continuous")
        words = ["cluster", "delete", name]
    asked = pexpect.spawn(
        str(EXECUTABLE), words, env=dict(slow.hpctl.env) | {"TERM": "xterm"}, cwd=str(tmp_path), encoding="utf-8"
    )
    asked.expect(r"\[y/N\]|type the name", timeout=PATIENCE_S)
    asked.kill(signal.SIGINT)
    rest = asked.read()
    asked.close()
    assert asked.exitstatus == ExitCode.INTERRUPTED
    assert "Traceback" not in rest
    known: dict[str, set[str | None]] = {"create": {None}, "delete": {"Creating", "InService"}}
    assert slow.account.statuses().get(name) in known[verb]
    (lock,) = Path(slow.hpctl.env["HPCTL_STATE_HOME"]).glob(f"clusters/*.{name}.lock")
    assert lock.read_bytes() == b""  # given back, not left to be taken over
