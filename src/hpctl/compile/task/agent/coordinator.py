"""Listens on the first node, hears what the others report, and tells all of them what comes next."""

from __future__ import annotations

import os
import selectors
import socket
import time
from pathlib import Path
from typing import TYPE_CHECKING

from .muster import Muster
from .wire import PORT, STDERR, Lines, WireError, is_proven, stay_awake, written

if TYPE_CHECKING:
    from .muster import Sent
    from .roll import Roll
    from .wire import Message

GRACE_S = 30.0
"""How long a node may be out of reach: connections break that a training outlives."""
LEAVE_S = 15.0
"""How long the last words may take, once all is over."""
STRANGERS_S = 120.0
"""How long a node may take to come and hear that all is over."""
_TELL_S = 60.0
_SEND_S = 10.0
_PATIENCE_S = 10.0


class Guest:
    """A connection; `rank` is None until it has proven who it is."""

    def __init__(self, connection: socket.socket, now: float) -> None:
        self.connection, self.lines, self.since = connection, Lines(), now
        self.nonce = os.urandom(16).hex()
        self.rank: int | None = None


class Coordinator:
    """The loop: one thread, one selector."""

    def __init__(
        self,
        listener: socket.socket,
        muster: Muster | Roll,
        nodes: int,
        token: bytes,
        strangers_s: float = STRANGERS_S,
    ) -> None:
        self._listener, self._muster, self._nodes, self._token = listener, muster, nodes, token
        self._strangers_s, self._life = strangers_s, os.urandom(8).hex()
        self._selector = selectors.DefaultSelector()
        self._selector.register(listener, selectors.EVENT_READ)
        self._guests: dict[socket.socket, Guest] = {}
        self._told = time.monotonic()

    def serve(self) -> None:
        """Go on until all have heard how it ended, or nobody listens any more."""
        over: float | None = None
        while over is None or self._is_needed(time.monotonic() - over):
            for key, _ in self._selector.select(1.0):
                if key.fileobj is self._listener:
                    self._welcome()
                else:
                    self._hear(self._guests[key.fileobj])  # type: ignore[index]
            self._tidy(time.monotonic())
            if over is None and self._muster.over:
                over = time.monotonic()

    def _is_needed(self, since_s: float) -> bool:
        """Whether somebody has still to hear how it ended."""
        strangers = self._muster.strangers
        return since_s < (self._strangers_s if strangers else LEAVE_S) and (strangers or bool(self._members()))

    def _members(self) -> list[Guest]:
        return [guest for guest in self._guests.values() if guest.rank is not None]

    def _welcome(self) -> None:
        try:
            connection, _ = self._listener.accept()
            connection.settimeout(_SEND_S)
            stay_awake(connection)
        except OSError:
            # Gone again before it was let in.
            return
        guest = Guest(connection, time.monotonic())
        self._guests[connection] = guest
        self._selector.register(connection, selectors.EVENT_READ)
        self._send(guest, {"nonce": guest.nonce, "life": self._life})

    def _hear(self, guest: Guest) -> None:
        try:
            data = guest.connection.recv(65536)
            messages = guest.lines.fed(data)
        except OSError:
            data, messages = b"", []
        for message in messages:
            try:
                self._deliver(self._judge(guest, message))
            except (WireError, KeyError, TypeError, ValueError):
                data = b""
        if not data:
            self._drop(guest)

    def _judge(self, guest: Guest, message: Message) -> list[Sent]:
        if guest.rank is not None:
            return self._muster.report(guest.rank, str(message["phase"]), int(message["code"]))
        rank = int(message["rank"])
        if not is_proven(self._token, guest.nonce, message) or not 0 <= rank < self._nodes:
            raise WireError("not a node of this job")
        for other in [each for each in self._guests.values() if each.rank == rank]:
            other.rank = None
            self._drop(other)
        guest.rank = rank
        return self._muster.join(rank, message)

    def _deliver(self, sent: list[Sent]) -> None:
        by_rank = {guest.rank: guest for guest in self._guests.values()}
        for rank, message in sent:
            if rank in by_rank:
                self._send(by_rank[rank], message)

    def _send(self, guest: Guest, message: Message) -> None:
        try:
            guest.connection.sendall(written(message))
        except OSError:
            self._drop(guest)

    def _drop(self, guest: Guest) -> None:
        if self._guests.pop(guest.connection, None) is None:
            return
        self._selector.unregister(guest.connection)
        guest.connection.close()
        if guest.rank is not None:
            self._muster.leave(guest.rank, time.monotonic())

    def _tidy(self, now: float) -> None:
        self._deliver(self._muster.look(now))
        for guest in list(self._guests.values()):
            if guest.rank is None and now - guest.since > _PATIENCE_S:
                self._drop(guest)
        if now - self._told > _TELL_S and self._muster.missing and not self._muster.over:
            self._told = now
            os.write(STDERR, f"hpctl: waiting for rank {', '.join(map(str, self._muster.missing))}\n".encode())


def listening(port: int = PORT, host: str = "") -> socket.socket:
    """Return the socket that all nodes connect to."""
    if host:
        return socket.create_server((host, port), backlog=1024)
    listener = socket.socket(socket.AF_INET6 if socket.has_ipv6 and _has_ipv6() else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if listener.family == socket.AF_INET6:
        listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    listener.bind(("", port))
    listener.listen(1024)
    return listener


def main() -> int:
    """Coordinate the nodes that HPCTL_HOSTS names; the token comes from the job's Secret."""
    nodes = len(os.environ["HPCTL_HOSTS"].split())
    token = (Path(os.environ["HPCTL_SCRIPTS"]) / "token").read_bytes().strip()
    Coordinator(listening(), Muster(nodes, GRACE_S), nodes, token).serve()
    return 0


def _has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as trial:
            trial.bind(("::", 0))
    except OSError:
        return False
    return True
