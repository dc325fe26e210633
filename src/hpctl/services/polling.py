"""How everything that waits asks AWS: in which rhythm, how patiently, and what it says of what it sees."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

from hpctl import timeouts
from hpctl.errors import AccessError, UnavailableError, WaitTimeoutError
from hpctl.facts.ports import Clock
from hpctl.facts.records import Cluster
from hpctl.report.progress import Finished, GroupProgress, Observed

T = TypeVar("T")

_SPREAD = timeouts.POLL_CAP_S / timeouts.POLL_STEADY_S - 1


@dataclass(frozen=True)
class Waiting:
    """How long to wait for which cluster, and the command that takes up the waiting again.

    With `arn` it is that very cluster: another of the same name, made meanwhile, is not taken for it.
    """

    cluster: str
    timeout_s: float
    resume: str
    arn: str | None = None

    @property
    def asked(self) -> str:
        """Return what AWS is asked about."""
        return self.arn or self.cluster


class Lookout:
    """Eyes that forgive a few blinks: an API that is down for a moment."""

    def __init__(self, resume: str, *, patience: int = timeouts.LOOKS_MISSED) -> None:
        """Start with nothing missed; `resume` takes up the waiting again, `patience` counts looks in a row."""
        self._go_on = f"to go on waiting: {resume}"
        self._patience = patience
        self.missed = 0

    def look(self, ask: Callable[[], T]) -> T | None:
        """Return what `ask` answers, or None when AWS does not this time; raises when that lasts."""
        try:
            answer = ask()
        except UnavailableError as error:
            self.missed += 1
            if self.missed >= self._patience:
                raise UnavailableError(error.message, hint=self._go_on) from error
            return None
        except AccessError as error:
            hint = f"{error.hint}\n{self._go_on}" if error.hint else self._go_on
            raise AccessError(error.message, action=error.action, hint=hint) from error
        self.missed = 0
        return answer


def rhythm(
    clock: Clock,
    *,
    first_s: float = timeouts.POLL_FIRST_S,
    steady_s: float = timeouts.POLL_STEADY_S,
    spread: float = _SPREAD,
) -> Iterator[float]:
    """Yield how many seconds to wait until the next look: soon at first, later steadily, a little longer by chance.

    `spread` is the greatest part that chance adds.
    """
    pause = first_s
    while True:
        yield pause * (1 + spread * clock.jitter())
        pause = min(pause * timeouts.POLL_GROWTH, steady_s)


def polls(waiting: Waiting, clock: Clock, *, late: str) -> Iterator[float]:
    """Yield the seconds since the start, then wait a little longer than before, until time runs out.

    `late` says what the cluster is then, as `not there yet`.
    """
    start = clock.now()
    deadline = start + timedelta(seconds=waiting.timeout_s)
    for pause in rhythm(clock):
        yield (clock.now() - start).total_seconds()
        left = (deadline - clock.now()).total_seconds()
        if left <= 0:
            raise WaitTimeoutError(
                f"cluster `{waiting.cluster}` was {late} after {waiting.timeout_s:g} s; AWS goes on working",
                hint=f"to go on waiting: {waiting.resume}",
            )
        clock.sleep(min(pause, left))


def finished(status: str, cluster: str, clock: Clock, elapsed_s: float) -> Finished:
    """Return the last step: what was waited for is reached."""
    return Finished(time=clock.now(), elapsed_s=round(elapsed_s, 1), cluster=cluster, status=status)


def observed(cluster: Cluster, clock: Clock, elapsed_s: float, waiting_for: str) -> Observed:
    """Return what is seen of `cluster` now."""
    groups = tuple(
        GroupProgress(
            name=group.name,
            status=group.status,
            current_count=group.current_count,
            target_count=group.target_count,
        )
        for group in cluster.instance_groups
    )
    return Observed(
        time=clock.now(),
        elapsed_s=round(elapsed_s, 1),
        cluster=cluster.name,
        status=cluster.status,
        groups=groups,
        waiting_for=waiting_for,
    )
