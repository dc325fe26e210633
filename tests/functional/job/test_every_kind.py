"""One job's file as every kind of object that runs jobs: its ranks find the same, and hpctl says the same of it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from hpctl.errors import ExitCode
from tests.functional.job.cli.conftest import Jobs, jobs
from tests.functional.job.overlays import launchers_image

__all__ = ["jobs"]
pytestmark = [pytest.mark.usefixtures("namespaces"), pytest.mark.timeout(240)]
LAUNCHERS = {"PyTorchJob": "torchrun", "HyperPodPyTorchJob": "hyperpodrun", "JobSet": "torchrun", "Job": "torchrun"}
PATIENCE_S = 90.0
FAILING = ("HyperPodPyTorchJob", "JobSet")
"""Those whose failures no other test has."""
VALUE = "it's $HOME,\t$(b) `c`"
# The ranks meet where they are told to, so that a wrong address or rank is a failure.
MEET = """
import os, socket, sys, time
rank, place = int(os.environ["RANK"]), (os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"]) + 1)
if os.environ.get("BREAK") == os.environ["RANK"]:
    sys.exit(3)
if "ONCE" in os.environ and rank == 1 and os.environ["TORCHELASTIC_RESTART_COUNT"] == "0":
    sys.exit(3)
if "LONG" in os.environ:
    print("up", flush=True)
    time.sleep(600)
if rank == 0:
    with socket.create_server(("", place[1])) as server:
        server.accept()[0].sendall(os.environ["VALUE"].encode())
else:
    while True:
        try:
            with socket.create_connection(place) as there:
                assert there.makefile().read() == os.environ["VALUE"]
                break
        except OSError:
            time.sleep(0.1)
print("rank", rank, "of", os.environ["WORLD_SIZE"], ascii(os.environ["VALUE"]), len(os.environ["TOKEN"]), flush=True)
"""
SPEC = """
api_version: hpctl/v1
kind: Job
name: same
nodes: 2
accelerators: H100:1
image: example.com/launchers:1
workdir: project
secrets: [TOKEN]
run: $LAUNCHER meet.py
"""


@pytest.fixture(scope="module")
def submitted(jobs: Jobs) -> Jobs:
    """Jobs submitted together: `ok-…` of every kind, `bad-…` of some, whose rank 1 fails, and under HyperPod's operator
    `again-one`, where it does so once, and `long-one`; returned when all but this have ended."""
    launchers_image(Path(jobs.hpctl.env["HPCTL_SANDBOX_HOME"]) / "jobs" / "images")
    (jobs.folder / "project").mkdir()
    (jobs.folder / "project" / "meet.py").write_text(MEET)
    jobs.write("same.yaml", SPEC)
    jobs.write("again.yaml", f"{SPEC}resume: {{max_retries: 2}}\n")
    for kind in LAUNCHERS:
        submit(jobs, kind, f"ok-{kind.lower()}")
    for kind in FAILING:
        submit(jobs, kind, f"bad-{kind.lower()}", BREAK="1")
    submit(jobs, "HyperPodPyTorchJob", "again-one", "again.yaml", ONCE="1")
    submit(jobs, "HyperPodPyTorchJob", "long-one", LONG="1")
    deadline = time.monotonic() + PATIENCE_S
    while rows := [row for row in listed(jobs).values() if goes_on(row)]:
        assert time.monotonic() < deadline, rows
    return jobs


def goes_on(row: dict[str, Any]) -> bool:
    ending = row["job"].rpartition("/")[2].startswith(("ok-", "bad-", "again-"))
    return ending and row["state"] not in ("Succeeded", "Failed")


def submit(jobs: Jobs, kind: str, name: str, file: str = "same.yaml", **variables: str) -> None:
    hpctl, told = jobs.hpctl.with_env(TOKEN="s3kr1t"), {"VALUE": VALUE, "LAUNCHER": LAUNCHERS[kind], **variables}
    words = [word for pair in told.items() for word in ("--env", "=".join(pair))]
    hpctl("job", "submit", file, "--kind", kind, "--name", name, *words)


def described(jobs: Jobs, name: str) -> dict[str, Any]:
    found: dict[str, Any] = jobs.hpctl("job", "describe", name, "-o", "json").json()
    return found


@pytest.mark.parametrize("kind", LAUNCHERS)
def test_ranks_find_the_same_and_each_other(submitted: Jobs, kind: str) -> None:
    name = f"ok-{kind.lower()}"
    lines = submitted.hpctl("job", "logs", name).out.splitlines()
    assert sorted(lines) == [f"[rank {rank}] rank {rank} of 2 {VALUE!a} 6" for rank in (0, 1)]
    told = described(submitted, name)
    assert (told["job"], told["state"]) == (f"{kind.lower()}/{name}", "Succeeded")
    assert (told["nodes"], told["restarts"], told["first_failure"]) == (2, 0, None)
    assert [(pod["rank"], pod["exit_code"], pod["restarts"]) for pod in told["pods"]] == [(0, 0, 0), (1, 0, 0)]


@pytest.mark.parametrize("kind", FAILING)
def test_a_rank_that_fails_is_told_the_same_way(submitted: Jobs, kind: str) -> None:
    name = f"bad-{kind.lower()}"
    submitted.hpctl("job", "wait", name, "--timeout", "90s", ends=ExitCode.JOB_FAILED)
    told = described(submitted, name)
    assert told["state"] == "Failed"
    assert told["first_failure"]["rank"] == 1


def test_hyperpods_operator_starts_all_ranks_again_in_their_pods(submitted: Jobs) -> None:
    told = described(submitted, "again-one")
    assert (told["state"], told["restarts"]) == ("Succeeded", 1)
    assert [(pod["rank"], pod["exit_code"], pod["restarts"]) for pod in told["pods"]] == [(0, 0, 0), (1, 0, 0)]


def test_one_that_runs_under_hyperpods_operator_is_cancelled_and_deleted(submitted: Jobs) -> None:
    reference = "hyperpodpytorchjob/long-one"
    deadline = time.monotonic() + PATIENCE_S
    while (row := listed(submitted)[reference])["state"] != "Running":
        assert time.monotonic() < deadline, row
    assert row["nodes"] == 2
    submitted.hpctl("job", "cancel", "long-one", "--yes")
    submitted.hpctl("job", "wait", "long-one", ends=ExitCode.JOB_CANCELLED)
    submitted.hpctl("job", "delete", "long-one", "--yes")
    assert reference not in listed(submitted)


def listed(jobs: Jobs) -> dict[str, dict[str, Any]]:
    return {row["job"]: row for row in jobs.hpctl("job", "list", "-o", "json").json()["jobs"]}
