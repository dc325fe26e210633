"""The sandbox's server process: loopback only, no real credentials, gone cleanly on SIGTERM.

`control.up` starts it with a cleaned environment; it says that it is ready by writing the sandbox's state.
"""

from __future__ import annotations

import gc
import json
import os
import secrets
import signal
import socket
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

from moto.moto_server.werkzeug_app import MotoRequestHandler
from werkzeug.serving import make_server

from hpctl.sandbox.dispatch import Moto
from hpctl.sandbox.eks.certificate import LOOPBACK, authority, server_side
from hpctl.sandbox.eks.models import EksBackend
from hpctl.sandbox.environment import write_client_files
from hpctl.sandbox.gateway import Gateway
from hpctl.sandbox.home import Home, SandboxState, replace_private
from hpctl.sandbox.journal import Journal
from hpctl.sandbox.kubernetes import KubernetesApi
from hpctl.sandbox.proxy.fault_proxy import FaultProxy
from hpctl.sandbox.proxy.ledger import Ledger
from hpctl.sandbox.seeds.account import seed
from hpctl.sandbox.switchboard import Switchboard

if TYPE_CHECKING:
    from collections.abc import Sequence

    from _typeshed.wsgi import WSGIApplication
    from werkzeug.serving import BaseWSGIServer

# The account number of AWS's own examples; the environment gives it to moto.
ACCOUNT = "123456789012"
# What a team has was there before it came: EKS clusters of the seed are ACTIVE at once.
_SEED_AGE = timedelta(hours=1)
_SEED_FACT = "seed"
_KUBERNETES_FACT = "kubernetes port"
_SHUTDOWN_POLL_S = 0.05


class _QuietRequestHandler(MotoRequestHandler):
    """A log line a request would only fill the disk."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing."""


def serve(directory: str, name: str, region: str, pace: str, *ports: str) -> None:
    """Serve a home whose lock this process holds, until SIGTERM; of the ports the first one that is free."""
    os.umask(0o077)
    home, started = Home(Path(directory)), datetime.now(UTC)
    journal = Journal(home.journal)
    if journal.fact(_SEED_FACT) is None:
        journal.forget()
    health = {"name": name, "region": region, "account": ACCOUNT, "pid": os.getpid()}
    gateway = Gateway(Moto(ACCOUNT), journal, pace=float(pace), clock=partial(datetime.now, UTC), health=health)
    gateway.replay()
    listener = _bound([int(port) for port in ports])
    token = secrets.token_urlsafe()
    switchboard = Switchboard(gateway, region, token)
    server = _listen(switchboard, _bound([0]))
    proxy = switchboard.proxy = FaultProxy(_url(server), listener, _kept_faults(home, gateway))
    _serve_kubernetes(home, journal, gateway)
    serving = _serve_until_sigterm(server)
    # The seed takes the side door: a fault that was kept is for others.
    seeded = seeded_account(journal, gateway, _url(server), region)
    state = SandboxState(
        name=name,
        region=region,
        account=ACCOUNT,
        pace=float(pace),
        port=proxy.port,
        pid=os.getpid(),
        started_at=started.isoformat(),
        home=directory,
        side_port=server.port,
        token=token,
        seed=seeded,
    )
    proxy.start()
    write_client_files(state)
    home.write(state)
    gateway.warm("sagemaker", region)
    # What was running when the last server died has no outcome yet: it runs again.
    gateway.run_scripts()
    gc.freeze()
    gc.enable()
    serving.join()
    proxy.stop()
    gateway.close()
    journal.close()


def _serve_until_sigterm(server: BaseWSGIServer) -> Thread:
    serving = Thread(target=server.serve_forever, args=(_SHUTDOWN_POLL_S,), daemon=True)
    serving.start()
    # `shutdown` waits for the loop to end, which a signal's handler must not.
    signal.signal(signal.SIGTERM, lambda *_: Thread(target=server.shutdown).start())
    return serving


def _serve_kubernetes(home: Home, journal: Journal, gateway: Gateway) -> None:
    trusted = authority(home.kubernetes)
    # Kubeconfigs hold the address, so it stays over a restart if it can.
    listener = _bound([int(journal.fact(_KUBERNETES_FACT) or 0), 0])
    server = _listen(KubernetesApi(ACCOUNT, gateway.clock), listener)
    journal.remember(_KUBERNETES_FACT, str(server.port))
    context = server.ssl_context = server_side(home.kubernetes)
    # The handshake is left to the thread of its own connection: a client that never begins one blocks nobody.
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    EksBackend.kubernetes = f"https://{LOOPBACK}:{server.port}", trusted
    Thread(target=server.serve_forever, args=(_SHUTDOWN_POLL_S,), daemon=True).start()


def _bound(ports: Sequence[int]) -> socket.socket:
    first, *others = ports
    try:
        return socket.create_server((LOOPBACK, first))
    except OSError:
        if not others:
            raise
        return _bound(others)


def _listen(app: WSGIApplication, listener: socket.socket) -> BaseWSGIServer:
    # werkzeug's own binding prints and exits; with a descriptor it takes the socket as it is.
    port = listener.getsockname()[1]
    return make_server(LOOPBACK, port, app, threaded=True, request_handler=_QuietRequestHandler, fd=listener.detach())


def _url(server: BaseWSGIServer) -> str:
    return f"http://{LOOPBACK}:{server.port}"


def _kept_faults(home: Home, gateway: Gateway) -> Ledger:
    kept = home.faults.read_text() if home.faults.exists() else ""
    return Ledger(gateway.clock, partial(replace_private, home.faults), kept)


def seeded_account(journal: Journal, gateway: Gateway, endpoint: str, region: str) -> dict[str, str]:
    """Seed the account behind an endpoint, if nobody has; returns the names that `sandbox env` exports."""
    kept = journal.fact(_SEED_FACT)
    if kept is None:
        now = gateway.clock
        gateway.clock = lambda: now() - _SEED_AGE
        kept = json.dumps(seed(endpoint, region, ACCOUNT))
        journal.remember(_SEED_FACT, kept)
        gateway.clock = now
    found: dict[str, str] = json.loads(kept)
    return found
