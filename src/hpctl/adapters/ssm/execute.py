"""A program on a node, for a caller who waits: its thread writes what comes, the loop's thread does the rest."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import BinaryIO, Final
from uuid import uuid4

from hpctl.adapters.local.output import printed
from hpctl.adapters.local.typed import Typed
from hpctl.adapters.ssm import bootstrap
from hpctl.adapters.ssm.hub import Hub
from hpctl.adapters.ssm.link import Link
from hpctl.adapters.ssm.speech import request
from hpctl.adapters.ssm.starting import INTERACTIVE, Starter
from hpctl.adapters.ssm.talk import Exited, Printed, Talk
from hpctl.facts.session_ports import Target

_SLACK_S: Final = 60.0
"""How much longer than its time a program is waited for here: the supervisor ends it and says so."""


@dataclass(frozen=True, slots=True)
class Streams:
    """What a program reads and writes."""

    stdin: BinaryIO | None
    stdout: BinaryIO
    stderr: BinaryIO


@dataclass(frozen=True, slots=True)
class Program:
    """What to run, and how long at most."""

    command: Sequence[str]
    streams: Streams
    timeout_s: float | None


def attempt(hub: Hub, starter: Starter, node: Target, program: Program) -> Exited:
    """Start a session, run the program in it, and return how it ended.

    Raises:
        NotBegunError: the program was not asked for, so that another attempt repeats nothing.
        SessionError: the session broke, and what became of the program is not known.
        HpctlError: AWS refused the session, or nobody takes the output.
    """
    nonce = uuid4().hex[:16]
    opened = starter.start(node, INTERACTIVE, {"command": [bootstrap.command(nonce)]})
    said: SimpleQueue[object] = SimpleQueue()
    typed = Typed(program.streams.stdin, hub.loop) if program.streams.stdin is not None else None
    asked = request(program.command, timeout_s=program.timeout_s)
    link = Link(opened, starter)
    talk = Talk(link, nonce, asked, typed, said.put)
    work = hub.start(talk.run(), said.put)
    try:
        return _followed(said, program, lambda count: hub.soon(talk.taken, count))
    finally:
        work.end()


def _followed(said: SimpleQueue[object], program: Program, taken: Callable[[int], None]) -> Exited:
    """Write what the program prints until it ends."""
    outputs = {"O": program.streams.stdout, "E": program.streams.stderr}
    patience_s = None if program.timeout_s is None else program.timeout_s + _SLACK_S
    while True:
        try:
            told = said.get(timeout=patience_s)
        except Empty:
            return Exited(0, timed_out=True)
        match told:
            case Printed(stream, data):
                printed(outputs[stream], data)
                taken(len(data))
            case Exited():
                return told
            case BaseException():
                raise told
            case _:
                raise TypeError(told)
