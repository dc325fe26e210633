"""What the end of a rank's log says: errors of its own, or only that another rank has gone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

_ERROR: Final = re.compile(
    r"^(?:\[rank\d+\]: ?)?"
    r"(?P<error>(?:[A-Za-z_]\w*\.)*(?P<name>[A-Za-z_]\w*(?:Error|Exception|Interrupt|Exit|Timeout))(?:: .*)?)$"
)
"""The last line of a Python traceback, as it is or as torch marks it in a rank's output."""

_REPORTS: Final = frozenset({"ChildFailedError", "SignalException"})
"""What torchrun raises to say that a process of its own has failed or was ended."""

_GONE: Final = re.compile(
    r"connection (?:was |is |has been )?(?:likely )?(?:reset|closed|refused|aborted|lost)|broken ?pipe|"
    r"peer .*(?:gone|closed|reset)|remote process exit|remote server shut ?down|ncclRemoteError|"
    r"collective operation timeout|failed to recv|sendBytes failed|recvValue failed|socket timeout|"
    r"^ConnectionError:|ConnectionResetError|ConnectionAbortedError|ConnectionRefusedError|EOFError|DistNetworkError|"
    r"RendezvousConnectionError|RendezvousClosedError",
    re.IGNORECASE,
)
"""How libc, gloo, NCCL, c10d and torchrun say that the other side is not there any more."""


def own_error(text: str) -> str | None:
    """Return the last error that a log tells, unless it follows from another rank's end."""
    return next((line for line in reversed([*_errors(text)]) if not _GONE.search(line)), None)


def tells_only_of_lost_peers(text: str) -> bool:
    """Whether every error that a log tells follows from another rank's end, and there is one."""
    errors = [*_errors(text)]
    return bool(errors) and all(_GONE.search(line) for line in errors)


def _errors(text: str) -> Iterator[str]:
    for line in text.split("\n"):
        found = _ERROR.match(line.rstrip())
        if found and found["name"] not in _REPORTS:
            yield found["error"]
