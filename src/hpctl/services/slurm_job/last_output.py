"""The last lines that the ranks of a job on Slurm printed, as far as its files can be read."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from typing import Final

from hpctl.errors import HpctlError
from hpctl.facts.slurm_job_ports import SlurmJobs
from hpctl.facts.slurm_jobs import SlurmJob
from hpctl.services.job.failing import SEARCHED
from hpctl.services.slurm_job.log_outputs import compiled
from hpctl.services.slurm_job.log_patterns import file_of
from hpctl.services.slurm_job.log_steps import step_outputs
from hpctl.services.slurm_job.where import SlurmWhere

_RANKS_READ: Final = 16
"""Ranks whose last words are read where nothing tells which of them failed."""

Files = dict[str, int | None]
"""Names of files with the rank that writes each, None for the batch script's and those that ranks share."""


def last_output(job: SlurmJob, at: SlurmWhere, jobs: SlurmJobs) -> Mapping[int | None, str]:
    """Return the last words by rank, those of ranks first; nothing where they cannot be read any more."""
    script = posixpath.join(job.folder, "script") if job.folder and not compiled(job) else None
    files: Files = dict(_files(job))
    found = _tail((*files, *filter(None, (script,))), at, jobs)
    steps: Files = dict(_of_steps(found.get(script, b"").decode("utf-8", "replace"), job)) if script else {}
    wanted = [name for name in steps if name not in files]
    said = _tail(wanted, at, jobs) if wanted else {}
    texts: dict[int | None, str] = {}
    for name, rank in (steps | files).items():
        if data := said.get(name) or found.get(name):
            texts[rank] = "\n".join(filter(None, (texts.get(rank), _words(data))))
    return texts


def _tail(names: tuple[str, ...] | list[str], at: SlurmWhere, jobs: SlurmJobs) -> Mapping[str, bytes]:
    try:
        return jobs.tail(at.place, names, SEARCHED)
    except HpctlError:  # the failure is known all the same
        return {}


def _files(job: SlurmJob) -> Iterator[tuple[str, int | None]]:
    if job.folder:
        ranks = (job.failed_rank,) if job.failed_rank is not None else range(min(job.nodes, _RANKS_READ))
        yield from ((f"{job.folder}/logs/rank-{rank}.log", rank) for rank in ranks)
        yield f"{job.folder}/logs/batch.log", None
    yield from ((one, None) for one in dict.fromkeys((job.stdout, job.stderr)) if one)


def _of_steps(script: str, job: SlurmJob) -> Iterator[tuple[str, int | None]]:
    """Yield the files that a script's own `srun` lines let each rank write."""
    for text in step_outputs(script):
        for rank in range(_RANKS_READ):
            if (name := file_of(text, job, rank)) is not None:
                yield name, rank if name != file_of(text, job, rank + 1) else None


def _words(data: bytes) -> str:
    """Return lines as text; of a progress bar that was drawn over itself, the last state."""
    lines = data.decode("utf-8", "replace").removesuffix("\n").split("\n")
    return "\n".join(line.rstrip("\r").rpartition("\r")[2] for line in lines)
