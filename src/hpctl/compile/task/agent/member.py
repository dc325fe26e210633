"""Takes part on every node: reports to the coordinator, and runs the scripts when all nodes are to."""

from __future__ import annotations

import os
import select
import signal
import socket
import time
from pathlib import Path
from typing import TYPE_CHECKING

from .muster import KILLED
from .script import Script
from .wire import PORT, STDERR, Lines, heard, proof, stay_awake, written

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .wire import Message

LOST_S = 60.0
"""How long the coordinator may be out of reach, once it has been there."""
FIRST_S = 3600.0
"""How long it may take to come: its pod may still be waiting for a place or for its image."""
TERMINATED = 143
_AGAIN_S = 0.5
_CONNECT_S = 5.0
_LOOK_S = 0.5
_IDLE_S = 10.0


class Member:
    """One node, as its environment tells. `port` is the coordinator's, `last_words` where a pod leaves them."""

    def __init__(self, environment: Mapping[str, str], last_words: Path, port: int = PORT) -> None:
        self._scripts, self._state = Path(environment["HPCTL_SCRIPTS"]), Path(environment["HPCTL_STATE"])
        self._rank, self._retries = int(environment["HPCTL_NODE_RANK"]), int(environment["HPCTL_RETRIES"])
        self._address = (environment["HPCTL_HOSTS"].split()[0] if self._rank else "127.0.0.1", port)
        self._last_words = last_words
        self._token = (self._scripts / "token").read_bytes().strip()
        key = self._state / "ssh" / "key.pub"
        self._key = key.read_text().strip() if key.exists() else ""
        self._hello = {"rank": self._rank, "boot": os.urandom(8).hex(), "ip": environment["HPCTL_POD_IP"]}
        # A pod that could not be prepared takes part all the same, so that the others hear of it.
        failed = int(environment.get("HPCTL_START_CODE", "0"))
        self._codes: dict[str, int] = {"start": failed} if failed else {}
        self._script: Script | None = None
        self._stop: Message | None = None
        self._stopped_at = 0.0
        self._connection: socket.socket | None = None
        self._lines = Lines()
        self._patience_s, self._heard = FIRST_S, time.monotonic()
        self._terminated = False
        self._wake, self._waker = socket.socketpair()

    def serve(self) -> int:
        """Take part until the end and return this node's exit code."""
        self._watch_signals()
        while self._stop is None or self._script is not None:
            if self._connection is None:
                self._connect()
            self._wait()
            self._look()
            if self._terminated:
                self._terminate()
        self._disconnect()
        return self._ending(self._stop)

    def _watch_signals(self) -> None:
        """Let signals end a wait: the end of a script, and that of the pod."""
        for end in (self._wake, self._waker):
            end.settimeout(0)
        signal.set_wakeup_fd(self._waker.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGTERM, lambda *_: setattr(self, "_terminated", True))

    def _connect(self) -> None:
        try:
            connection = socket.create_connection(self._address, _CONNECT_S)
        except OSError:
            time.sleep(_AGAIN_S)
            return
        stay_awake(connection)
        self._connection, self._lines = connection, Lines()

    def _wait(self) -> None:
        watched = [self._wake] if self._connection is None else [self._wake, self._connection]
        # A script that is being ended must be looked after, and so must a broken connection.
        soon = self._connection is None or self._stop is not None
        ready, _, _ = select.select(watched, [], [], _LOOK_S if soon else _IDLE_S)
        if self._wake in ready:
            self._wake.recv(4096)
        if self._connection is not None and self._connection in ready:
            self._hear(self._connection)

    def _hear(self, connection: socket.socket) -> None:
        messages, more = heard(connection, self._lines)
        for message in messages:
            self._obey(message)
        if not more:
            self._disconnect()

    def _obey(self, message: Message) -> None:
        if "nonce" in message:
            hello = {**self._hello, "key": self._key, "codes": self._codes}
            self._send({**hello, "proof": proof(self._token, str(message["nonce"]), hello)})
        elif message["order"] == "setup":
            self._meet(message["ips"], message["keys"])
            self._begin("setup")
        elif message["order"] == "run":
            self._begin("run")
        else:
            self._finish(message)

    def _meet(self, ips: list[str], keys: list[str]) -> None:
        """Let the other nodes in, and tell the scripts who they are."""
        (self._state / "ips").write_text("\n".join(ips))
        if self._key:
            (self._state / "ssh" / "authorized_keys").write_text("".join(f"{key}\n" for key in keys if key))

    def _begin(self, phase: str) -> None:
        # A connection that broke and came back brings the same order again.
        if self._stop is not None or phase in self._codes or (self._script and self._script.phase == phase):
            return
        if (self._scripts / phase).exists():
            self._script = Script(self._scripts, self._state, phase)
        else:
            self._report(phase, 0)

    def _report(self, phase: str, code: int) -> None:
        self._codes[phase] = code
        self._send({"phase": phase, "code": code})

    def _send(self, message: Message) -> None:
        try:
            if self._connection is not None:
                self._connection.sendall(written(message))
        except OSError:
            self._disconnect()

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection, self._heard, self._patience_s = None, time.monotonic(), LOST_S

    def _look(self) -> None:
        script = self._script
        if script is not None:
            script.look()
            if script.code is not None:
                self._script = None
                self._report(script.phase, script.code if self._stop is None else KILLED)
        if self._connection is None and time.monotonic() - self._heard > self._patience_s:
            self._finish({"order": "stop", "rank": 0, "phase": "lost", "exit": KILLED})

    def _terminate(self) -> None:
        """The pod is to end: so is the script, and the coordinator hears of it."""
        if self._stop is None:
            phase = self._script.phase if self._script is not None else "start"
            self._send({"phase": phase, "code": TERMINATED})
            self._finish({"order": "stop", "rank": self._rank, "phase": phase, "exit": TERMINATED})

    def _finish(self, message: Message) -> None:
        if self._stop is None:
            self._stop, self._stopped_at = message, time.time()
            if self._script is not None:
                self._script.stop()

    def _ending(self, stop: Message) -> int:
        if stop["order"] == "end":
            return 0
        line = f"hpctl: first failure: rank={stop['rank']} phase={stop['phase']} exit={stop['exit']}\n"
        os.write(STDERR, line.encode())
        if os.access(self._last_words, os.W_OK):
            self._last_words.write_text(f"{line}at={self._stopped_at:.6f}\n")
        if stop["rank"] == self._rank:
            return int(stop["exit"])
        failed = next((code for code in self._codes.values() if code), 0)
        # A new attempt needs every node, also those whose scripts had ended well.
        ended_well = "run" in self._codes and not failed and not self._retries
        return 0 if ended_well else failed or KILLED


def main() -> int:
    """Take part as the container's environment tells."""
    return Member(os.environ, Path("/dev/termination-log")).serve()
