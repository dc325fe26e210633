"""Which job is meant: by its number, or by its name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import get_close_matches
from typing import Final

from hpctl.errors import AccessError, ConflictError, NotFoundError, UsageError
from hpctl.facts.slurm_job_ports import SlurmJobs
from hpctl.facts.slurm_jobs import SlurmJob
from hpctl.services.slurm_job.where import SlurmWhere

NO_ANSWER: Final = "Slurm's accounting does not answer"
_NEAR: Final = 3
_NUMBER: Final = re.compile(r"\d+([_+]\S+)?")


def find(reference: str, at: SlurmWhere, jobs: SlurmJobs) -> SlurmJob:
    """Return the job of this number, or the user's job of exactly this name.

    Slurm lets names be used again: a job that has not ended comes before those that have, and of these the newest.

    Raises:
        UsageError: there is no name.
        NotFoundError: there is no such job; the nearest names are in the hint.
        ConflictError: several jobs that have not ended have the name; their numbers are in the hint.
    """
    if not reference:
        raise UsageError("the job's name is empty", hint=f"hpctl job list {at.flags}")
    silent: list[str] = []
    known = jobs.jobs(at.place, silent=silent)
    if _NUMBER.fullmatch(reference):
        each = (one for job in known for one in (job, *job.tasks))
        found = [job for job in each if reference in (job.reference, str(job.id))]
        if found:
            return min(found, key=lambda job: (job.reference != reference, job.reference))
    own = [job for job in known if job.name == reference and job.user == at.place.user]
    living = [job for job in own if not job.state.final]
    if len(living) > 1:
        raise ConflictError(
            f"{len(living)} jobs {at.words} are called `{reference}`: say which, by its number",
            hint="\n".join(f"{job.reference} {job.word}" for job in living),
        )
    if own:
        return living[0] if living else max(own, key=lambda job: (job.submitted, job.id))
    raise _nothing(reference, known, silent, at)


def demand_own(job: SlurmJob, at: SlurmWhere) -> None:
    """Raise `AccessError` when a job that was named by its number is another user's: it is acted on as its own."""
    if job.user != at.place.user:
        message = f"job {job.reference} (`{job.name}`) is of user `{job.user}`, and this acts as `{at.place.user}`"
        raise AccessError(message, hint=f"as that user: --user {job.user}")


def _nothing(reference: str, known: Sequence[SlurmJob], silent: Sequence[str], at: SlurmWhere) -> NotFoundError:
    names = [job.name for job in known if job.user == at.place.user]
    near = get_close_matches(reference, dict.fromkeys(names), n=_NEAR)
    hint = f"did you mean {' or '.join(f'`{one}`' for one in near)}?" if near else f"hpctl job list {at.flags}"
    hint = "\n".join((hint, *(f"it may be an older one: {NO_ANSWER}: {why}" for why in silent)))
    other = next((job for job in known if job.name == reference), None)
    if other:
        hint += f"\nuser `{other.user}` has one: --user {other.user}"
    return NotFoundError(f"there is no job `{reference}` {at.words}", hint=hint)
