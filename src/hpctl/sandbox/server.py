"""The sandbox's server process: loopback only, no real credentials, gone cleanly on SIGTERM.

`control.up` starts it with a cleaned environment; it says that it is ready by writing the sandbox's state.
"""

from __future__ import annotations

import gc
import json
import os
import secrets
import signal
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

from hpctl.sandbox.agent.server import NodesServer
from hpctl.sandbox.dispatch import Moto
from hpctl.sandbox.doors import Doors, bound
from hpctl.sandbox.eks.certificate import LOOPBACK, authority, server_side
from hpctl.sandbox.eks.models import EksBackend
from hpctl.sandbox.environment import write_client_files
from hpctl.sandbox.gateway import Gateway
from hpctl.sandbox.home import Home, SandboxState, replace_private
from hpctl.sandbox.journal import Journal
from hpctl.sandbox.kube.server import KubernetesServer
from hpctl.sandbox.proxy.ledger import Ledger
from hpctl.sandbox.seeds.account import seed

if TYPE_CHECKING:
    from collections.abc import Callable

    from hpctl.sandbox.kube.clusters import Crew

# The account number of AWS's own examples; the environment gives it to moto.
ACCOUNT = "123456789012"
# What a team has was there before it came: EKS clusters of the seed are ACTIVE at once.
_SEED_AGE = timedelta(hours=1)
_SEED_FACT = "seed"
_KUBERNETES_FACT = "kubernetes port"


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
    listener, token = bound([int(port) for port in ports]), secrets.token_urlsafe()
    doors = Doors(gateway, region, token, listener, _kept_faults(home, gateway))
    kubernetes = kubernetes_of(home, journal, gateway)
    nodes = NodesServer(gateway, doors.switchboard.channels, bound([0]), home.nodes)
    doors.open_side()
    # `shutdown` waits for the loop to end, which a signal's handler must not.
    signal.signal(signal.SIGTERM, lambda *_: Thread(target=doors.side.shutdown).start())
    # The seed takes the side door: a fault that was kept is for others.
    seeded = seeded_account(journal, gateway, doors.side_url, region)
    state = SandboxState(
        name=name,
        region=region,
        account=ACCOUNT,
        pace=float(pace),
        port=doors.proxy.port,
        pid=os.getpid(),
        started_at=started.isoformat(),
        home=directory,
        side_port=doors.side.port,
        token=token,
        seed=seeded,
    )
    doors.open_front()
    write_client_files(state)
    home.write(state)
    for each in (kubernetes, nodes):
        each.start()
    gateway.warm("sagemaker", region)
    # What was running when the last server died has no outcome yet: it runs again.
    gateway.run_scripts()
    gc.freeze()
    gc.enable()
    doors.wait()
    for each in (nodes, kubernetes):
        each.stop()
    gateway.close()
    journal.close()


def kubernetes_of(
    home: Home, journal: Journal, gateway: Gateway, workers: Callable[[Gateway], Crew] | None = None
) -> KubernetesServer:
    """Return the server of the account's Kubernetes, with the certificates of a home, and tell EKS where it is."""
    trusted = authority(home.kubernetes)
    # Kubeconfigs hold the address, so it stays over a restart if it can.
    listener = bound([int(journal.fact(_KUBERNETES_FACT) or 0), 0])
    port = listener.getsockname()[1]
    journal.remember(_KUBERNETES_FACT, str(port))
    EksBackend.kubernetes = f"https://{LOOPBACK}:{port}", trusted
    return KubernetesServer(ACCOUNT, home.kubernetes, gateway, listener, server_side(home.kubernetes), workers=workers)


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
