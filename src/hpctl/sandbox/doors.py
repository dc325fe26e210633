"""How a sandbox is reached: a side door that always answers, and before it the proxy that everybody goes through."""

from __future__ import annotations

import socket
from random import SystemRandom
from threading import Thread
from typing import TYPE_CHECKING, Final

from moto.moto_server.werkzeug_app import MotoRequestHandler
from werkzeug.serving import make_server

from hpctl.sandbox.eks.certificate import LOOPBACK
from hpctl.sandbox.proxy.fault_proxy import FaultProxy
from hpctl.sandbox.switchboard import Switchboard

if TYPE_CHECKING:
    from collections.abc import Sequence

    from _typeshed.wsgi import WSGIApplication
    from werkzeug.serving import BaseWSGIServer

    from hpctl.sandbox.gateway import Gateway
    from hpctl.sandbox.proxy.ledger import Ledger

_SHUTDOWN_POLL_S = 0.05
_LASTING: Final = range(20_000, 30_000)
"""Below what Linux (32768) and macOS (49152) give to outgoing connections, which may hold a port for a minute."""
_TRIES: Final = 100


class _QuietRequestHandler(MotoRequestHandler):
    """A log line a request would only fill the disk."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing."""


class Doors:
    """A gateway on loopback: `side_url` leads to it, and `proxy.url` through the faults in force."""

    def __init__(self, gateway: Gateway, region: str, token: str, listener: socket.socket, ledger: Ledger) -> None:
        """Take what the doors lead to, the front door's bound socket, and the faults that are in force."""
        self.switchboard = Switchboard(gateway, region, token)
        self.side = listen(self.switchboard, bound([0]))
        self.side_url = f"http://{LOOPBACK}:{self.side.port}"
        self.proxy = self.switchboard.proxy = FaultProxy(self.side_url, listener, ledger)
        self._serving: Thread | None = None

    def open_side(self) -> None:
        """Let the side door answer."""
        self._serving = serving(self.side)

    def open_front(self) -> None:
        """Let the front door answer, unless a fault says otherwise."""
        self.proxy.start()

    def wait(self) -> None:
        """Wait until somebody shuts the side door, and shut the front door."""
        if self._serving is not None:
            # A signal that another thread receives is handled only once this one wakes.
            while self._serving.is_alive():
                self._serving.join(0.2)
        self.side.server_close()
        self.proxy.stop()

    def shut(self) -> None:
        """Shut both; returns when they are."""
        self.side.shutdown()
        self.wait()


def serving(server: BaseWSGIServer) -> Thread:
    """Serve in a thread of its own until `shutdown`."""
    thread = Thread(target=server.serve_forever, args=(_SHUTDOWN_POLL_S,), daemon=True)
    thread.start()
    return thread


def bound(ports: Sequence[int]) -> socket.socket:
    """Return a listening socket on loopback, on the first of the ports that is free; raises OSError.

    0 is any port that can be had again after a restart.
    """
    first, *others = _asked(ports)
    try:
        return socket.create_server((LOOPBACK, first))
    except OSError:
        if not others:
            raise
        return bound(others)


def _asked(ports: Sequence[int]) -> list[int]:
    first, *others = ports
    return [first, *others] if first else [*SystemRandom().sample(_LASTING, _TRIES), *others]


def listen(app: WSGIApplication, listener: socket.socket) -> BaseWSGIServer:
    """Return a server of this application on a listening socket."""
    # werkzeug's own binding prints and exits; with a descriptor it takes the socket as it is.
    port = listener.getsockname()[1]
    return make_server(LOOPBACK, port, app, threaded=True, request_handler=_QuietRequestHandler, fd=listener.detach())
