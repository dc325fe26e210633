"""What is recorded has no case that fails: no bug, no code that says nothing, no run that does not converge."""

from __future__ import annotations

import pytest

from hpctl.errors import ExitCode
from tests.faults import commands, recorded
from tests.faults.matrix import LASTING, ONCE

MEANT = frozenset({ExitCode.OK, ExitCode.ACCESS, ExitCode.UNAVAILABLE, ExitCode.CHECKS_UNKNOWN})
CHANGES = {
    "create": {"CreateCluster"},
    "delete": {"DeleteCluster"},
    "update": {"AddTags", "DeleteTags", "UpdateCluster"},
    "update-software": {"UpdateClusterSoftware"},
}


@pytest.mark.parametrize("command", commands.ALL, ids=lambda command: command.label)
def test_every_case_ends_well_or_says_what_is_wrong_and_the_next_run_ends_well(command: commands.Mutating) -> None:
    rows = recorded.rows(command.file)
    assert {row["exit"] for row in rows} <= MEANT
    assert all(row["again"] == (None if row["exit"] == ExitCode.OK else ExitCode.OK) for row in rows)
    assert all(bool(row["said"]) == (row["exit"] != ExitCode.OK) for row in rows)


@pytest.mark.parametrize("command", commands.ALL, ids=lambda command: command.label)
def test_every_call_met_every_fault_and_changes_met_them_once_as_well(command: commands.Mutating) -> None:
    rows = recorded.rows(command.file)
    changes = {f"sagemaker:{name} 1" for name in CHANGES[command.words[1]]}
    assert changes <= {row["call"] for row in rows}
    for call in {row["call"] for row in rows}:
        once = {f"{name} (once)" for name in ONCE} if call in changes else set()
        assert {row["fault"] for row in rows if row["call"] == call} == once | set(LASTING)


def test_nothing_is_recorded_of_a_command_that_is_not_there() -> None:
    assert {path.name for path in recorded.FOLDER.iterdir()} == {command.file for command in commands.ALL}
