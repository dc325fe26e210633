"""What waiting for a job ends with, whoever orchestrates it: an error for an end that is no success, and for none."""

from __future__ import annotations

from hpctl.errors import (
    HpctlError,
    JobCancelledError,
    JobFailedError,
    JobUnfinishedError,
    NotFoundError,
    WaitTimeoutError,
)
from hpctl.facts.jobs import JobState
from hpctl.report.job import JobEnded


def demand_success(end: JobEnded, name: str, describe: str) -> None:
    """Raise `JobFailedError` (exit code 100) or `JobCancelledError` (103) for a job that did not succeed.

    `NotFoundError` (3) is raised for one of which nobody knows how it ended.
    `describe` is the command that tells more, where no diagnosis has a remedy.
    """
    if end.state is JobState.CANCELLED:
        raise JobCancelledError(f"job `{name}` was cancelled")
    first = end.diagnoses[0] if end.diagnoses else None
    if end.state is JobState.UNKNOWN:
        cause, hint = (first.cause, first.remedy) if first else (None, None)
        raise NotFoundError(f"job `{name}` is over, and nobody knows how it ended", cause=cause, hint=hint or describe)
    if end.state is JobState.FAILED:
        raise JobFailedError(
            f"job `{name}` failed" + (f": {first.message}" if first else ""),
            cause=first.cause if first else None,
            hint=(first.remedy if first and first.remedy else None) or describe,
        )


def late(name: str, state: JobState, timeout_s: float, resume: str) -> HpctlError:
    """Return the error for a job that has not ended in time; `resume` takes up the waiting."""
    if timeout_s <= 0:
        return JobUnfinishedError(f"job `{name}` is {state}", hint=f"to wait for its end: {resume}")
    return WaitTimeoutError(
        f"job `{name}` was {state} after {timeout_s:g} s; it goes on", hint=f"to go on waiting: {resume}"
    )
