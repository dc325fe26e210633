"""`hpctl lifecycle`: scripts from a spec to nodes in service, and what is never overwritten."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from hpctl.errors import ExitCode
from tests.functional.cli import specs
from tests.functional.cli.account import Account
from tests.functional.cli.command import Hpctl

SPEC = "cluster.yaml"


def spec_of(kind: str, name: str) -> specs.Spec:
    """Return a sound spec whose scripts lie in a folder of their own."""
    spec = specs.eks(name) if kind == "eks" else specs.slurm(name)
    for group in spec["instance_groups"]:
        group["lifecycle"]["source_s3_uri"] = f"s3://${{BUCKET_NAME}}/{name}"
        if kind == "legacy":
            del group["slurm"]
    if kind == "legacy":
        del spec["orchestrator"]
    return spec


def lines_of_scripts(account: Account, name: str) -> list[str]:
    """Return what CloudWatch has of the lifecycle scripts of a cluster."""
    logs = account.client("logs")
    (group,) = logs.describe_log_groups(logGroupNamePrefix=f"/aws/sagemaker/Clusters/{name}/")["logGroups"]
    where = {"logGroupName": group["logGroupName"]}
    streams = [row["logStreamName"] for row in logs.describe_log_streams(**where)["logStreams"]]
    found: list[Any] = [logs.get_log_events(**where, logStreamName=stream)["events"] for stream in streams]
    return [event["message"] for events in found for event in events]


@pytest.mark.slow
@pytest.mark.timeout(120)
@pytest.mark.parametrize("kind", ["eks", "slurm", "legacy"])
def test_scripts_of_hpctls_own_bring_nodes_into_service(kind: str, name: str, hpctl: Hpctl, account: Account) -> None:
    specs.write(hpctl.folder, spec_of(kind, name))
    hpctl("lifecycle", "init", "scripts", "-f", SPEC)
    assert hpctl("lifecycle", "lint", "scripts", "-f", SPEC, "--fail-on", "warn").err == ""
    uploaded = hpctl("lifecycle", "upload", "scripts", "-f", SPEC, "--yes", "-o", "json").json()
    assert set(uploaded["uploaded"]) == {path.name for path in (hpctl.folder / "scripts").iterdir()}
    checked = hpctl("lifecycle", "lint", "-f", SPEC, "-o", "json").json()
    assert {row["outcome"] for row in checked["results"]} == {"pass"}
    outcome = hpctl("cluster", "create", "-f", SPEC, "--yes", "-o", "json").json()
    assert outcome["result"] == "done"
    if shutil.which("unshare"):
        lines = "\n".join(lines_of_scripts(account, name))
        assert "on_create.sh finished" in lines or "cannot confine" in lines


def test_an_upload_overwrites_nothing_unasked(name: str, hpctl: Hpctl, account: Account) -> None:
    specs.write(hpctl.folder, spec_of("eks", name))
    hpctl("lifecycle", "init", "scripts", "-f", SPEC)
    words = ("lifecycle", "upload", "scripts", "-f", SPEC)
    bucket, key = account.seed["BUCKET_NAME"], f"{name}/on_create.sh"
    s3 = account.client("s3")

    planned = hpctl(*words, "--dry-run")
    assert planned.out.startswith("account 123456789012, region us-west-2, ")
    assert "on_create.sh  new" in planned.out
    asked = hpctl(*words, "-o", "json", ends=ExitCode.UNCONFIRMED)
    assert asked.error()["hint"] == "add --yes"
    assert "Contents" not in s3.list_objects_v2(Bucket=bucket, Prefix=f"{name}/")

    s3.put_object(Bucket=bucket, Key=key, Body=b"somebody else's\n")
    refused = hpctl(*words, "--yes", "-o", "json", ends=ExitCode.CONFLICT)
    assert refused.error()["message"] == f"`s3://{bucket}/{name}/` has other content already: `on_create.sh`"
    assert [row["state"] for row in refused.json()["files"]] == ["new", "different", "new", "new"]
    assert s3.get_object(Bucket=bucket, Key=key)["Body"].read() == b"somebody else's\n"

    hpctl(*words, "--yes", "--overwrite")
    assert s3.get_object(Bucket=bucket, Key=key)["Body"].read() == (hpctl.folder / "scripts/on_create.sh").read_bytes()
    assert "everything is there already" in hpctl(*words, "--yes").err


def test_a_bucket_that_is_not_there_is_exit_code_3(hpctl: Hpctl) -> None:
    (hpctl.folder / "scripts").mkdir()
    told = hpctl("lifecycle", "upload", "scripts", "--to", "s3://nowhere-at-all/x", "-y", ends=ExitCode.NOT_FOUND)
    assert told.err == (
        "error: there is no bucket `nowhere-at-all`\n\nhint: aws s3 mb s3://nowhere-at-all --region us-west-2\n"
    )


def test_a_broken_script_is_named_with_its_line(hpctl: Hpctl) -> None:
    folder = Path(hpctl.folder / "scripts")
    folder.mkdir()
    (folder / "on_create.sh").write_text("#!/bin/bash\nif true; then\n  echo one\n")
    told = hpctl("lifecycle", "lint", "scripts", ends=ExitCode.CHECKS_FAILED)
    assert "at: scripts/on_create.sh:4" in told.out
    assert "Lifecycle scripts did not run successfully" in told.out
