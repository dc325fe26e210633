"""Values as Slurm's commands print them: words, times, counts, and its several words for nothing."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

_SIGNAL: Final = 0x7F
_NOTHING: Final = frozenset({"", "(null)", "N/A", "None", "NONE", "Unknown", "UNLIMITED", "n/a", "None assigned"})

UNREADABLE: Final = (ValueError, OverflowError)
"""What a number or a time raises that is none: a time may lie beyond what a clock can tell."""

OVER: Final = frozenset(
    {
        *("COMPLETED", "FAILED", "TIMEOUT", "CANCELLED", "NODE_FAIL", "BOOT_FAIL", "OUT_OF_MEMORY", "DEADLINE"),
        *("PREEMPTED", "REVOKED", "LAUNCH_FAILED", "RECONFIG_FAIL"),
    }
)
"""States of a job that has ended."""

NOT_BEGUN: Final = frozenset({"PENDING", "CONFIGURING", "REQUEUE_HOLD", "SPECIAL_EXIT", "REQUEUED", "REQUEUE_FED"})
"""States in which a time of start is Slurm's plan."""


def word_of(text: str) -> str:
    """Return a state without what stands beside it: `CANCELLED by 1000`, `DOWN*`."""
    return text.split(maxsplit=1)[0].rstrip("+*").upper() if text.split() else ""


def moment_of(text: str) -> datetime | None:
    """Return a time that was asked for in seconds since the epoch; an older release answers in UTC's words."""
    if text in _NOTHING:
        return None
    if text.isdigit():
        return datetime.fromtimestamp(int(text), UTC) if int(text) else None
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def count_of(text: str) -> int:
    """Return the number that a text begins with, 0 where there is none."""
    digits = re.match(r"\d+", text)
    return int(digits[0]) if digits else 0


def end_of(text: str) -> tuple[int | None, int | None]:
    """Return exit code and signal of `3:0`, or of a status as wait(2) has it: squeue of releases up to 22.05."""
    if not re.fullmatch(r"\d+(:\d+)?", text):
        return None, None
    code, colon, signal = text.partition(":")
    return (int(code), int(signal)) if colon else (int(code) >> 8 & 0xFF, int(code) & _SIGNAL)


def filled(text: str) -> str:
    """Return a text, or an empty one where Slurm says that there is none."""
    return "" if text in _NOTHING else text


def text_of(told: object) -> str:
    """Return text without halves of characters: nobody promises UTF-8."""
    return told.encode("utf-8", "surrogateescape").decode("utf-8", "replace") if isinstance(told, str) else ""
