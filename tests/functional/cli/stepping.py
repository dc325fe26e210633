"""A step of a command, held open at AWS's door: what was sent arrives, or does not, before it is let go."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.functional.cli.proxy import Answer, Forward, Proxy


@dataclass
class Step:
    """One call that waits for its answer; `arrived` is set when AWS has it, or would have it."""

    arrived: threading.Event = field(default_factory=threading.Event)
    let_go: threading.Event = field(default_factory=threading.Event)


@contextmanager
def held(proxy: Proxy, action: str, *, reaches_aws: bool) -> Iterator[Step]:
    """Hold the first call of an action until the block ends or lets it go; later calls pass.

    What does not reach AWS is answered with an outage when it is let go.
    """
    step = Step()

    def swap(forward: Forward) -> Answer:
        if step.arrived.is_set():
            return forward()
        answer = forward() if reaches_aws else Answer(503, b"")
        step.arrived.set()
        step.let_go.wait()
        return answer

    proxy.swaps[action] = swap
    try:
        yield step
    finally:
        step.let_go.set()
        proxy.swaps.pop(action, None)


def read_until(running: subprocess.Popen[str], word: str) -> str:
    """Read stderr up to the line that has `word`, and return what was read."""
    assert running.stderr
    told = ""
    for line in running.stderr:
        told += line
        if word in line:
            return told
    raise AssertionError(told)
