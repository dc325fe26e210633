"""Forty cases of the matrix with the installed command: another process, its own clock, botocore's own waits."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hpctl.errors import ExitCode
from tests.faults import commands
from tests.faults.commands import Mutating
from tests.faults.inside import Inside
from tests.functional.cli.command import DOCUMENTED, Hpctl, bare_environment

STRUCK = {
    commands.SAVED_CREATE: "CreateCluster",
    commands.SAVED_UPDATE: "UpdateCluster",
    commands.SOFTWARE_EKS: "UpdateClusterSoftware",
    commands.DELETE_SLURM: "DeleteCluster",
    commands.CREATE_SLURM: "CreateCluster",
}
FAULTS: dict[str, tuple[dict[str, Any], ExitCode]] = {
    "throttled": ({"fault": "throttling", "count": 1}, ExitCode.OK),
    "500": ({"fault": "server-error", "status": 500, "count": 1}, ExitCode.OK),
    "503 with Retry-After": ({"fault": "server-error", "retry_after_s": 1, "count": 1}, ExitCode.OK),
    "reset before it is read": ({"fault": "reset", "count": 1}, ExitCode.OK),
    "reset after it took effect": ({"fault": "lost-response", "count": 1}, ExitCode.OK),
    "half an answer": ({"fault": "truncate", "count": 1}, ExitCode.OK),
    "not AWS": ({"fault": "garbage"}, ExitCode.UNAVAILABLE),
    "credentials expired": ({"fault": "expired-credentials"}, ExitCode.ACCESS),
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("command", STRUCK, ids=lambda command: command.label)
def test_a_fault_where_something_is_changed_ends_as_documented_and_the_same_command_again_converges(
    sandbox: Inside, ready: Callable[[Mutating], None], command: Mutating, fault: str
) -> None:
    ready(command)
    real = Hpctl(bare_environment() | _aimed(sandbox), Path.cwd())
    before, operation = len(sandbox.effects), STRUCK[command]
    told, code = FAULTS[fault]
    sandbox.put({**told, "service": "sagemaker", "operation": operation})
    words = (*command.words, "--no-wait")
    ended = real(*words, ends=code)
    sandbox.proxy.clear()
    if ended.code != ExitCode.OK:
        assert ended.code in DOCUMENTED
        assert ended.err.startswith("account 123456789012") or "error: " in ended.err
        real(*words)
    # A second UpdateCluster of the same content, which the SDK sends when it hears nothing, asks for nothing more.
    assert 1 <= sandbox.effects[before:].count(operation) <= (2 if operation == "UpdateCluster" else 1)
    for journal in Path.cwd().rglob("*.jsonl"):
        assert [json.loads(line)["entry"] for line in journal.read_text(encoding="utf-8").splitlines()]


def _aimed(sandbox: Inside) -> dict[str, str]:
    names = ("AWS_", "HPCTL_", "BUCKET", "EKS_", "EXECUTION", "SECURITY", "SUBNET", "VPC")
    inside = {name: value for name, value in sandbox.environ.items() if name.startswith(names)}
    return inside | {"HPCTL_STATE_HOME": str(Path.cwd() / "state")}
