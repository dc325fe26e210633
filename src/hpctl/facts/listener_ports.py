"""Ports of this machine that others connect to, as a port in the other sense."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Protocol

from hpctl.facts.session_ports import Tunnel


class Listener(Protocol):
    """One TCP port of this machine."""

    address: str
    port: int

    def connections(self) -> Iterator[AbstractContextManager[Tunnel]]:
        """Yield each connection that is made, for ever; one is closed when its `with` is left."""
        ...
