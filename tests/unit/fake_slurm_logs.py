"""Output files of jobs in memory: sessions that are told beforehand what they tell."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event

from hpctl.errors import HpctlError
from hpctl.facts.slurm_jobs import SlurmPlace
from hpctl.facts.slurm_log_ports import FileNews, FilesAsked

Act = FileNews | HpctlError | Callable[[], None]
"""News; an error that ends the session; or something that happens then."""


@dataclass
class FakeLogFeed:
    """A session that tells `acts`, and after them waits until it is finished; then it tells `after`."""

    acts: Sequence[Act] = ()
    after: Sequence[Act] = ()
    finished: Event = field(default_factory=Event)

    def finish(self) -> None:
        self.finished.set()

    def __iter__(self) -> Iterator[FileNews]:
        yield from self._told(self.acts)
        assert self.finished.wait(30), "nobody finished the session"
        yield from self._told(self.after)

    def _told(self, acts: Sequence[Act]) -> Iterator[FileNews]:
        for act in acts:
            if isinstance(act, HpctlError):
                raise act
            if callable(act):
                act()
            else:
                yield act


class FakeSlurmLogs:
    """Gives one feed after the other; `asked` is what each was asked for."""

    def __init__(self) -> None:
        self.feeds: list[FakeLogFeed] = []
        self.asked: list[FilesAsked] = []

    @contextmanager
    def open(self, at: SlurmPlace, asked: FilesAsked) -> Iterator[FakeLogFeed]:
        self.asked.append(asked)
        yield self.feeds.pop(0)
