"""What Slurm's commands say when they fail, as errors of hpctl's.

The words are those of Slurm's `slurm_errno.c`; they have stayed the same from 20.11 to 24.11.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from hpctl.errors import AccessError, HpctlError, NotFoundError, RefusedError
from hpctl.facts.session_ports import Ran
from hpctl.facts.slurm_ports import SlurmDownError

_NOT_THERE: Final = 127
"""The exit code of `env` and of a shell that find no such program (POSIX)."""

_LOOK: Final = "look at slurmctld: hpctl doctor CLUSTER"

_PREFIX: Final = re.compile(r"(?:[\w-]+:? )?(?:error|fatal): ")

_SILENT: Final = (
    "unable to contact slurm controller",
    "socket timed out",
    "zero bytes were transmitted",
    "backup controller in standby",
    "slurmctld is not responding",
    "unable to establish controller",
    "protocol authentication error",
    "connection refused",
    "configuration source",
    "munge",
)
_UNKNOWN: Final = (
    "invalid job id",
    "invalid node name",
    "invalid partition",
    "invalid reservation",
    "invalid job array id",
    " not found",
)
_DENIED: Final = (
    "access/permission denied",
    "permission denied",
    "user's group not permitted",
    "invalid account or account/partition",
    "security violation",
)


def demand_done(program: str, ran: Ran) -> None:
    """Raise what a command of Slurm's ended with, unless it succeeded."""
    if ran.exit_code != 0:
        raise error_of(program, ran)


def error_of(program: str, ran: Ran) -> HpctlError:
    """Return the error that stands for a command that failed."""
    said = _last_words(ran)
    if ran.exit_code == _NOT_THERE:
        return SlurmDownError(f"the node has no `{program}`: Slurm is not installed there", cause=said, hint=_LOOK)
    known = (make for marks, make in _KINDS.items() if any(mark in said.lower() for mark in marks))
    make = next(known, _refused)
    return make(program, said)


def _last_words(ran: Ran) -> str:
    """Return what a program said last, without its name and the word `error` before it."""
    lines = (ran.stderr.strip() or ran.stdout.strip()).decode("utf-8", "replace").splitlines()
    return _PREFIX.sub("", lines[-1]) if lines else f"it ended with exit code {ran.exit_code} and said nothing"


def _silent(_program: str, said: str) -> HpctlError:
    return SlurmDownError("the Slurm controller does not answer", cause=said, hint=_LOOK)


def _unknown(_program: str, said: str) -> HpctlError:
    return NotFoundError(f"Slurm says: {said}")


def _denied(program: str, said: str) -> HpctlError:
    return AccessError(f"Slurm does not allow `{program}`: {said}")


def _refused(program: str, said: str) -> HpctlError:
    return RefusedError(f"Slurm refused `{program}`: {said}", aws_code="Slurm")


_KINDS: Final[Mapping[tuple[str, ...], Callable[[str, str], HpctlError]]] = {
    _SILENT: _silent,
    _UNKNOWN: _unknown,
    _DENIED: _denied,
}
