"""The same piece of work on many nodes at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Final, Generic, TypeVar

from hpctl.errors import ClosedPipeError, HpctlError, InterruptedWaitError, Terminated, TerminatedWaitError, UsageError
from hpctl.facts.session_ports import Sessions, Target

AT_ONCE: Final = 16
"""Sessions that are open at the same time: they begin at three a second, so more help only long commands."""

_TIDY_S: Final = 4.0
"""What threads have, all together, to remove what they had begun to write."""

_STOPPED: Final = "stopped; what hpctl had started on the nodes was ended"

T = TypeVar("T")
_Queue = SimpleQueue[tuple[str, Target]]
_Ended = SimpleQueue[tuple[str, T | BaseException]]


def on_each(
    nodes: Mapping[str, Target], work: Callable[[str, Target], T], sessions: Sessions, at_once: int = AT_ONCE
) -> dict[str, T]:
    """Do the work on every node, begun in their order, and return what each returned.

    What the work raises stops all of it, and what it does on the nodes is ended; see `outcome_of`. Raises
    `InterruptedWaitError` when the person stopped it.
    """
    try:
        return _gathered(nodes, work, sessions, at_once)
    except Terminated as end:
        raise TerminatedWaitError(_STOPPED) from end
    except KeyboardInterrupt as end:
        raise InterruptedWaitError(_STOPPED) from end


def outcome_of(call: Callable[[], T]) -> T | HpctlError:
    """Return what a call returns, or what went wrong on its node.

    Raises what concerns all nodes: that nobody reads the output any more, that it cannot be written, a wrong command.
    """
    try:
        return call()
    except (ClosedPipeError, UsageError):
        raise
    except HpctlError as error:
        return error


class Beside(Generic[T]):
    """A call in a thread of its own."""

    def __init__(self, call: Callable[[], T]) -> None:
        """Begin."""
        self._ended: SimpleQueue[T | BaseException] = SimpleQueue()
        Thread(target=self._run, args=(call,), daemon=True).start()

    def outcome(self) -> T | HpctlError:
        """Wait, once, and return what the call returned or went wrong with; a bug of it is raised."""
        ended = self._ended.get()
        if isinstance(ended, BaseException) and not isinstance(ended, HpctlError):
            raise ended
        return ended

    def _run(self, call: Callable[[], T]) -> None:
        try:
            self._ended.put(call())
        except HpctlError as error:
            self._ended.put(error)
        except BaseException as error:
            self._ended.put(error)
            raise


@contextmanager
def _ending(sessions: Sessions, workers: list[Thread]) -> Iterator[None]:
    """Let what runs on nodes end when this does not end well, and those who wait for it tidy up."""
    try:
        yield
    except BaseException:
        sessions.end_all()
        for worker in filter(Thread.is_alive, workers):
            worker.join(_TIDY_S / len(workers))
        raise


def _gathered(
    nodes: Mapping[str, Target], work: Callable[[str, Target], T], sessions: Sessions, at_once: int
) -> dict[str, T]:
    waiting, ended = _Queue(), _Ended[T]()
    for row in nodes.items():
        waiting.put(row)
    count = min(at_once, len(nodes))
    workers = [Thread(target=_worker, args=(waiting, work, ended), daemon=True) for _ in range(count)]
    told: dict[str, T] = {}
    with _ending(sessions, workers):
        for worker in workers:
            worker.start()
        while len(told) < len(nodes):
            name, outcome = ended.get()
            if isinstance(outcome, BaseException):
                raise outcome
            told[name] = outcome
    return {name: told[name] for name in nodes}


def _worker(waiting: _Queue, work: Callable[[str, Target], T], ended: _Ended[T]) -> None:
    while True:
        try:
            name, node = waiting.get_nowait()
        except Empty:
            return
        try:
            ended.put((name, work(name, node)))
        except HpctlError as error:
            ended.put((name, error))
        except BaseException as error:  # a bug: whoever waits ends with it, too
            ended.put((name, error))
            raise
