"""`hpctl job list|describe|wait|cancel|delete|exec`, as people type it."""

from __future__ import annotations

import json

import pytest

from hpctl.errors import ExitCode
from tests.functional.job.cli.conftest import Jobs

pytestmark = [pytest.mark.functional, pytest.mark.slow, pytest.mark.timeout(180)]


@pytest.fixture(scope="module")
def long_job(jobs: Jobs) -> str:
    """A job of two nodes that runs until it is cancelled."""
    jobs.hpctl("job", "submit", "--name", "long", "--nodes", "2", "--", "echo up; sleep 600")
    return "long"


def test_a_job_is_listed_with_its_kind(jobs: Jobs, long_job: str) -> None:
    rows = {row["job"]: row for row in jobs.hpctl("job", "list", "-o", "json").json()["jobs"]}
    assert rows["pytorchjob/long"]["nodes"] == 2
    assert "pytorchjob/long" in jobs.hpctl("job", "list", "-A", "-o", "name").out.split()
    assert jobs.hpctl("job", "list", "--namespace", "kube-system", "-o", "name").out == ""


def test_a_wait_of_no_time_says_that_it_goes_on(jobs: Jobs, long_job: str) -> None:
    ended = jobs.hpctl("job", "wait", long_job, "--timeout", "0", ends=ExitCode.JOB_UNFINISHED)
    assert "job `long`" in ended.err
    assert "to wait for its end: hpctl job wait pytorchjob/long --cluster demo-eks\n" in ended.err


@pytest.mark.scorecard(8, 42)
def test_a_wait_that_runs_out_tells_how_to_go_on(jobs: Jobs, long_job: str) -> None:
    ended = jobs.hpctl("job", "wait", long_job, "--timeout", "1s", ends=ExitCode.TIMEOUT)
    assert "hpctl job wait pytorchjob/long" in ended.err


def test_a_command_runs_where_a_rank_runs(jobs: Jobs, long_job: str) -> None:
    script = 'echo "here is $RANK"; echo aside >&2; cat; exit 7'
    ended = jobs.hpctl(
        "job", "exec", long_job, "--rank", "1", "-i", "--", "bash", "-c", script, ends=7, stdin="what I typed\n"
    )
    assert (ended.out, ended.err.splitlines()[-1]) == ("here is 1\nwhat I typed\n", "aside")


@pytest.mark.scorecard(48)
def test_a_command_runs_in_all_ranks(jobs: Jobs, long_job: str) -> None:
    words = ("job", "exec", long_job, "--all", "--", "bash", "-c", 'hostname; exit "$((RANK * 5))"')
    assert sorted(jobs.hpctl(*words, ends=5).out.splitlines()) == ["[rank 0] long-master-0", "[rank 1] long-worker-0"]
    refused = jobs.hpctl("job", "exec", long_job, "--all", "--tty", "--", "true", ends=ExitCode.USAGE)
    assert "`--all` runs in every rank" in refused.err
    absent = jobs.hpctl("job", "exec", long_job, "--", "no-such-program", ends=ExitCode.NO_PROGRAM)
    assert "has no program `no-such-program`" in absent.err


def test_a_rank_that_is_not_there_is_named(jobs: Jobs, long_job: str) -> None:
    ended = jobs.hpctl("job", "exec", long_job, "--rank", "9", "--", "true", ends=ExitCode.NOT_FOUND)
    assert "has no rank 9: it has ranks 0 to 1" in ended.err


@pytest.mark.parametrize("verb", ["cancel", "delete"])
def test_nobody_to_ask_is_no_consent(jobs: Jobs, long_job: str, verb: str) -> None:
    ended = jobs.hpctl("job", verb, long_job, ends=ExitCode.UNCONFIRMED)
    assert "add --yes" in ended.err
    assert jobs.state(long_job) == "Running"


@pytest.mark.scorecard(8)
@pytest.mark.parametrize("verb", [("describe",), ("logs",), ("wait",), ("cancel", "--yes"), ("delete", "--yes")])
def test_a_job_that_is_not_there_is_not_found_and_the_nearest_is_named(
    jobs: Jobs, long_job: str, verb: tuple[str, ...]
) -> None:
    ended = jobs.hpctl("job", verb[0], "lomg", *verb[1:], ends=ExitCode.NOT_FOUND)
    assert "there is no job `lomg` in namespace `default`" in ended.err
    assert "pytorchjob/long" in ended.err


def test_cancelling_ends_the_pods_and_keeps_the_record(jobs: Jobs) -> None:
    name = jobs.name()
    jobs.hpctl("job", "submit", "--name", name, "--", "sleep 600")
    assert jobs.hpctl("job", "cancel", name, "--yes", "-o", "json").json()["result"] == "cancelled"
    ended = jobs.hpctl("job", "wait", name, "-o", "jsonl", ends=ExitCode.JOB_CANCELLED)
    assert ended.json_lines()[-1]["state"] == "Cancelled"
    assert jobs.hpctl("job", "cancel", name, "--yes", "-o", "json").json()["result"] == "unchanged"
    assert jobs.hpctl("job", "wait", name, "-o", "json", ends=ExitCode.JOB_CANCELLED).json()["state"] == "Cancelled"


def test_deleting_takes_all_that_was_made_along(jobs: Jobs) -> None:
    name = jobs.name()
    jobs.hpctl("job", "submit", "train.yaml", "--name", name)
    jobs.hpctl("job", "delete", name, "--yes")
    assert jobs.hpctl("job", "delete", name, "--yes", ends=ExitCode.NOT_FOUND).out == ""
    again = jobs.hpctl("job", "submit", "train.yaml", "--name", name, "--dry-run", "-o", "json").json()
    assert again["checks"] is not None


def test_two_kinds_of_one_name_want_the_kind(jobs: Jobs) -> None:
    name = jobs.name()
    jobs.hpctl("job", "submit", "--name", name, "--kind", "PyTorchJob", "--wait", "--", "true")
    manifest = {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name},
        "spec": {
            "template": {
                "spec": {
                    "restartPolicy": "Never",
                    "containers": [{"name": "a", "image": "busybox:1", "command": ["true"]}],
                }
            }
        },
    }
    jobs.hpctl("job", "submit", "-", stdin=json.dumps(manifest))
    ended = jobs.hpctl("job", "describe", name, ends=ExitCode.CONFLICT)
    assert f"pytorchjob/{name}" in ended.err
    assert f"job/{name}" in ended.err
    assert jobs.hpctl("job", "wait", f"job/{name}").code == ExitCode.OK


def test_the_schema_is_one(jobs: Jobs) -> None:
    schema = jobs.hpctl("job", "schema").json()
    assert {"api_version", "kind", "name", "nodes", "run"} <= set(schema["properties"])
