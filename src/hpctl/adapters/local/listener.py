"""A TCP port of this machine: the port `facts.listener_ports.Listener`."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Final

from hpctl.errors import ConflictError, UnavailableError, UsageError
from hpctl.facts.session_ports import Tunnel

_BLOCK: Final = 64 * 1024


class SocketListener:
    """Listens from the beginning; a port of 0 becomes a free one."""

    def __init__(self, address: str, port: int) -> None:
        """Raise `ConflictError` when the port is taken, `UsageError` when this machine has no such address."""
        try:
            family = socket.getaddrinfo(address, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0][0]
            self._socket = socket.create_server((address, port), family=family)
        except OSError as error:
            raise _refused(address, port, error) from error
        self.address, self.port = self._socket.getsockname()[:2]

    def connections(self) -> Iterator[AbstractContextManager[Tunnel]]:
        """Yield each connection that is made, for ever."""
        while True:
            connection, _ = self._socket.accept()
            yield _connected(connection)


@contextmanager
def _connected(connection: socket.socket) -> Iterator[Tunnel]:
    with connection:
        try:
            yield _Connection(connection)
        finally:  # closing alone is no end while another thread still receives
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class _Connection:
    """One connection (`facts.session_ports.Tunnel`)."""

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection

    def receive(self) -> bytes:
        """Wait for bytes and return them; b"" once the other end has closed or is gone."""
        try:
            return self._socket.recv(_BLOCK)
        except OSError:
            return b""

    def send(self, data: bytes) -> None:
        """Send all bytes."""
        try:
            self._socket.sendall(data)
        except OSError as error:
            raise UnavailableError(f"the connection broke: {error.strerror}") from error

    def end(self) -> None:
        """Say that no more bytes come from here."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_WR)


def _refused(address: str, port: int, error: OSError) -> ConflictError | UsageError:
    if error.errno == errno.EADDRINUSE:
        return ConflictError(
            f"port {port} of `{address}` is taken on this machine", hint="take another: 0:REMOTE for any free one"
        )
    said = os.strerror(error.errno) if error.errno and error.errno > 0 else str(error.strerror or error)
    return UsageError(f"this machine cannot listen on port {port} of `{address}`: {said}")
