"""What jobs ask of a Slurm cluster, as a port: submissions, looks, ends, and programs beside a job's ranks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO, Protocol

from hpctl.errors import ConflictError
from hpctl.facts.slurm_jobs import SlurmJob, SlurmPlace
from hpctl.facts.slurm_nodes import SlurmNode, SlurmPartition


class NameTakenError(ConflictError):
    """A job of the user that hpctl submitted, and that has not ended, has the name: its number, and Slurm's state."""

    def __init__(self, number: int, word: str) -> None:
        """Keep both apart from the text."""
        super().__init__(f"job {number} has this name, and is {word}")
        self.number, self.word = number, word


@dataclass(frozen=True, slots=True)
class SlurmSubmission:
    """A job that is to be submitted, whole.

    `script` is what `sbatch` is given, byte for byte, `options` are words for its command line. `files` lie in the
    job's own folder by their names there, private to the user; `archives` are gzipped tars by the folder below the
    job's that they are unpacked to. `work_dir` is where the script starts unless it says otherwise itself, and where
    its relative paths begin: absolute, within the job's folder where that is to be. `folders` are made empty below the
    job's. `login` gives the script the environment of the user's login shell, as typing `sbatch` there does.
    """

    run_id: str
    name: str
    script: bytes = field(repr=False)
    folder: str
    options: tuple[str, ...] = ()
    comment: str = ""
    files: Mapping[str, bytes] = field(default_factory=dict, repr=False, hash=False)
    archives: Mapping[str, bytes] = field(default_factory=dict, repr=False, hash=False)
    folders: tuple[str, ...] = ()
    login: bool = False
    work_dir: str = ""
    nodes: int = 1


@dataclass(frozen=True, slots=True)
class Submitted:
    """What became of a submission: the job's number, and what `sbatch` said beside it. `again` says it was there."""

    id: int
    said: str = ""
    again: bool = False


@dataclass(frozen=True, slots=True)
class Fleet:
    """What a Slurm cluster has for jobs; `containers` tells whether its `srun` takes `--container-image` (pyxis)."""

    nodes: tuple[SlurmNode, ...] = ()
    partitions: tuple[SlurmPartition, ...] = ()
    containers: bool = False


class SlurmJobs(Protocol):
    """Jobs of one Slurm cluster.

    Every method raises the errors of `Sessions`, and `UnavailableError` where Slurm's controller does not answer.
    """

    def submit(self, at: SlurmPlace, wish: SlurmSubmission) -> Submitted:
        """Make the job's folder and submit it. Asked again with the same `run_id`, it finds what is there.

        Raises:
            NameTakenError: a job of the user that hpctl submitted and that has not ended has this name.
            RefusedError: `sbatch` refused it, in Slurm's words; its folder is gone again.
            NotFoundError: there is no such user, or the shared folder is not there.
            UnavailableError: nobody answered, and whether it was submitted is not known.
        """
        ...

    def test(self, at: SlurmPlace, wish: SlurmSubmission) -> str:
        """Let Slurm judge a submission and keep nothing; return what it says, such as when it would start."""
        ...

    def fleet(self, at: SlurmPlace) -> Fleet:
        """Return the nodes and partitions that jobs may run on."""
        ...

    def jobs(self, at: SlurmPlace, *, silent: list[str] | None = None) -> tuple[SlurmJob, ...]:
        """Return the jobs that Slurm knows of, of all users, and those of this user that hpctl submitted before.

        Where there is an accounting that does not answer, `silent` takes why: older jobs of others are missing then.
        """
        ...

    def job(self, at: SlurmPlace, wanted: SlurmJob) -> SlurmJob:
        """Return a job as it is now, with all that Slurm tells of one; `NotFoundError` when nobody knows it."""
        ...

    def tail(self, at: SlurmPlace, files: Sequence[str], lines: int) -> Mapping[str, bytes]:
        """Return the last lines of output files; those that are not there are left out."""
        ...

    def cancel(self, at: SlurmPlace, wanted: SlurmJob) -> None:
        """End a job; one that has ended stays as it is."""
        ...

    def delete(self, at: SlurmPlace, wanted: SlurmJob) -> bool:
        """End a job and remove the folder that hpctl made for it; return whether there was anything to remove."""
        ...

    def execute(
        self,
        at: SlurmPlace,
        wanted: SlurmJob,
        host: str,
        command: Sequence[str],
        *,
        stdin: BinaryIO | None,
        stdout: BinaryIO,
        stderr: BinaryIO,
    ) -> int:
        """Run a command on a node of a running job, as its user and within what the job holds; return its exit code.

        It starts where the job does, with the environment that the job's scripts have.
        """
        ...
