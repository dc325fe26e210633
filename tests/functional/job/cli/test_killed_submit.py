"""A submission that is killed between two calls: the same command goes on, and deleting leaves nothing."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from tests.functional.cli.command import PATIENCE_S
from tests.functional.job.cli.conftest import Jobs

KILLED = """
import os, signal, sys
from hpctl.adapters.kube.jobs import EksJobs
from hpctl.cli.main import main

left = int(sys.argv.pop(1))

def until_the_last(call):
    def made(*words, **options):
        global left
        answer = call(*words, **options)
        left -= 0 if options.get("dry_run") else 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return answer
    return made

EksJobs.create, EksJobs.merge = until_the_last(EksJobs.create), until_the_last(EksJobs.merge)
sys.exit(main())
"""
"""Dies right after so many objects were created or changed."""


def killed(jobs: Jobs, calls: int, *words: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(calls), *words],
        cwd=jobs.folder,
        env=jobs.hpctl.env,
        capture_output=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr


@pytest.mark.parametrize("calls", [1, 2, 3])
def test_before_the_job_is_there_the_same_command_makes_it(jobs: Jobs, calls: int) -> None:
    name = jobs.name()
    words = ("job", "submit", "train.yaml", "--name", name)
    killed(jobs, calls, *words)
    jobs.hpctl("job", "describe", name, ends=3)
    jobs.hpctl(*words)
    jobs.hpctl("job", "wait", name)
    told = jobs.hpctl("job", "delete", name, "--yes", "-o", "json").json()
    assert (told["result"], told["notes"]) == ("deleted", [])


@pytest.mark.parametrize(("calls", "left"), [(4, 3), (5, 2), (6, 1)])
def test_once_the_job_is_there_it_runs_and_takes_everything_along(jobs: Jobs, calls: int, left: int) -> None:
    name = jobs.name()
    words = ("job", "submit", "train.yaml", "--name", name)
    killed(jobs, calls, *words)
    refused = jobs.hpctl(*words, ends=6)
    assert f"hpctl job describe {name}" in refused.err
    jobs.hpctl("job", "wait", name)
    told = jobs.hpctl("job", "delete", name, "--yes", "-o", "json").json()
    assert len(told["notes"]) == left


def test_what_is_left_without_a_job_is_deleted_by_its_name(jobs: Jobs) -> None:
    name = jobs.name()
    killed(jobs, 1, "job", "submit", "train.yaml", "--name", name)
    jobs.hpctl("job", "delete", name, "--yes")
    jobs.hpctl("job", "delete", name, "--yes", ends=3)
