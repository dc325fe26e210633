"""Where a command is struck: at which of its calls, at which of its writes."""

from __future__ import annotations

import os
from collections.abc import Iterator

from tests.crash.stories import Stage

NIGHTLY = os.environ.get("HYPOTHESIS_PROFILE") == "nightly"
_NEAR = 100 if NIGHTLY else 2
_SAMPLED = 1 if NIGHTLY else 8


def calls(stage: Stage, name: str) -> Iterator[int]:
    """Yield the numbers of the calls to strike.

    Those that change something, those next to them, and the last ones; of the others, the many looks of checks and of
    waiting, every eighth, and all in the nightly run.
    """
    made, changes = len(stage.undisturbed(name).calls), steps(stage, name)
    for number in range(1, made + 1):
        near = min(abs(number - change) for change in (*changes, made))
        if near <= _NEAR or number % _SAMPLED == 1 % _SAMPLED:
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
