"""Run a command on a node of a job on Slurm, within what the job holds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from queue import SimpleQueue
from threading import BoundedSemaphore, Thread
from typing import Final

from hpctl.errors import ConflictError, HpctlError, NotFoundError, UsageError
from hpctl.facts.jobs import JobState
from hpctl.facts.ports import Ports
from hpctl.facts.slurm_jobs import SlurmJob
from hpctl.services.job.execute import Streams
from hpctl.services.slurm_job.find import demand_own
from hpctl.services.slurm_job.where import SlurmWhere

_AT_ONCE: Final = 16
"""Sessions that are open at the same time; an account begins three a second."""


def execute(job: SlurmJob, rank: int, command: Sequence[str], at: SlurmWhere, ports: Ports, streams: Streams) -> int:
    """Run `command` beside a rank, as the job's user, and return its exit code.

    Raises:
        UsageError: there is no command, or a terminal is asked for.
        NotFoundError: the job has no such rank.
        ConflictError: the job does not run.
        AccessError: it is another user's.
    """
    _demand_running(job, command, at)
    if streams.tty:
        hint = f"a shell on the node: hpctl node shell NODE --cluster {at.cluster}{at.way}"
        raise UsageError("`--tty` does not go with a job on Slurm: a step has no terminal", hint=hint)
    if rank >= len(job.hosts):
        there = f"ranks 0 to {len(job.hosts) - 1}" if len(job.hosts) > 1 else "rank 0 alone"
        hint = f"hpctl job describe {job.reference} {at.flags}"
        raise NotFoundError(f"job `{job.name}` has no rank {rank}: it has {there}", hint=hint)
    return ports.slurm_jobs.execute(
        at.place, job, job.hosts[rank], command, stdin=streams.stdin, stdout=streams.stdout, stderr=streams.stderr
    )


def execute_on_all(
    job: SlurmJob, command: Sequence[str], at: SlurmWhere, ports: Ports, streams_of: Callable[[str], Streams]
) -> int:
    """Run `command` beside every rank; return the exit code of the lowest rank with another one than 0.

    What goes wrong beside one rank stops no other; the lowest rank that could not be reached says so at the end.
    """
    _demand_running(job, command, at)
    ended: SimpleQueue[tuple[int, int | BaseException]] = SimpleQueue()
    places = BoundedSemaphore(_AT_ONCE)

    def work(rank: int) -> None:
        streams = streams_of(f"rank {rank}")
        with places:
            try:
                ended.put((rank, execute(job, rank, command, at, ports, streams)))
            except HpctlError as error:
                ended.put((rank, error))
            except BaseException as error:  # a bug: whoever waits ends with it, too
                ended.put((rank, error))
                raise
            finally:
                streams.stdout.close()
                streams.stderr.close()

    for rank in range(len(job.hosts)):
        Thread(target=work, args=(rank,), name=f"rank {rank}", daemon=True).start()
    told = dict(sorted(ended.get() for _ in job.hosts))
    for outcome in told.values():
        if isinstance(outcome, BaseException):
            raise outcome
    return next((code for code in told.values() if isinstance(code, int) and code), 0)


def _demand_running(job: SlurmJob, command: Sequence[str], at: SlurmWhere) -> None:
    demand_own(job, at)
    if not command:
        hint = f"hpctl job exec {job.reference} {at.flags} -- COMMAND"
        raise UsageError("there is no command to run", hint=hint)
    if running := [task.reference for task in job.tasks if task.hosts and task.state is JobState.RUNNING]:
        hint = f"hpctl job exec {running[0]} {at.flags} -- COMMAND"
        raise UsageError(f"job `{job.name}` has {len(job.tasks)} {job.parts}: name one that runs", hint=hint)
    if job.state is not JobState.RUNNING or not job.hosts:
        raise ConflictError(
            f"job `{job.name}` does not run: it is {job.word}", hint=f"hpctl job describe {job.reference} {at.flags}"
        )
