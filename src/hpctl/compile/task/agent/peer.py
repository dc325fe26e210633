"""Stands beside a training's script on every rank: tells rank 0 how it ends, and ends it when another rank has failed.

What start.sh has to report comes by standard input, a line each: a phase and an exit code. The script itself runs
whether this one is there or not.
"""

from __future__ import annotations

import contextlib
import math
import os
import select
import signal
import socket
import time
from pathlib import Path
from typing import TYPE_CHECKING

from .muster import KILLED
from .roll import AWAY, ENDS, RESTARTS
from .wire import PORT, Lines, heard, proof, stay_awake, written

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .wire import Message

STDIN = 0
LOST_S = 120.0
"""How long rank 0 may be out of reach, once it has been there."""
DELIVER_S = 15.0
"""How long a report may take: rank 0 may not listen yet."""
HURRY_S = 2.0
"""The same for one that nobody depends on, in a pod that is told to end."""
CHANCE_S = 5.0
"""How long a rank may go on after another one has failed: many fail themselves then, with words of their own."""
_LOST = {"order": "stop", "rank": 0, "phase": "lost", "exit": KILLED}
_REFUSALS = 3
_SOON_S, _LATER_S = 0.5, 5.0
_HASTE_S = 60.0
_CONNECT_S = 5.0


class Peer:
    """One rank, as its environment tells; `port` is that of rank 0."""

    def __init__(self, environment: Mapping[str, str], port: int = PORT) -> None:
        self._state = Path(environment["HPCTL_STATE"])
        self._rank, self._address = int(environment["HPCTL_NODE_RANK"]), (environment["HPCTL_FIRST"], port)
        self._start = int(environment["HPCTL_START"])
        self._failure = environment["HPCTL_FAILURE"]
        self._patience_s = LOST_S if self._failure == ENDS and self._rank else math.inf
        self._token = (Path(environment["HPCTL_SCRIPTS"]) / "token").read_bytes().strip()
        self._hello = {"rank": self._rank, "boot": os.urandom(8).hex()}
        self._codes: dict[str, int] = {}
        self._connection: socket.socket | None = None
        self._lines, self._said = Lines(), b""
        self._began = time.monotonic()
        self._met = self._welcomed = self._over = False
        self._lost_at = self._until = math.inf
        self._refusals, self._life = 0, ""

    def serve(self) -> None:
        """Take part until this rank has ended, or shall end."""
        while not self._over and time.monotonic() < self._until:
            if self._connection is None:
                self._connect()
            self._wait()
            if time.monotonic() > self._lost_at:
                self._stop(_LOST)

    def _connect(self) -> None:
        try:
            connection = socket.create_connection(self._address, _CONNECT_S)
            stay_awake(connection)
        except ConnectionRefusedError:
            # Its pod is there: without one who listens, which ends nobody.
            self._lost_at = math.inf
        except OSError:
            if self._lost_at == math.inf and self._welcomed:
                self._lost_at = time.monotonic() + self._patience_s
        else:
            self._connection, self._lines, self._met = connection, Lines(), False

    def _wait(self) -> None:
        haste = time.monotonic() - self._began < _HASTE_S or self._codes
        pause = None if self._connection is not None else _SOON_S if haste else _LATER_S
        limit = self._until - time.monotonic()
        if limit < math.inf:
            pause = max(0.0, limit if pause is None else min(pause, limit))
        watched: list[int | socket.socket] = [STDIN]
        if self._connection is not None:
            watched.append(self._connection)
        ready, _, _ = select.select(watched, [], [], pause)
        if STDIN in ready:
            self._listen()
        if self._connection is not None and self._connection in ready:
            self._hear(self._connection)

    def _listen(self) -> None:
        """Hear from start.sh; its end is the pod's."""
        data = os.read(STDIN, 4096)
        *lines, self._said = (self._said + data).split(b"\n")
        for line in lines:
            phase, code = line.decode().split()
            self._codes[phase] = int(code)
            self._until = time.monotonic() + (HURRY_S if phase == AWAY else DELIVER_S)
            self._send({"phase": phase, "code": int(code)})
        self._over = self._over or not data

    def _hear(self, connection: socket.socket) -> None:
        messages, more = heard(connection, self._lines)
        for message in messages:
            self._obey(message)
        if not more:
            self._disconnect()

    def _obey(self, message: Message) -> None:
        if "nonce" in message:
            self._greet(message)
            return
        self._met = self._welcomed = True
        self._refusals = 0
        order = message["order"]
        if order == "heard":
            (self._state / "heard").touch()
        elif order == AWAY:
            self._patience_s, self._life = math.inf, ""
        elif order == "stop" and not self._codes:
            self._stop(message)
        else:
            self._over = True

    def _greet(self, message: Message) -> None:
        hello = {**self._hello, "codes": self._codes}
        self._send({**hello, "proof": proof(self._token, str(message["nonce"]), hello)})
        self._lost_at = math.inf
        before, self._life = self._life, str(message["life"])
        if self._welcomed and before not in ("", self._life) and self._failure == RESTARTS and not self._codes:
            # Rank 0 was started again without a word.
            self._stop(_LOST)

    def _stop(self, message: Message) -> None:
        """Let the script end by itself for a moment, then have it ended."""
        self._disconnect()
        self._over = True
        words = f"{message['rank']} {message['phase']} {message['exit']}\n"
        (self._state / "stopped.new").write_text(words)
        (self._state / "stopped.new").rename(self._state / "stopped")
        ready, _, _ = select.select([STDIN], [], [], CHANCE_S)
        if not ready:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._start, signal.SIGUSR1)

    def _send(self, message: Message) -> None:
        try:
            if self._connection is not None:
                self._connection.sendall(written(message))
        except OSError:
            self._disconnect()

    def _disconnect(self) -> None:
        if self._connection is None:
            return
        self._connection.close()
        self._connection = None
        if not self._met:
            # Who hears a hello and hangs up is another job's rank 0, which has the port.
            self._refusals += 1
            self._over = self._over or self._refusals == _REFUSALS


def main() -> int:
    """Stand by as the container's environment tells."""
    Peer(os.environ).serve()
    return 0
