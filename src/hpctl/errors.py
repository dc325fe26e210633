"""The one error tree: what went wrong, what to type next, and the exit code.

Every error a person can cause or meet is one of these; `cli.main` alone turns them into text and a
process exit code. Anything else that escapes is a bug in hpctl (exit code 1).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import ClassVar, Self


class ExitCode(IntEnum):
    """The documented exit codes; `meaning` is the text of the reference page."""

    meaning: str

    def __new__(cls, value: int, meaning: str) -> Self:
        """Attach the meaning to the number."""
        member = int.__new__(cls, value)
        member._value_ = value
        member.meaning = meaning
        return member

    OK = 0, "done, or already in the wanted state"
    BUG = 1, "a bug in hpctl"
    USAGE = 2, "wrong usage, or an invalid spec (file, line and column are named)"
    NOT_FOUND = 3, "the named thing does not exist"
    ACCESS = 4, "credentials are missing, expired or not allowed (the IAM action is named)"
    TIMEOUT = 5, "waiting timed out; the work goes on (the command to resume is printed)"
    CONFLICT = 6, "conflict: exists with another spec, busy, locked or guarded"
    UNAVAILABLE = 7, "the service throttled or was unreachable after all retries"
    UNCONFIRMED = 8, "confirmation was refused, or needed with nobody to ask"
    CHANGES = 10, "`plan --detailed-exitcode`: there are changes"
    CHECKS_FAILED = 20, "a check failed, or the service failed what was asked of it"
    CHECKS_UNKNOWN = 21, "no check failed, but one that blocks could not look, or, with `--fail-on warn`, one warned"
    JOB_FAILED = 100, "the job failed"
    JOB_UNFINISHED = 101, "the job has not ended; asked once, without waiting"
    JOB_CANCELLED = 103, "the job was cancelled"
    NO_PROGRAM = 127, "`job exec`, `node exec`: there is no such program there, as a shell says it"
    INTERRUPTED = 130, "interrupted (SIGINT)"
    CLOSED_PIPE = 141, "the reader of standard output went away (SIGPIPE)"
    TERMINATED = 143, "terminated (SIGTERM)"


class HpctlError(Exception):
    """An error a person can act on.

    `message` is one sentence without a full stop, values in backticks; `cause` is what is behind it, when
    that is known; `hint` is what to do or type next and may span lines; `code` is the stable name that
    `-o json` shows.
    """

    code: ClassVar[str] = "error"
    exit_code: ClassVar[ExitCode] = ExitCode.BUG

    def __init__(self, message: str, *, cause: str | None = None, hint: str | None = None) -> None:
        """Keep the texts apart: the renderer decides how they look."""
        super().__init__(message)
        self.message = message
        self.cause = cause
        self.hint = hint


class UsageError(HpctlError):
    """The command line asks for something that cannot be."""

    code = "usage"
    exit_code = ExitCode.USAGE


@dataclass(frozen=True)
class Problem:
    """One thing wrong in an input file: where (`file:line:column`), at which path, and what is allowed."""

    file: str
    line: int
    column: int
    path: str
    message: str
    nearest: str | None = None


class SpecError(HpctlError):
    """An input file is not a valid spec; carries every problem found, in file order."""

    code = "invalid_spec"
    exit_code = ExitCode.USAGE

    def __init__(self, message: str, problems: tuple[Problem, ...] = (), *, hint: str | None = None) -> None:
        """Keep all problems: a person fixes a file once, not once per error."""
        super().__init__(message, hint=hint)
        self.problems = problems


class NotFoundError(HpctlError):
    """The named thing does not exist (in this account and Region)."""

    code = "not_found"
    exit_code = ExitCode.NOT_FOUND


class AccessError(HpctlError):
    """Credentials are missing or expired, or the caller may not do this; `action` is the IAM action if known."""

    code = "access_denied"
    exit_code = ExitCode.ACCESS

    def __init__(self, message: str, *, action: str | None = None, hint: str | None = None) -> None:
        """Name the IAM action apart from the text, for machines."""
        super().__init__(message, hint=hint)
        self.action = action


class WaitTimeoutError(HpctlError):
    """Waiting ran out of time; the work goes on at AWS."""

    code = "timed_out"
    exit_code = ExitCode.TIMEOUT


class ConflictError(HpctlError):
    """The thing exists with another spec, is busy, or is guarded."""

    code = "conflict"
    exit_code = ExitCode.CONFLICT


class LockedError(ConflictError):
    """Another hpctl works on the same cluster; the message names its process, host and since when."""

    code = "locked"


class StateError(ConflictError):
    """hpctl's own records on this machine cannot be read or written; nothing was begun that they would not show."""

    code = "state"


class UnavailableError(HpctlError):
    """The service throttled, failed or could not be reached, after all retries."""

    code = "unavailable"
    exit_code = ExitCode.UNAVAILABLE


class UnconfirmedError(HpctlError):
    """A confirmation was refused, or there was nobody to ask."""

    code = "unconfirmed"
    exit_code = ExitCode.UNCONFIRMED


class RefusedError(HpctlError):
    """AWS refused the request itself (a ValidationException, a limit); `aws_code` is its error code."""

    code = "refused"
    exit_code = ExitCode.CHECKS_FAILED

    def __init__(self, message: str, *, aws_code: str, cause: str | None = None, hint: str | None = None) -> None:
        """Keep AWS's own code: scripts and known failures match on it."""
        super().__init__(message, cause=cause, hint=hint)
        self.aws_code = aws_code


class ChecksFailedError(HpctlError):
    """A check failed; the report has been shown already."""

    code = "checks_failed"
    exit_code = ExitCode.CHECKS_FAILED


class ChecksUnknownError(HpctlError):
    """No check failed, but one that blocks could not look; the report has been shown already."""

    code = "checks_unknown"
    exit_code = ExitCode.CHECKS_UNKNOWN


class ChecksWarnedError(HpctlError):
    """No check failed, but one warned, and warnings were not to pass; the report has been shown already."""

    code = "checks_warned"
    exit_code = ExitCode.CHECKS_UNKNOWN


class InterruptedWaitError(HpctlError):
    """The person stopped waiting; the work goes on at AWS."""

    code = "interrupted"
    exit_code = ExitCode.INTERRUPTED


class AbandonedError(HpctlError):
    """The person left before everything was answered; nothing was written."""

    code = "abandoned"
    exit_code = ExitCode.INTERRUPTED


class Terminated(KeyboardInterrupt):
    """SIGTERM arrived; handled wherever Ctrl-C is, and ends with its own exit code."""


class TerminatedWaitError(InterruptedWaitError):
    """SIGTERM ended the waiting; the work goes on at AWS."""

    code = "terminated"
    exit_code = ExitCode.TERMINATED


class ClosedPipeError(HpctlError):
    """Whoever read standard output went away; nobody is left to tell."""

    code = "closed_pipe"
    exit_code = ExitCode.CLOSED_PIPE


class ClusterFailedError(HpctlError):
    """The cluster that was waited for ended in `Failed` (or rolled back)."""

    code = "cluster_failed"
    exit_code = ExitCode.CHECKS_FAILED


class JobFailedError(HpctlError):
    """The job that was waited for failed."""

    code = "job_failed"
    exit_code = ExitCode.JOB_FAILED


class NoProgramError(HpctlError):
    """The program that was to run somewhere is not there."""

    code = "no_program"
    exit_code = ExitCode.NO_PROGRAM


class JobUnfinishedError(HpctlError):
    """The job has not ended, and nobody wanted to wait for that."""

    code = "job_unfinished"
    exit_code = ExitCode.JOB_UNFINISHED


class JobCancelledError(HpctlError):
    """The job that was waited for was cancelled."""

    code = "job_cancelled"
    exit_code = ExitCode.JOB_CANCELLED


class DoesNotFitError(HpctlError):
    """No nodes of the cluster could ever run the job as it is wished; the hint says what could."""

    code = "does_not_fit"
    exit_code = ExitCode.CHECKS_FAILED
