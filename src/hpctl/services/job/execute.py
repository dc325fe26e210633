"""Run a command in one rank of a job."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO, Final

from hpctl.errors import ConflictError, NoProgramError, NotFoundError, RefusedError, UsageError
from hpctl.facts.jobs import Job, Pod
from hpctl.facts.ports import Ports
from hpctl.services.job.look import status_of
from hpctl.services.job.shape import main_container
from hpctl.services.job.where import Where

_NO_PROGRAM: Final = re.compile(r"executable file not found|exec: .*: (no such file or directory|permission denied)")
"""What container runtimes (runc, crun) say of a command that is not there."""


@dataclass(frozen=True, slots=True)
class Streams:
    """What the command reads and writes; `tty` says that a person sits before it."""

    stdin: BinaryIO | None
    stdout: BinaryIO
    stderr: BinaryIO
    tty: bool = False


def execute(job: Job, rank: int, command: Sequence[str], at: Where, ports: Ports, streams: Streams) -> int:
    """Run `command` in the container of a rank and return its exit code.

    Raises:
        UsageError: there is no command.
        NotFoundError: the job has no such rank.
        NoProgramError: its container has no such program.
        ConflictError: the rank does not run.
    """
    if not command:
        raise UsageError("there is no command to run", hint=f"hpctl job exec {job.name} {at.flags} -- COMMAND")
    return run_in(job, rank_of(job, rank, at, ports), command, at, ports, streams)


def run_in(job: Job, pod: Pod, command: Sequence[str], at: Where, ports: Ports, streams: Streams) -> int:
    """Run `command` in the main container of a pod and return its exit code; raises as `execute` does."""
    container = _container(job, pod)
    try:
        return ports.streams.execute(
            at.eks,
            pod.namespace,
            pod.name,
            container,
            command,
            stdin=streams.stdin,
            stdout=streams.stdout,
            stderr=streams.stderr,
            tty=streams.tty,
        )
    except RefusedError as error:
        if not _NO_PROGRAM.search(error.message):
            raise
        raise NoProgramError(
            f"container `{container}` of pod `{pod.name}` has no program `{command[0]}`",
            cause=None if " " not in command[0] else "words of a command are given apart; a line for a shell needs one",
            hint=f"hpctl job exec {job.name} {at.flags} -- bash -c 'COMMAND...'",
        ) from error


def rank_of(job: Job, rank: int, at: Where, ports: Ports) -> Pod:
    """Return the running pod of a rank; of several tries of it the newest."""
    pods = ports.jobs.pods_of(at.eks, job)
    ranks = sorted({pod.rank for pod in pods if pod.rank is not None})
    found = [pod for pod in pods if pod.rank == rank or (rank == 0 and len(pods) == 1)]
    if not found:
        there = f"it is {job.state}, and has no pods"
        if ranks:
            there = f"it has ranks {ranks[0]} to {ranks[-1]}" if len(ranks) > 1 else f"its only one is {ranks[0]}"
        raise NotFoundError(
            f"job `{job.name}` has no rank {rank}: {there}", hint=f"hpctl job describe {job.name} {at.flags}"
        )
    running = newest_running(found)
    if running is None:
        raise ConflictError(
            f"rank {rank} of job `{job.name}` does not run: it is {status_of(found[-1])}",
            hint=f"hpctl job describe {job.name} {at.flags}",
        )
    return running


def newest_running(tries: Sequence[Pod]) -> Pod | None:
    """Return the newest of a rank's pods that run, None where none does."""
    running = [pod for pod in tries if any(one.running for one in pod.containers)]
    return max(running, key=lambda pod: pod.created, default=None)


def _container(job: Job, pod: Pod) -> str:
    main = main_container(job)
    names = [one.name for one in pod.containers if one.running]
    return main if main in names else names[0]
