"""What fakes of ports have in common: the record of calls with the errors that a test wants, and time."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta

from hpctl.errors import HpctlError
from tests.unit.builders import NOW


class CallLog:
    """What was asked, in order, and the errors that a test wants instead of an answer."""

    def __init__(self) -> None:
        self.made: list[tuple[object, ...]] = []
        self._once: dict[str, deque[HpctlError | None]] = {}
        self._always: dict[str, HpctlError] = {}

    def fail(self, operation: str, *errors: HpctlError) -> None:
        """Raise `errors` in turn on the next calls of `operation`, then answer again."""
        self._once.setdefault(operation, deque()).extend(errors)

    def let_pass(self, operation: str) -> None:
        """Answer the next call of `operation`, whatever is to be raised later."""
        self._once.setdefault(operation, deque()).append(None)

    def fail_always(self, operation: str, error: HpctlError) -> None:
        """Raise `error` on every call of `operation`."""
        self._always[operation] = error

    def of(self, operation: str) -> list[tuple[object, ...]]:
        """Return the arguments of every call of `operation`."""
        return [call[1:] for call in self.made if call[0] == operation]

    @property
    def operations(self) -> list[object]:
        """The operations called, in order."""
        return [call[0] for call in self.made]

    def record(self, operation: str, *arguments: object) -> None:
        self.made.append((operation, *arguments))
        self.check(operation)

    def check(self, operation: str) -> None:
        """Raise what a test wants of `operation`; no call to AWS is logged."""
        waiting = self._once.get(operation)
        error = waiting.popleft() if waiting else self._always.get(operation)
        if error is not None:
            raise error


class FakeClock:
    """Time that passes only when somebody sleeps."""

    def __init__(self) -> None:
        self.slept: list[float] = []
        self.chance = 0.0
        self._now = NOW
        self._due: list[tuple[datetime, Callable[[], object]]] = []

    def now(self) -> datetime:
        return self._now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self._now += timedelta(seconds=seconds)
        due = [happen for moment, happen in self._due if moment <= self._now]
        self._due = [(moment, happen) for moment, happen in self._due if moment > self._now]
        for happen in due:
            happen()

    def jitter(self) -> float:
        return self.chance

    def at(self, after_s: float, happen: Callable[[], object]) -> None:
        """Let something happen in the world, so many seconds from NOW."""
        self._due.append((NOW + timedelta(seconds=after_s), happen))
