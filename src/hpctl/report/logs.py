"""What containers print, as it is followed: blocks of lines, and what must be said about them.

These are steps and no report: there are too many lines for a model each. `render.logs` writes them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LogSource:
    """Where lines come from. `label` is short and unambiguous within the job: `rank 0`, `rank 0 sidecar`, a pod's name.

    `rank` is None where the job has none for the pod. On Slurm there is a `file` instead of a pod and its container.
    """

    label: str
    rank: int | None
    pod: str = ""
    container: str = ""
    file: str = ""


@dataclass(frozen=True, slots=True)
class LogLines:
    """Lines in the order in which they were printed, without their ends; `times_ns` are the node's stamps (epoch).

    On Slurm, where lines have none, they are when the file was last written as the line was read. `open_end` says that
    the log ended with the last of them before its end was printed.
    """

    source: LogSource
    times_ns: Sequence[int]
    lines: Sequence[bytes]
    open_end: bool = False


@dataclass(frozen=True, slots=True)
class LogGap:
    """Here lines may be missing that nobody can give any more: after the line of `after_ns` (None: at the start)."""

    source: LogSource
    after_ns: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class LogNote:
    """A remark for the person, which is no part of any log."""

    message: str
    source: LogSource | None = None


LogStep = LogLines | LogGap | LogNote
