"""This machine's journals, locks and signals in memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from hpctl.facts.records import Holder
from tests.unit.fake_calls import CallLog


class FakeState:
    """Journals in memory, and locks that nobody holds; the `dead` one did before."""

    def __init__(self, log: CallLog) -> None:
        self._log = log
        self.journals: dict[str, list[Mapping[str, object]]] = {}
        self.locked: list[str] = []
        self.dead: Holder | None = None

    @contextmanager
    def lock(self, key: str) -> Iterator[Holder | None]:
        self._log.check("state.lock")
        self.locked.append(key)
        try:
            yield self.dead
        finally:
            self.locked.remove(key)

    def append(self, key: str, line: Mapping[str, object]) -> None:
        self._log.check("state.append")
        self.journals.setdefault(key, []).append(line)

    def lines(self, key: str) -> tuple[Mapping[str, object], ...]:
        self._log.check("state.lines")
        return tuple(self.journals.get(key, ()))

    @property
    def entries(self) -> list[object]:
        """The kinds of all entries, in order."""
        return [line["entry"] for journal in self.journals.values() for line in journal]


class FakeSignals:
    """A process that gets no signals, unless `comes` is raised at the end of the next step."""

    def __init__(self) -> None:
        self.comes: BaseException | None = None
        self.steps = 0

    @contextmanager
    def held_back(self) -> Iterator[None]:
        self.steps += 1
        yield
        if self.comes is not None:
            raise self.comes
