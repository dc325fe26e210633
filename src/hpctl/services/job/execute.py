"""Run a command in one rank of a job."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO

from hpctl.errors import ConflictError, NotFoundError, UsageError
from hpctl.facts.jobs import Job, Pod
from hpctl.facts.ports import Ports
from hpctl.services.job.look import status_of
from hpctl.services.job.shape import main_container
from hpctl.services.job.where import Where


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
        ConflictError: the rank does not run.
    """
    if not command:
        raise UsageError("there is no command to run", hint=f"hpctl job exec {job.name} {at.flags} -- COMMAND")
    pod = rank_of(job, rank, at, ports)
    return ports.streams.execute(
        at.eks,
        pod.namespace,
        pod.name,
        _container(job, pod),
        command,
        stdin=streams.stdin,
        stdout=streams.stdout,
        stderr=streams.stderr,
        tty=streams.tty,
    )


def rank_of(job: Job, rank: int, at: Where, ports: Ports) -> Pod:
    """Return the running pod of a rank; of several tries of it the newest."""
    pods = ports.jobs.pods_of(at.eks, job)
    ranks = sorted({pod.rank for pod in pods if pod.rank is not None})
    found = [pod for pod in pods if pod.rank == rank or (rank == 0 and len(pods) == 1)]
    if not found:
        there = f"it has ranks {ranks[0]} to {ranks[-1]}" if ranks else f"it is {job.state}, and has no pods"
        raise NotFoundError(
            f"job `{job.name}` has no rank {rank}: {there}", hint=f"hpctl job describe {job.name} {at.flags}"
        )
    running = [pod for pod in found if any(one.running for one in pod.containers)]
    if not running:
        raise ConflictError(
            f"rank {rank} of job `{job.name}` does not run: it is {status_of(found[-1])}",
            hint=f"hpctl job describe {job.name} {at.flags}",
        )
    return max(running, key=lambda pod: pod.created)


def _container(job: Job, pod: Pod) -> str:
    main = main_container(job)
    names = [one.name for one in pod.containers if one.running]
    return main if main in names else names[0]
