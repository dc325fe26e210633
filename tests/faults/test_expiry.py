"""Credentials that expire, whenever they do: what renews them is named, and the same command goes on."""

from __future__ import annotations

from pathlib import Path

import pytest

from hpctl.errors import ExitCode
from tests.faults.inprocess import Command
from tests.faults.inside import Inside
from tests.functional.cli import specs

CREATE = ("cluster", "create", "-f", "cluster.yaml", "--yes")
WAITING = {"fault": "expired-credentials", "service": "sagemaker", "operation": "DescribeCluster", "skip": 3}


def test_the_profile_that_needs_new_credentials_is_named(
    sandbox: Inside, hpctl: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    specs.write(Path.cwd(), specs.eks("a"))
    config = tmp_path / "config"
    keys = "aws_access_key_id = HPCTLTESTS0000000000\naws_secret_access_key = none\n"
    place = f"region = us-west-2\nendpoint_url = {sandbox.proxy.url}\n"
    config.write_text(f"[profile team]\n{keys}{place}", encoding="utf-8")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    sandbox.put(WAITING)
    ended = hpctl("--profile", "team", *CREATE)
    assert ended.code == ExitCode.ACCESS, ended
    assert "aws configure --profile team" in ended.err
    assert "to go on waiting: hpctl --profile team cluster create -f cluster.yaml --yes" in ended.err
    sandbox.proxy.clear()
    again = hpctl("--profile", "team", *CREATE)
    assert again.code == ExitCode.OK, again
    assert sandbox.effects.count("CreateCluster") == 1


def test_a_machine_is_told_the_code_and_how_to_go_on(sandbox: Inside, hpctl: Command) -> None:
    specs.write(Path.cwd(), specs.eks("a"))
    sandbox.put(WAITING)
    ended = hpctl(*CREATE, "-o", "jsonl")
    assert ended.code == ExitCode.ACCESS, ended
    assert "to go on waiting: hpctl cluster create -f cluster.yaml --yes -o jsonl" in ended.out + ended.err
