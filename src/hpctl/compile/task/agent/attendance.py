"""Listens on rank 0 of a training: hears which ranks have begun and how they end, and tells all when one has failed.

The training operator's init container starts a worker only once it finds rank 0 by name, and a pod that has ended has
none: so rank 0, when it is done, stays until all have begun.
"""

from __future__ import annotations

import os
from pathlib import Path

from .coordinator import Coordinator, listening
from .roll import Roll

GRACE_S = 120.0
"""How long a rank may be out of reach: torchrun's own rendezvous bears less."""
STRANGERS_S = 10.0
"""How long rank 0 stays after a failure for ranks that begin a moment later."""


def main() -> int:
    """Serve the job that the environment names."""
    nodes = int(os.environ["HPCTL_NODES"])
    try:
        listener = listening(host=os.environ["HPCTL_LISTEN"])
    except OSError:
        # Somebody else has the port: then nobody waits, and nobody is told.
        return 0
    token = (Path(os.environ["HPCTL_SCRIPTS"]) / "token").read_bytes().strip()
    roll = Roll(nodes, os.environ["HPCTL_FAILURE"], GRACE_S)
    Coordinator(listener, roll, nodes, token, STRANGERS_S).serve()
    return 0
