"""What hpctl asked of AWS while the functional tests ran, held to the policies that `hpctl iam policy` prints.

Each sandbox tells what it was asked; a run fails at its end for a call of hpctl's that neither the policy of whoever
creates clusters nor that of `doctor --fix` allows. What was called is recorded in a list, which the unit tests read:
a run with `HPCTL_TEST_RECORD_CALLS=1` adds to it, any other says what is missing there.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

RECORDED = Path(__file__).parent / "functional" / "calls_made.txt"
RECORDING = bool(os.environ.get("HPCTL_TEST_RECORD_CALLS"))

NAMED_OTHERWISE = {
    "s3:HeadBucket": "s3:ListBucket",
    "s3:HeadObject": "s3:GetObject",
    "s3:ListBuckets": "s3:ListAllMyBuckets",
    "s3:ListObjectsV2": "s3:ListBucket",
}
"""Operations whose IAM action has another name (service authorization reference of Amazon S3)."""

FREE = frozenset({"sts:AssumeRole", "sts:AssumeRoleWithWebIdentity", "sts:GetCallerIdentity"})
"""Operations that need no permission (AWS STS API reference), or that come before there is a caller: of profiles."""

_made: set[str] = set()
_forbidden: list[str] = []
_new: list[str] = []


def note(home: Path) -> None:
    """Remember what hpctl asked of a running sandbox that keeps its state in `home`."""
    state = json.loads((home / "sandbox.json").read_text(encoding="utf-8"))
    connection = HTTPConnection("127.0.0.1", state["side_port"], timeout=45)
    try:
        connection.request("GET", "/.hpctl/calls", headers={"X-Hpctl-Token": state["token"]})
        told = json.loads(connection.getresponse().read())
    finally:
        connection.close()
    _made.update(row["call"] for row in told["calls"] if row["agent"] == "hpctl")


def recorded() -> frozenset[str]:
    """Return the calls that were recorded, such as `eks:DescribeCluster`."""
    return frozenset(RECORDED.read_text(encoding="utf-8").split()) if RECORDED.exists() else frozenset()


def actions(calls: Iterable[str]) -> frozenset[str]:
    """Return the IAM actions that calls need."""
    return frozenset(NAMED_OTHERWISE.get(call, call) for call in calls if call not in FREE)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take over what a worker's sandboxes were asked."""
    _made.update(getattr(node, "workeroutput", {}).get("calls_made", ()))


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Compare, once, where the whole run comes together."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["calls_made"] = sorted(_made)
        return
    _forbidden.extend(forbidden(_made))
    _new.extend(sorted(_made - recorded()))
    if RECORDING:
        RECORDED.write_text("\n".join(sorted(_made | recorded())) + "\n", encoding="utf-8")
    if _forbidden and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say what is wrong."""
    for action in _forbidden:
        terminalreporter.write_line(f"FAILED `hpctl iam policy` allows `{action}` nowhere, and it was called", red=True)
    if _new and not RECORDING:
        told = ", ".join(_new)
        terminalreporter.write_line(f"not in {RECORDED.name} yet, HPCTL_TEST_RECORD_CALLS=1 adds it: {told}")


def forbidden(made: Iterable[str]) -> list[str]:
    """Return the actions that were needed and stand in no policy of people who use hpctl."""
    from hpctl.catalog.iam_policies import grants

    allowed = {action for one in grants() if "execution-role" not in one.policies for action in one.actions}
    return sorted(actions(made) - allowed)
