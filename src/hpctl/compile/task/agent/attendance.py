"""Waits on rank 0 of a PyTorchJob until every worker has said that it has begun.

The training operator's init container starts a worker only once it finds rank 0 by name, and a pod that has ended has
none: a rank 0 that is done at once would leave workers waiting for ever.
"""

from __future__ import annotations

import os
import socket

from .coordinator import listening


def main() -> int:
    """Hear a line with its rank from each of the others."""
    try:
        listener = listening()
    except OSError:
        # Somebody else has the port: then nobody waits.
        return 0
    missing = set(range(1, int(os.environ["HPCTL_NODES"])))
    while missing:
        connection, _ = listener.accept()
        missing -= _said(connection)
    return 0


def _said(connection: socket.socket) -> set[int]:
    """Return the rank that a connection tells, or nothing."""
    connection.settimeout(5.0)
    with connection:
        try:
            return {int(connection.recv(16))}
        except (OSError, ValueError):
            return set()
