"""The exit codes of jobs, each reached by a command that a user could type."""

from __future__ import annotations

import pytest

from tests.functional.job.cli.conftest import Jobs

OTHERS = ("--image", "python:3.12", "--no-wait")


def submitted(jobs: Jobs, *command: str) -> str:
    name = jobs.name()
    jobs.hpctl("job", "submit", "--name", name, *OTHERS, "--", *command)
    return name


@pytest.mark.scorecard(7, 41)
def test_a_job_that_succeeds_is_0(jobs: Jobs) -> None:
    told = jobs.hpctl("job", "wait", submitted(jobs, "true"), "-o", "json", ends=0)
    assert (told.json()["state"], told.json()["result"]) == ("Succeeded", "ended")


@pytest.mark.scorecard(7, 8, 41)
def test_a_job_that_fails_is_100_and_says_which_rank_with_what(jobs: Jobs) -> None:
    name = submitted(jobs, "bash", "-c", "echo about to fall; exit 7")
    told = jobs.hpctl("job", "wait", name, ends=100)
    assert f"error: job `{name}` failed: rank 0 `run` ended with exit code 7" in told.err
    shown = jobs.hpctl("job", "describe", name).out
    assert "| about to fall" in shown


@pytest.mark.scorecard(7, 41)
def test_a_job_that_runs_is_101_when_asked_once_and_103_once_it_is_cancelled(jobs: Jobs) -> None:
    name = submitted(jobs, "sleep", "300")
    told = jobs.hpctl("job", "wait", name, "--timeout", "0", ends=101)
    assert f"error: job `{name}` is " in told.err
    assert jobs.hpctl("job", "cancel", name, "--yes", "-o", "json").json()["result"] == "cancelled"
    assert jobs.hpctl("job", "cancel", name, "--yes", "-o", "json").json()["result"] == "unchanged"
    told = jobs.hpctl("job", "wait", name, ends=103)
    assert f"error: job `{name}` was cancelled" in told.err
    assert jobs.hpctl("job", "delete", name, "--yes", "-o", "name").out == f"pytorchjob/{name}\n"
    jobs.hpctl("job", "wait", name, ends=3)
