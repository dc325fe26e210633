"""A Slurm cluster's jobs in memory: what is submitted is there, and ends as a test says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, BinaryIO

from hpctl.errors import HpctlError, NotFoundError
from hpctl.facts.slurm_job_ports import Fleet, NameTakenError, SlurmSubmission, Submitted
from hpctl.facts.slurm_jobs import SlurmJob, SlurmPlace, marked

if TYPE_CHECKING:
    from tests.unit.fake_calls import CallLog, FakeClock


class FakeSlurmJobs:
    """`known` are the jobs; `lost` are raised by submissions in turn, after they came in if `arrives`."""

    def __init__(self, log: CallLog, clock: FakeClock) -> None:
        self._log, self._clock = log, clock
        self.known: list[SlurmJob] = []
        self.there = Fleet()
        self.files: dict[str, bytes] = {}
        self.lost: list[HpctlError] = []
        self.arrives = True
        self.silent: HpctlError | None = None
        self.submissions: list[SlurmSubmission] = []
        self.ran: list[tuple[str, tuple[str, ...]]] = []
        self.unaccounted: list[str] = []
        self.codes: dict[str, int] = {}

    def submit(self, at: SlurmPlace, wish: SlurmSubmission) -> Submitted:
        self._log.record("slurm_jobs.submit", wish.run_id)
        for job in self.known:
            if job.run_id == wish.run_id:
                return Submitted(job.id, again=True)
            if job.name == wish.name and job.run_id and not job.state.final:
                raise NameTakenError(job.id, job.word)
        if self.lost and not self.arrives:
            raise self.lost.pop(0)
        comment = marked(wish.run_id, wish.folder, wish.comment)
        job = SlurmJob(len(self.known) + 1, wish.name, at.user, "dev", "PENDING", wish.nodes, self._clock.now())
        self.known.append(replace(job, comment=comment))
        self.submissions.append(wish)
        if self.lost:
            raise self.lost.pop(0)
        return Submitted(job.id)

    def test(self, at: SlurmPlace, wish: SlurmSubmission) -> str:
        self._log.record("slurm_jobs.test", wish.run_id)
        return "it would start now"

    def fleet(self, at: SlurmPlace) -> Fleet:
        return self.there

    def jobs(self, at: SlurmPlace, *, silent: list[str] | None = None) -> tuple[SlurmJob, ...]:
        self._log.record("slurm_jobs.jobs")
        if silent is not None:
            silent.extend(self.unaccounted)
        return tuple(self.known)

    def job(self, at: SlurmPlace, wanted: SlurmJob) -> SlurmJob:
        self._log.record("slurm_jobs.job", wanted.id)
        if self.silent:
            raise self.silent
        for job in self.known:
            if job.reference == wanted.reference:
                return job
        message = f"no job {wanted.id}"
        raise NotFoundError(message)

    def tail(self, at: SlurmPlace, files: Sequence[str], lines: int) -> Mapping[str, bytes]:
        return {name: self.files[name] for name in files if name in self.files}

    def cancel(self, at: SlurmPlace, wanted: SlurmJob) -> None:
        self._log.record("slurm_jobs.cancel", wanted.id)

    def delete(self, at: SlurmPlace, wanted: SlurmJob) -> bool:
        self._log.record("slurm_jobs.delete", wanted.id)
        return bool(wanted.folder)

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
        self.ran.append((host, tuple(command)))
        stdout.write(f"{host}\n".encode())
        return self.codes.get(host, 0)
