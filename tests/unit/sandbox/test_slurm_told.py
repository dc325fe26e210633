"""What Slurm tells of its nodes, and which of it is a wish to HyperPod: exact and case-sensitive (AWS)."""

from __future__ import annotations

import pytest

from hpctl.sandbox.slurm.told import told

# scontrol of Slurm 22.05.8, shortened.
LINE = (
    "NodeName=ip-10-1-0-6 Arch=x86_64 Gres=gpu:8 NodeAddr=10.1.0.6 OS=Linux 6.1 #1 SMP  RealMemory=1179648 "
    "State={state} ThreadsPerCore=1 Partitions=dev,train  ExtSensorsTemp=n/s {reason}"
)
REASON = "Reason={} [root@2026-11-22T20:49:35]"


def _one(state: str, reason: str = "") -> str | None:
    given = REASON.format(reason) if reason else ""
    (node,) = told(LINE.format(state=state, reason=given))
    return node.wish


@pytest.mark.parametrize(("reason", "wish"), [("Action:Replace", "Replace"), ("Action:Reboot", "Reboot")])
def test_the_exact_reason_of_a_failed_node_is_a_wish(reason: str, wish: str) -> None:
    assert _one("IDLE+FAIL", reason) == wish
    assert _one("ALLOCATED+FAIL", reason) == wish


@pytest.mark.parametrize(
    "reason",
    ["action:replace", "Action: Replace", "Action:Replace ", "Action:Replace.", "Action:replace", "x Action:Replace"],
)
def test_anything_else_is_none(reason: str) -> None:
    assert _one("IDLE+FAIL", reason) is None


@pytest.mark.parametrize("state", ["IDLE", "IDLE+DRAIN", "DOWN", "MIXED+DRAIN"])
def test_a_node_that_has_not_failed_wishes_nothing(state: str) -> None:
    assert _one(state, "Action:Replace") is None


def test_an_asterisk_says_that_a_node_does_not_answer() -> None:
    down, idle = told("\n".join(LINE.format(state=state, reason="") for state in ("DOWN*+DRAIN", "IDLE")))
    assert (set(down.words), down.answers) == ({"DOWN", "DRAIN"}, False)
    assert (set(idle.words), idle.answers, idle.reason) == ({"IDLE"}, True, "")


def test_a_reason_may_hold_blanks_and_brackets() -> None:
    (node,) = told(LINE.format(state="IDLE+DRAIN", reason=REASON.format("bad [GPU] 3")))
    assert node.reason == "bad [GPU] 3"
