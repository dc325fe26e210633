"""Submit a job to Slurm: whole or not at all, and never twice."""

from __future__ import annotations

from hpctl import timeouts
from hpctl.errors import ConflictError, UnavailableError
from hpctl.facts.jobs import JobState
from hpctl.facts.ports import Ports
from hpctl.facts.slurm_job_ports import NameTakenError, SlurmSubmission, Submitted
from hpctl.report.job import JobOutcomeReport
from hpctl.services.job.submit import UnseenError
from hpctl.services.slurm_job.where import SlurmWhere

_TRIES = 3
"""How often a job is sent, when no answer tells whether it was submitted: the node knows by the run whether it was."""


def ask_slurm(wish: SlurmSubmission, at: SlurmWhere, ports: Ports) -> str:
    """Let Slurm judge a job, and keep nothing; raises what submitting it would raise."""
    return ports.slurm_jobs.test(at.place, wish)


def submit(wish: SlurmSubmission, at: SlurmWhere, ports: Ports) -> JobOutcomeReport:
    """Submit the job; a first Ctrl-C waits for the end of that.

    Raises:
        ConflictError: a job of that name is there, and has not ended.
        UnseenError: nobody can say whether it was submitted.
        HpctlError: what Slurm refused; nothing is left of it.
    """
    with ports.signals.held_back():
        done = _sent(wish, at, ports)
    number = str(done.id)
    return JobOutcomeReport(
        verb="submit",
        result="submitted",
        cluster=at.cluster,
        user=at.place.user,
        job=wish.name,
        uid=number,
        state=JobState.PENDING,
        notes=tuple(line for line in done.said.splitlines() if line.strip()),
        next_steps=(
            f"hpctl job logs {number} --follow {at.flags}",
            f"hpctl job describe {number} {at.flags}",
            f"hpctl job cancel {number} {at.flags}",
        ),
    )


def _sent(wish: SlurmSubmission, at: SlurmWhere, ports: Ports) -> Submitted:
    """Send it until an answer comes: asked again, the node finds the job of this run, or submits it now."""
    for tried in range(1, _TRIES + 1):
        try:
            return ports.slurm_jobs.submit(at.place, wish)
        except NameTakenError as error:
            raise _taken(wish, at, error) from error
        except UnavailableError as error:
            if tried == _TRIES:
                raise UnseenError(
                    f"whether job `{wish.name}` was submitted could not be seen: {error.message}",
                    hint=f"see what is there: hpctl job list {at.flags}\nand run the same command again",
                ) from error
            ports.clock.sleep(timeouts.AGAIN_S * ports.clock.jitter())
    raise AssertionError  # the last try returns or raises


def _taken(wish: SlurmSubmission, at: SlurmWhere, there: NameTakenError) -> ConflictError:
    other = " in the script: #SBATCH --job-name=NAME" if wish.login else ": --name NAME"
    return ConflictError(
        f"there is a job `{wish.name}` {at.words} already: {there.number}, which is {there.word}",
        hint=f"look at it: hpctl job describe {there.number} {at.flags}\n"
        f"cancel it: hpctl job cancel {there.number} {at.flags}\nor choose another name{other}",
    )
