"""`hpctl job logs` of jobs on the real Slurm: to the byte, over sessions that break and over requeues."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import IO, Any, Self
from urllib.request import Request, urlopen

import pytest

from hpctl.errors import ExitCode
from hpctl.sandbox.home import SandboxState
from tests.functional.cli.command import Ended, Hpctl
from tests.functional.sandbox.running import until
from tests.functional.slurm.ready import SlurmCluster

LINES = 800
RUNS = "RUNS=$((SLURM_RESTART_COUNT + 0))"


@dataclass(frozen=True)
class Slurm:
    """The command, and the cluster that it works on."""

    hpctl: Hpctl
    cluster: SlurmCluster

    def submit(self, name: str, script: str, *options: str) -> str:
        """Submit a script and return the job's number."""
        (self.hpctl.folder / f"{name}.sbatch").write_text(f"#!/bin/bash\n{script}")
        told = self.hpctl("job", "submit", f"{name}.sbatch", "--cluster", self.cluster.name, *options, "-o", "json")
        return str(told.json()["uid"])

    def logs(self, job: str, *options: str, ends: int = ExitCode.OK) -> Ended:
        """Show what is there."""
        return self.hpctl("job", "logs", job, "--cluster", self.cluster.name, *options, ends=ends)

    def following(self, job: str, *options: str) -> Following:
        """Follow in the background."""
        words = ("job", "logs", job, "--follow", "--cluster", self.cluster.name, *options)
        return Following(self.hpctl.start(*words))

    def scontrol(self, *words: str) -> None:
        """Change something as Slurm's administrator does."""
        self.cluster.says("scontrol", *words)

    def state(self, job: str) -> str:
        """Return Slurm's word for the state of a job."""
        return self.cluster.says("squeue", "-h", "-j", job, "-o", "%T").strip()

    def channels(self, told: dict[str, Any] | None) -> Any:
        """Put faults in force on the channels of sessions, or none; None returns what is in force."""
        state: SandboxState = self.cluster.running.state
        data = None if told is None else json.dumps(told).encode()
        url = f"http://127.0.0.1:{state.side_port}/.hpctl/channels"
        asked = Request(url, data, {"X-Hpctl-Token": state.token}, method="GET" if told is None else "PUT")
        with urlopen(asked, timeout=30) as answer:  # noqa: S310
            return json.load(answer)


@dataclass
class Following:
    """A command that follows, and what it printed so far."""

    process: subprocess.Popen[str]
    out: list[str] = field(default_factory=list)
    err: list[str] = field(default_factory=list)
    threads: list[threading.Thread] = field(default_factory=list)

    def __enter__(self) -> Self:
        for stream, told in ((self.process.stdout, self.out), (self.process.stderr, self.err)):
            self.threads.append(threading.Thread(target=_read, args=(stream, told), daemon=True))
            self.threads[-1].start()
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        for thread in self.threads:
            thread.join()

    def until(self, good: Callable[[str], object]) -> None:
        """Wait until something was said."""
        until(lambda: "".join((*self.out, *self.err)), good)

    def ended(self, code: int = ExitCode.OK) -> list[str]:
        """Wait for the end and return the lines of stdout."""
        assert self.process.wait(90) == code, (self.out[-5:], self.err)
        for thread in self.threads:
            thread.join()
        return "".join(self.out).splitlines()


def _read(stream: IO[str], told: list[str]) -> None:
    with stream:
        told.extend(stream)


@pytest.fixture
def slurm(ready_slurm: SlurmCluster, tmp_path: Path) -> Iterator[Slurm]:
    """The cluster that tests share, its channels as they were in the end."""
    environ = {**ready_slurm.environ, "HPCTL_STATE_HOME": str(tmp_path / "state")}
    one = Slurm(Hpctl(environ, tmp_path), ready_slurm)
    yield one
    one.channels({})


def of(label: str, lines: list[str]) -> list[str]:
    """Return the lines of a rank or a file, without what stands in front."""
    return [line.removeprefix(f"[{label}] ") for line in lines if line.startswith(f"[{label}] ")]


def test_no_line_is_lost_or_doubled_while_sessions_break(slurm: Slurm) -> None:
    # The rest is printed in bad weather: however slow the machine, some of it is still to come then.
    waits = "[ $n != 40 ] || until [ -e /fsx/go-$SLURM_JOB_ID ]; do sleep 0.1; done"
    each = f"echo rank $SLURM_PROCID line $n; {waits}; ((n % 10)) || sleep 0.03"
    numbers = f"for n in $(seq {LINES}); do {each}; done; printf end"
    script = f"#SBATCH -N2 -o all-%j.out\nsrun -o rank-%t-%j.log bash -c '{numbers}'\n"
    job = slurm.submit("broken", script)
    with slurm.following(job) as follow:
        follow.until(lambda told: "line 20" in told)
        weather = [
            {"fault": "cut", "direction": "out", "probability": 0.05, "count": 4, "after": 20},
            *({"fault": fault, "probability": 0.03, "count": 30} for fault in ("drop", "duplicate", "reorder")),
        ]
        slurm.channels({"seed": 7, "faults": weather, "starts_per_second": None, "linger_s": 0})
        slurm.cluster.says("touch", f"/fsx/go-{job}")
        lines = follow.ended()
    struck = {fault["fault"]: fault["struck"] for fault in slurm.channels(None)["faults"]}
    slurm.channels({})
    assert struck["cut"] >= 1, struck
    for rank in (0, 1):
        assert of(f"rank {rank}", lines) == [f"rank {rank} line {n}" for n in range(1, LINES + 1)] + ["end"]
    assert len(lines) == 2 * (LINES + 1)

    tail = slurm.logs(job, "--tail", "2", "--rank", "1").out.splitlines()
    assert tail == [f"[rank 1] rank 1 line {LINES}", "[rank 1] end"]
    raw = slurm.logs(job, "--raw", "--rank", "0").out
    assert raw == "".join(f"rank 0 line {n}\n" for n in range(1, LINES + 1)) + "end"
    rows = slurm.logs(job, "--tail", "1", "--rank", "0", "-o", "jsonl").json_lines()
    assert [(row["type"], row["rank"], row["line"]) for row in rows] == [("line", 0, "end")]
    assert rows[0]["file"].endswith(f"/rank-0-{job}.log")


def test_a_requeue_is_followed_whether_it_appends_or_empties(slurm: Slurm) -> None:
    again = f'{RUNS}; echo "run $RUNS of $SLURM_JOB_ID"; [ $RUNS = 1 ] || sleep 600; echo done'
    names = ("append", "truncate")
    jobs = [
        slurm.submit(name, f"#SBATCH -n1 --requeue -o {name}-%j.out --open-mode={name}\n{again}\n") for name in names
    ]
    with slurm.following(jobs[0]) as appended, slurm.following(jobs[1]) as emptied:
        for job, follow in zip(jobs, (appended, emptied), strict=True):
            follow.until(re.compile(f"run 0 of {job}\n").search)
        for job in jobs:
            slurm.scontrol("requeue", job)
        for job in jobs:
            until(partial(slurm.state, job), "PENDING".__eq__)
            slurm.scontrol("update", f"JobId={job}", "StartTime=now")
        kept, begun = appended.ended(), emptied.ended()
    label = f"append-{jobs[0]}.out"
    assert of(label, kept)[0] == f"run 0 of {jobs[0]}"
    assert of(label, kept)[-2:] == [f"run 1 of {jobs[0]}", "done"]
    assert not [line for line in kept if "lines may be missing" in line]
    marked = [re.sub(r"after \S+:", "after WHEN:", line) for line in of(f"truncate-{jobs[1]}.out", begun)]
    gap = "--- lines may be missing after WHEN: the file was emptied and is written anew, as a requeue without"
    assert marked[0] == f"run 0 of {jobs[1]}"
    assert marked[-3].startswith(gap)
    assert marked[-2:] == [f"run 1 of {jobs[1]}", "done"]
    assert "was put into the queue again by Slurm (1x)" in "".join(emptied.err)


def test_a_job_that_waits_says_why_and_what_it_prints_is_safe(slurm: Slurm) -> None:
    printed = r"printf '\033]0;owned\007\033[2Jtitle\n\377 bytes\nhalf'; sleep 1; printf ' whole\n'"
    job = slurm.submit("held", f"#SBATCH -n1 --hold -o held-%j.out\n{printed}\n")
    with slurm.following(job) as follow:
        follow.until(lambda told: "does not run yet: it is held by its user (JobHeldUser)" in told)
        slurm.scontrol("release", job)
        lines = follow.ended()
    assert of(f"held-{job}.out", lines) == [r"\x1b]0;owned\x07\x1b[2Jtitle", r"\xff bytes", "half whole"]

    refused = slurm.logs(job, "--rank", "0", ends=ExitCode.USAGE)
    assert "cannot be told apart" in refused.err
    assert "`--since` does not go with jobs on Slurm" in slurm.logs(job, "--since", "5m", ends=ExitCode.USAGE).err


def test_who_stops_following_leaves_the_job_alone_and_nothing_on_the_node(slurm: Slurm) -> None:
    job = slurm.submit("alone", "#SBATCH -n1 -o alone-%j.out\necho begins; sleep 600\n")
    readers = "ps ax -o args | grep -c '^python3.*[W]hat runs on a node while the logs'"
    with slurm.following(job) as heard, slurm.following(job) as killed:
        for follow in (heard, killed):
            follow.until(lambda told: "begins" in told)
        assert slurm.cluster.run("sh", "-c", readers).stdout == b"2\n"
        heard.process.send_signal(signal.SIGINT)
        killed.process.kill()
        heard.ended(ExitCode.INTERRUPTED)
        assert f"to return: hpctl job logs {job} --follow --cluster {slurm.cluster.name}" in "".join(heard.err)
        until(lambda: slurm.cluster.run("sh", "-c", readers).stdout, b"0\n".__eq__)
    assert slurm.state(job) == "RUNNING"
    slurm.hpctl("job", "cancel", job, "--cluster", slurm.cluster.name, "--yes")
