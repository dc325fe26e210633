"""The same piece of work on many nodes at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Final, TypeVar

from hpctl.errors import (
    ClosedPipeError,
    HpctlError,
    InterruptedWaitError,
    Terminated,
    TerminatedWaitError,
    UsageError,
)
from hpctl.facts.session_ports import Sessions, Target

AT_ONCE: Final = 16
"""Sessions that are open at the same time: they begin at three a second, so more help only long commands."""

_STOPPED: Final = "stopped; what hpctl had started on the nodes was ended"

T = TypeVar("T")


def on_each(
    nodes: Mapping[str, Target], work: Callable[[str, Target], T], sessions: Sessions, at_once: int = AT_ONCE
) -> dict[str, T | HpctlError]:
    """Do the work on every node, begun in their order, and return what each returned or failed with.

    What goes wrong on one node stops no other. When the person stops it, or nobody takes the output any more, what
    runs on the nodes is ended.

    Raises:
        InterruptedWaitError: the person stopped it.
        ClosedPipeError, UsageError: the output cannot be written.
    """
    try:
        return _gathered(nodes, work, at_once)
    except Terminated as end:
        sessions.end_all()
        raise TerminatedWaitError(_STOPPED) from end
    except KeyboardInterrupt as end:
        sessions.end_all()
        raise InterruptedWaitError(_STOPPED) from end
    except (ClosedPipeError, UsageError):
        sessions.end_all()
        raise


def _gathered(
    nodes: Mapping[str, Target], work: Callable[[str, Target], T], at_once: int
) -> dict[str, T | HpctlError]:
    """Threads that nobody waits for any more, after Ctrl-C, end with the process."""
    waiting: SimpleQueue[tuple[str, Target]] = SimpleQueue()
    for row in nodes.items():
        waiting.put(row)
    ended: SimpleQueue[tuple[str, T | BaseException]] = SimpleQueue()
    for number in range(min(at_once, len(nodes))):
        Thread(target=_worker, args=(waiting, work, ended), name=f"node-{number}", daemon=True).start()
    told: dict[str, T | HpctlError] = {}
    while len(told) < len(nodes):
        name, outcome = ended.get()
        if isinstance(outcome, BaseException) and not _of_one_node(outcome):
            raise outcome
        told[name] = outcome  # type: ignore[assignment]  # no BaseException but an HpctlError is left
    return {name: told[name] for name in nodes}


def _worker(
    waiting: SimpleQueue[tuple[str, Target]],
    work: Callable[[str, Target], T],
    ended: SimpleQueue[tuple[str, T | BaseException]],
) -> None:
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


def _of_one_node(error: BaseException) -> bool:
    """Whether others may go on: not when nobody reads the output any more, or it cannot be written."""
    return isinstance(error, HpctlError) and not isinstance(error, ClosedPipeError | UsageError)
