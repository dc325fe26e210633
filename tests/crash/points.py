"""Where a command is struck: at which of its calls, at which of its writes."""

from __future__ import annotations

import os
from collections.abc import Iterator

from tests.crash.stories import Stage

NIGHTLY = os.environ.get("HYPOTHESIS_PROFILE") == "nightly"
_SAMPLED = 1 if NIGHTLY else 6
_LAST_READS = 2


def calls(stage: Stage, name: str) -> Iterator[int]:
    """Yield the numbers of the calls to strike: all from the last look before the first change on.

    Of the many reads of the checks, which come before, the nightly run takes all and others every sixth.
    """
    undisturbed = stage.undisturbed(name)
    first = min(
        number for number, call in enumerate(undisturbed.calls, start=1) if _operation(call) in undisturbed.taken
    )
    for number in range(1, len(undisturbed.calls) + 1):
        if number % _SAMPLED == 1 % _SAMPLED or number >= first - _LAST_READS:
            yield number


def steps(stage: Stage, name: str) -> list[int]:
    """Return the numbers of the calls that change something."""
    undisturbed = stage.undisturbed(name)
    return [number for number, call in enumerate(undisturbed.calls, start=1) if _operation(call) in undisturbed.taken]


def writes(stage: Stage, name: str) -> list[tuple[int, str]]:
    """Return the numbers of what the command does to its records, and what that is."""
    return list(enumerate(stage.undisturbed(name).writes, start=1))


def _operation(call: str) -> str:
    return call.partition(":")[2]
