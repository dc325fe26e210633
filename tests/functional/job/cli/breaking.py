"""A proxy whose connections live a moment: each ends after a part of a second, by a reset or by an end."""

from __future__ import annotations

import random
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread

SHORTEST_S, LONGEST_S = 0.15, 0.9


class Breaking:
    """Carries connections to where their CONNECT says, and breaks them."""

    def __init__(self, seed: int) -> None:
        self.broken = 0
        self._chance = random.Random(seed)  # noqa: S311  the same breaks in every run
        self._over = Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])

    def serve(self) -> None:
        """Take connections until the end."""
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                Thread(target=self._carry, args=(client,), daemon=True).start()

    def end(self) -> None:
        """Take no more."""
        self._over.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _carry(self, client: socket.socket) -> None:
        with client, suppress(OSError):
            head = b""
            while b"\r\n\r\n" not in head:
                head += client.recv(4096)
            host, _, port = head.split()[1].decode().rpartition(":")
            with socket.create_connection((host, int(port))) as target:
                client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                for one, other in ((client, target), (target, client)):
                    Thread(target=_copy, args=(one, other), daemon=True).start()
                self._over.wait(self._chance.uniform(SHORTEST_S, LONGEST_S))
                self.broken += 1
                if self._chance.random() < 0.5:
                    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                else:
                    client.shutdown(socket.SHUT_RDWR)


def _copy(one: socket.socket, other: socket.socket) -> None:
    with suppress(OSError):
        while data := one.recv(65_536):
            other.sendall(data)
        other.shutdown(socket.SHUT_WR)


@contextmanager
def breaking(seed: int = 1) -> Iterator[Breaking]:
    """Run such a proxy until the end of the block."""
    proxy = Breaking(seed)
    thread = Thread(target=proxy.serve)
    thread.start()
    try:
        yield proxy
    finally:
        proxy.end()
        thread.join()
