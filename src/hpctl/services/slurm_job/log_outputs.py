"""Which files hold what a job on Slurm prints, and whose lines they are."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass

from hpctl.facts.slurm_jobs import SlurmJob
from hpctl.facts.slurm_log_ports import FilePattern
from hpctl.report.logs import LogSource
from hpctl.services.slurm_job.log_patterns import Name, name_of
from hpctl.services.slurm_job.log_steps import step_outputs

_COMPILED: tuple[str, ...] = ("logs/batch.log", "logs/rank-%t.log")
"""What `compile.slurm` lets the script and its ranks write, below the job's folder; scripts of others do not."""


@dataclass(frozen=True, slots=True)
class Outputs:
    """The names of a job's output files, each once."""

    names: tuple[Name, ...]
    hosts: tuple[str, ...] = ()

    @property
    def patterns(self) -> tuple[FilePattern, ...]:
        """What to look for."""
        return tuple(name.files for name in self.names)

    def source(self, path: str) -> LogSource:
        """Return whose lines a file holds: a rank's, or those of all who write into it."""
        name, found = next(((name, found) for name in self.names if (found := name.matches(path))), (None, None))
        rank = self._rank(found["who"], name.by) if name and found and name.by else None
        label = posixpath.basename(path) if rank is None else f"rank {rank}"
        if rank is not None and path.endswith(".err"):
            label += " stderr"
        return LogSource(label, rank, file=path)

    def _rank(self, who: str, by: str) -> int | None:
        if by != "N":
            return int(who)
        return self.hosts.index(who) if who in self.hosts else None


def outputs_of(job: SlurmJob, script: str, ranks: frozenset[int] = frozenset()) -> Outputs:
    """Return the output files of a job; `script` is what hpctl submitted, "" where it did not or nobody has it.

    With `ranks` only files that are of these ranks alone; there may be none.
    """
    own = [posixpath.join(job.folder, name) for name in _COMPILED] if compiled(job) else []
    steps = step_outputs(script)
    each = ((one, text) for one in job.tasks or (job,) for text in (*own, one.stdout, one.stderr, *steps))
    found = (name_of(text, one, ranks) for one, text in each)
    names = dict.fromkeys(name for name in found if name and (name.by or not ranks))
    return Outputs(tuple(names), job.hosts)


def compiled(job: SlurmJob) -> bool:
    """Whether hpctl made the job's script, so that it has a rank a node, and a file for each."""
    return bool(job.folder) and (not job.stdout or job.stdout.startswith(f"{job.folder}/logs/"))
