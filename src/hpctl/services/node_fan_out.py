"""The same piece of work on many nodes at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Final, TypeVar

from hpctl.errors import ClosedPipeError, HpctlError, InterruptedWaitError, Terminated, TerminatedWaitError, UsageError
from hpctl.facts.session_ports import Sessions, Target

AT_ONCE: Final = 16
"""Sessions that are open at the same time: they begin at three a second, so more help only long commands."""

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
        return _gathered(nodes, work, at_once)
    except Terminated as end:
        sessions.end_all()
        raise TerminatedWaitError(_STOPPED) from end
    except KeyboardInterrupt as end:
        sessions.end_all()
        raise InterruptedWaitError(_STOPPED) from end
    except HpctlError:
        sessions.end_all()
        raise


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


def _gathered(nodes: Mapping[str, Target], work: Callable[[str, Target], T], at_once: int) -> dict[str, T]:
    """Threads that nobody waits for any more, after Ctrl-C, end with the process."""
    waiting, ended = _Queue(), _Ended[T]()
    for row in nodes.items():
        waiting.put(row)
    for number in range(min(at_once, len(nodes))):
        Thread(target=_worker, args=(waiting, work, ended), name=f"node-{number}", daemon=True).start()
    told: dict[str, T] = {}
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
