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
if os.environ.get("ONCE") and rank == 1 and not os.path.exists(tried := f"/kept/{os.environ['ONCE']}"):
    open(tried, "x").close()
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
mounts: [{path: /kept, host_path: /kept}]
run: $LAUNCHER meet.py
"""


@pytest.fixture(scope="module")
def submitted(jobs: Jobs) -> Jobs:
    """Jobs submitted together: `ok-…` of every kind; of some `bad-…`, whose rank 1 fails, and `again-…`, where it does
    so once on each node; and `long-…`."""
    launchers_image(Path(jobs.hpctl.env["HPCTL_SANDBOX_HOME"]) / "jobs" / "images")
    (jobs.folder / "project").mkdir()
    (jobs.folder / "project" / "meet.py").write_text(MEET)
    jobs.write("same.yaml", SPEC)
    jobs.write("again.yaml", f"{SPEC}resume: {{max_retries: 2}}\n")
    for kind in LAUNCHERS:
        submit(jobs, kind, f"ok-{kind.lower()}")
    for kind in FAILING:
        submit(jobs, kind, f"bad-{kind.lower()}", BREAK="1")
        submit(jobs, kind, f"again-{kind.lower()}", "again.yaml", ONCE=kind)
    submit(jobs, "HyperPodPyTorchJob", "long-one", LONG="1")
    return jobs


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
    submitted.hpctl("job", "wait", name, "--timeout", "90s")
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


@pytest.mark.parametrize("kind", FAILING)
def test_a_job_that_resumes_starts_all_ranks_again(submitted: Jobs, kind: str) -> None:
    name = f"again-{kind.lower()}"
    submitted.hpctl("job", "wait", name, "--timeout", "90s")
    told = described(submitted, name)
    # A pod that is made anew may come to the other node.
    assert told["state"] == "Succeeded"
    assert told["restarts"] in (1, 2)


def test_one_that_runs_under_hyperpods_operator_is_cancelled_and_deleted(submitted: Jobs) -> None:
    reference = "hyperpodpytorchjob/long-one"
    deadline = time.monotonic() + PATIENCE_S
    while (row := listed(submitted)[reference])["state"] != "Running":
        assert time.monotonic() < deadline, row
    assert row["nodes"] == 2
    submitted.hpctl("job", "cancel", "long-one", "--yes")
    submitted.hpctl("job", "wait", "long-one", "--timeout", "90s", ends=ExitCode.JOB_CANCELLED)
    submitted.hpctl("job", "delete", "long-one", "--yes")
    assert reference not in listed(submitted)


def listed(jobs: Jobs) -> dict[str, dict[str, Any]]:
    return {row["job"]: row for row in jobs.hpctl("job", "list", "-o", "json").json()["jobs"]}
