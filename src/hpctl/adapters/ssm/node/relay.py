"""One TCP connection from a node to another host, between this program's standard input and output."""

from __future__ import annotations

import os
import socket
import sys
import threading

BLOCK = 64 * 1024


def main() -> None:
    """Connect to the host and port that the arguments name; end when the other end has."""
    try:
        connection = socket.create_connection((sys.argv[1], int(sys.argv[2])), 30)
    except OSError as error:
        sys.exit(error.strerror or str(error))
    connection.settimeout(None)
    threading.Thread(target=given, args=(connection,), daemon=True).start()
    came = connection.recv(BLOCK)
    while came:
        while came:
            came = came[os.write(1, came) :]
        came = connection.recv(BLOCK)


def given(connection: socket.socket) -> None:
    """Pass input on, and its end."""
    data = os.read(0, BLOCK)
    while data:
        connection.sendall(data)
        data = os.read(0, BLOCK)
    connection.shutdown(socket.SHUT_WR)


if __name__ == "__main__":
    main()
