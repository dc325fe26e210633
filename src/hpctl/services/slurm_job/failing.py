"""Which rank of a job on Slurm failed first, with what, and what its last words mean."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from hpctl.catalog.failures import fill
from hpctl.catalog.matching import match_job
from hpctl.facts.jobs import JobState
from hpctl.facts.slurm_job_ports import SlurmJobs
from hpctl.facts.slurm_jobs import SlurmJob
from hpctl.report.cluster import Diagnosis
from hpctl.report.job import FirstFailure
from hpctl.services.job.failing import SHOWN
from hpctl.services.job.last_words import own_error, tells_only_of_lost_peers
from hpctl.services.slurm_job.last_output import last_output
from hpctl.services.slurm_job.log_outputs import compiled
from hpctl.services.slurm_job.where import SlurmWhere

_LONGEST: Final = 500

_STATES: Final = {
    "TIMEOUT": (
        "the job ran into its time limit, and Slurm ended it",
        "give it more time: `timeout_s`, or `#SBATCH --time`",
        "job-deadline",
    ),
    "DEADLINE": ("the job could not end before its deadline", "leave `--deadline` out, or ask for less time", None),
    "OUT_OF_MEMORY": (
        "a process needed more memory than the job may have, and the kernel ended it",
        "ask for more memory (`memory_gib`, `#SBATCH --mem`), or use less: fewer data loaders, a smaller batch",
        "job-host-memory",
    ),
    "NODE_FAIL": (
        "a node of the job stopped answering, and Slurm could not start the job again",
        "submit it with `resume`, or let Slurm do it: `#SBATCH --requeue`",
        None,
    ),
    "BOOT_FAIL": ("a node of the job did not come up", None, None),
    "PREEMPTED": ("a job of higher priority took its nodes", "submit it again, or with `#SBATCH --requeue`", None),
    "LAUNCH_FAILED": ("a node could not start the job's script", None, None),
    "LOST": (
        "Slurm has forgotten the job, and its scripts wrote no end down: somebody ended it by force, or its node went",
        None,
        None,
    ),
}
"""What states of Slurm mean by themselves: the cause, what to do, and the known failure's id."""

_REASONS: Final = {
    "BadConstraints": "no node of the partition can ever be what the job asks for",
    "NonZeroExitCode": None,
    "RaisedSignal": None,
    "JobLaunchFailure": "a node could not start the job's script",
    "Prolog": "the prolog failed on a node: HyperPod checks its health there",
}

_MEANINGS: Final = {
    126: "a command was found and could not be executed: a file without the right, or for another architecture",
    127: "a command was not found: it is not installed on the nodes, or not on PATH",
    134: "a process aborted itself (SIGABRT)",
    137: "somebody ended the process (SIGKILL): out of memory, or a node that went away",
    139: "a process accessed memory that it has not (SIGSEGV)",
    143: "somebody asked the process to end (SIGTERM): a cancellation, a preemption, or a drained node",
}


def first_failure(job: SlurmJob, at: SlurmWhere, jobs: SlurmJobs) -> tuple[FirstFailure, str]:
    """Return the rank that failed first, as far as anything tells, and the end of what it printed."""
    rank, text = _told_by(job, last_output(job, at, jobs))
    # A rank is a node where hpctl made the script; the tasks of others' are anywhere.
    host = job.hosts[rank] if compiled(job) and rank is not None and rank < len(job.hosts) else ""
    lines = text.split("\n")[-SHOWN:] if text else []
    failure = FirstFailure(
        rank=rank,
        pod=host or (f"rank {rank}" if rank is not None else job.name),
        container="",
        phase=job.failed_phase or None,
        exit_code=job.exit_code or (128 + job.signal if job.signal else None),
        reason=job.word,
        at=job.ended,
        log=tuple(line[:_LONGEST] for line in lines),
    )
    return failure, text


def explained(job: SlurmJob, failure: FirstFailure, text: str, at: SlurmWhere) -> Diagnosis:
    """Return what a failure means: what Slurm says of it, what the output tells, or what the exit code does."""
    who = f"rank {failure.rank}" if failure.rank is not None else _task(job)
    phase = f"`{failure.phase}` " if failure.phase in ("setup", "run") else ""
    ended = f"{who} {phase}ended with exit code {failure.exit_code}" if failure.exit_code else f"{who} is {job.word}"
    words = job.word if job.word != "FAILED" else job.reason if job.reason not in _REASONS else ""
    message = ended + (f" ({words})" if words and failure.exit_code else "")
    logs = f"hpctl job logs {job.reference}{'' if failure.rank is None else f' --rank {failure.rank}'} {at.flags}"
    if job.word in _STATES:
        cause, remedy, known_id = _STATES[job.word]
        remedy = f"{remedy}\n{logs}" if remedy else logs
        return _diagnosis(job, message, cause, remedy, known_id)
    known = match_job(text)
    if known:
        told = known.remedy.replace("{flags}", at.flags).replace("{cluster_flag}", f"--cluster {at.cluster}")
        values = {"job": job.reference, "rank": str(failure.rank or 0), "cluster": at.cluster}
        return _diagnosis(job, message, known.cause, fill(told, values), known.id)
    said = own_error(text)
    cause_ = _REASONS.get(job.reason) or _MEANINGS.get(failure.exit_code or 0)
    return _diagnosis(job, message, cause_ or (said and f"its output says `{said[:_LONGEST]}`"), logs, None)


def _task(job: SlurmJob) -> str:
    """Return which task of an array is told of, beside how many failed; a job of one part is `it`."""
    failed = [task.reference for task in job.tasks if task.state is JobState.FAILED]
    if not failed:
        return "it"
    if len(failed) == 1:
        return failed[0]
    return f"{len(failed)} of {len(job.tasks)} {job.parts} failed; {failed[0]}"


def _diagnosis(job: SlurmJob, message: str, cause: str | None, remedy: str, known: str | None) -> Diagnosis:
    return Diagnosis(subject=job.name, message=message, cause=cause, remedy=remedy, failure=known, final=True)


def _told_by(job: SlurmJob, texts: Mapping[int | None, str]) -> tuple[int | None, str]:
    """Return the rank that failed and its words: as its scripts wrote down, else whose words tell of it."""
    if job.failed_rank is not None:
        return job.failed_rank, texts.get(job.failed_rank, "")
    telling = [one for one in texts.items() if own_error(one[1]) and not tells_only_of_lost_peers(one[1])]
    spoken = [one for one in texts.items() if one[1].strip()]
    return next(iter((*telling, *spoken)), (None, ""))
