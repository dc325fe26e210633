"""A submission that is killed, or whose answer is lost, at each of its sessions: there is one job, or none.

The first session asks which nodes there are, the second submits.
"""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from tests.functional.cli.command import PATIENCE_S
from tests.functional.slurm_job.conftest import SlurmJobs

pytestmark = [pytest.mark.functional, pytest.mark.slow, pytest.mark.timeout(300)]

MISHAP = """
import os, signal, sys, threading
from hpctl.adapters.ssm.sessions import SsmSessions
from hpctl.cli.main import main
from hpctl.errors import UnavailableError

mishap, left = sys.argv.pop(1), int(sys.argv.pop(1))
run = SsmSessions.run

def until_the_mishap(self, node, command, **options):
    global left
    left -= 1
    if left == 0 and mishap.startswith("during"):
        threading.Timer(float(mishap.partition(":")[2]), os.kill, (os.getpid(), signal.SIGKILL)).start()
    answer = run(self, node, command, **options)
    if left == 0 and mishap == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    if left == 0 and mishap == "lost":
        raise UnavailableError("the session broke")
    return answer

SsmSessions.run = until_the_mishap
sys.exit(main())
"""
"""Has a mishap right after so many sessions, or so many seconds after the last of them began."""

JOB = "#!/bin/bash\n#SBATCH --nodes=1 --job-name={name}\nsleep 300\n"


def submitted(jobs: SlurmJobs, mishap: str, sessions: int, name: str) -> int:
    jobs.write(name, JOB.format(name=name))
    done = subprocess.run(
        [sys.executable, "-c", MISHAP, mishap, str(sessions), "job", "submit", name],
        cwd=jobs.hpctl.folder,
        env=jobs.hpctl.env,
        capture_output=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert b"Traceback" not in done.stderr, done.stderr
    return done.returncode


def in_queue(jobs: SlurmJobs, name: str) -> int:
    return len(jobs.cluster.says("squeue", "--noheader", f"--name={name}", "--format=%A").split())


@pytest.mark.parametrize("session", [1, 2])
def test_a_lost_answer_submits_once(slurm_jobs: SlurmJobs, session: int) -> None:
    name = slurm_jobs.name()
    assert submitted(slurm_jobs, "lost", session, name) == 0
    assert in_queue(slurm_jobs, name) == 1


def test_killed_before_anything_was_sent_the_same_command_submits(slurm_jobs: SlurmJobs) -> None:
    name = slurm_jobs.name()
    assert submitted(slurm_jobs, "killed", 1, name) == -signal.SIGKILL
    assert in_queue(slurm_jobs, name) == 0
    slurm_jobs.hpctl("job", "submit", name)
    assert in_queue(slurm_jobs, name) == 1


def test_killed_after_the_answer_the_job_is_there_and_the_same_command_says_so(slurm_jobs: SlurmJobs) -> None:
    name = slurm_jobs.name()
    assert submitted(slurm_jobs, "killed", 2, name) == -signal.SIGKILL
    assert in_queue(slurm_jobs, name) == 1
    assert f"there is a job `{name}`" in slurm_jobs.hpctl("job", "submit", name, ends=6).err
    assert in_queue(slurm_jobs, name) == 1


@pytest.mark.parametrize("after_s", [0.2, 0.5])
def test_killed_in_the_midst_the_same_command_never_makes_a_second(slurm_jobs: SlurmJobs, after_s: float) -> None:
    name = slurm_jobs.name()
    submitted(slurm_jobs, f"during:{after_s}", 2, name)
    again = submitted(slurm_jobs, "none", 99, name)
    assert again in (0, 6)
    assert in_queue(slurm_jobs, name) == 1
