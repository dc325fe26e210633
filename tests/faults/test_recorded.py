"""What is recorded has no case that fails: no bug, no code that says nothing, no run that does not converge."""

from __future__ import annotations

import pytest

from hpctl.errors import ExitCode
from tests.faults import commands, job_matrix, job_verbs, recorded
from tests.faults.matrix import LASTING, ONCE

MEANT = frozenset({ExitCode.OK, ExitCode.ACCESS, ExitCode.UNAVAILABLE, ExitCode.CHECKS_UNKNOWN})
AGAIN = {
    job_verbs.Begin.NOTHING: (ExitCode.OK, ExitCode.CONFLICT),
    job_verbs.Begin.RUNNING: (ExitCode.OK,),
    job_verbs.Begin.ENDED: (ExitCode.OK, ExitCode.NOT_FOUND),
}
KNOWN = ("whether ", "note: ", "unknown ")
"""How it begins where a submission cannot see what there is, or goes on and says what it could not see or do."""
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


@pytest.mark.parametrize("verb", job_verbs.ALL, ids=lambda verb: verb.label)
def test_every_case_of_a_job_ends_well_or_says_what_is_wrong_and_nothing_is_left_that_nobody_knows_of(
    verb: job_verbs.JobVerb,
) -> None:
    for row in recorded.rows(verb.recorded):
        assert row["exit"] in {*MEANT, ExitCode.NOT_FOUND}, row
        assert bool(row["said"]) or row["exit"] == ExitCode.OK, row
        assert row["again"] in AGAIN[verb.begin] or row["again"] is None, row
        assert not row["left"] or row["said"].startswith(KNOWN) or verb is not job_verbs.SUBMIT, row


@pytest.mark.parametrize("verb", job_verbs.ALL, ids=lambda verb: verb.label)
def test_every_call_of_a_job_that_is_meant_met_its_faults(verb: job_verbs.JobVerb) -> None:
    rows = recorded.rows(verb.recorded)
    assert {row["call"] for row in rows} == {*verb.every, *verb.some, *verb.aws}
    for call in (*verb.every, *verb.some):
        meant = {name for name, _ in job_matrix.faults(verb, call)}
        assert {row["fault"] for row in rows if row["call"] == call} == meant


def test_nothing_is_recorded_of_a_command_that_is_not_there() -> None:
    names = {command.file for command in commands.ALL} | {verb.recorded for verb in job_verbs.ALL}
    assert {path.relative_to(recorded.FOLDER).as_posix() for path in recorded.FOLDER.rglob("*.json")} == names
