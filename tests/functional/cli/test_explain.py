"""`hpctl explain`: texts and logs without AWS, clusters of the sandbox with what their nodes really said."""

from __future__ import annotations

from pathlib import Path

from hpctl.errors import ExitCode
from tests.functional.cli.account import Account
from tests.functional.cli.command import Hpctl

OOM = "torch.OutOfMemoryError: CUDA out of memory."


def offline(hpctl: Hpctl) -> Hpctl:
    """The command where nothing answers, and there are no credentials."""
    return hpctl.with_env(AWS_ENDPOINT_URL="http://127.0.0.1:1", AWS_CONFIG_FILE="/dev/null", AWS_REGION="")


def test_a_text_a_log_and_stdin_are_explained_without_aws(hpctl: Hpctl, tmp_path: Path) -> None:
    log = tmp_path / "train.log"
    log.write_text("step 1\n" * 50_000 + f"\x1b[31m{OOM}\x1b[0m\x07\n")
    here = offline(hpctl)
    told = here("explain", OOM)
    assert "the text: job-device-memory" in told.out
    read = here("explain", "-f", str(log))
    assert "(50001 lines read): job-device-memory" in read.out
    assert f"line 50001: {OOM}\\x07" in read.out
    assert here("explain", "--text", "OOMKilled", "-o", "name").out == "pod-host-memory\n"
    unknown = here("explain", "quite another sentence", ends=ExitCode.NOT_FOUND)
    assert "no known failure has these words" in unknown.out
    assert "hpctl explain --list" in unknown.err


def test_one_thing_is_explained_at_a_time_and_a_file_must_be_there(hpctl: Hpctl) -> None:
    here = offline(hpctl)
    assert "takes one thing to explain" in here("explain", ends=ExitCode.USAGE).err
    assert "takes one thing to explain" in here("explain", "a b", "--list", ends=ExitCode.USAGE).err
    assert "`--node` needs the name of a cluster" in here("explain", "a b", "--node", "i-1", ends=ExitCode.USAGE).err
    assert "cannot be read: No such file" in here("explain", "-f", "missing.log", ends=ExitCode.USAGE).err
    assert "threads-halved" in here("explain", "--id", "threads-halved").out
    assert here("explain", "--check", "network-dns").out.startswith("network-dns: ")
    assert "efa-health-check" in here("explain", "--list", "-o", "name").out.splitlines()


def test_a_cluster_that_is_well_says_so_and_one_that_is_not_there_is_named(hpctl: Hpctl, cpu_cluster: str) -> None:
    assert hpctl("explain", cpu_cluster).out == f"cluster {cpu_cluster}: nothing is wrong\n"
    missing = hpctl("explain", "no-such-cluster", ends=ExitCode.NOT_FOUND)
    assert "hpctl explain --text no-such-cluster" in missing.err


def test_a_script_that_fails_is_explained_by_its_own_log(hpctl: Hpctl, account: Account, name: str) -> None:
    bucket = hpctl.env["BUCKET_NAME"]
    script = (
        "#!/bin/bash\necho 'curl: (28) Connection timed out' | tee -a /var/log/provision/provisioning.log\nexit 1\n"
    )
    account.client("s3").put_object(Bucket=bucket, Key=f"{name}/on_create.sh", Body=script.encode())
    group = {
        "InstanceGroupName": "controller",
        "InstanceType": "ml.t3.medium",
        "InstanceCount": 1,
        "LifeCycleConfig": {"SourceS3Uri": f"s3://{bucket}/{name}", "OnCreate": "on_create.sh"},
        "ExecutionRole": hpctl.env["EXECUTION_ROLE"],
    }
    account.create(name, NodeProvisioningMode="Continuous", InstanceGroups=[group])
    account.fail(name)
    told = hpctl("explain", name, "-o", "json", ends=ExitCode.CHECKS_FAILED).json()
    known = [one["known"]["failure"] for one in told["explanations"]]
    assert known[0] == "packages-unreachable"
    assert "lifecycle-failed" in known
    assert told["explanations"][0]["evidence"][0]["place"].startswith("log LifecycleConfig/")
    assert "network-egress-path" in told["explanations"][0]["known"]["checks"]
