"""A sandbox in this very process: real sockets, virtual time, back at its seed within milliseconds."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

from hpctl.sandbox.environment import applied, environment, write_client_files
from hpctl.sandbox.home import Home, SandboxState
from tests.faults.front import Front
from tests.faults.pods import PrintedLogs
from tests.faults.virtual import VirtualTime

if TYPE_CHECKING:
    from hpctl.sandbox.doors import Doors
    from hpctl.sandbox.gateway import Gateway
    from hpctl.sandbox.journal import Journal
    from hpctl.sandbox.kube.server import KubernetesServer
    from hpctl.sandbox.past import Snapshot
    from hpctl.sandbox.proxy.fault_proxy import FaultProxy

REGION = "us-west-2"
PACE_S = 20.0
"""Virtual seconds of a whole creation: a waiter looks some eight times, and every look costs real time."""


class _AtOnce(Executor):
    """Does what it is given before it returns: a script has ended when the request that needs it is answered."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        done: Future[Any] = Future()
        done.set_result(fn(*args, **kwargs))
        return done


@dataclass(frozen=True)
class Kept:
    """A moment of the account, to go back to any number of times."""

    account: Snapshot
    at: datetime
    attempt: int


@dataclass
class Inside:
    """A sandbox in this process. `proxy` is the road that clients take, `front` the same of its Kubernetes.

    `seed` is what `sandbox env` exports.
    """

    time: VirtualTime
    state: SandboxState
    front: Front
    _gateway: Gateway
    _doors: Doors
    _journal: Journal
    _seeded: Snapshot
    _kubernetes: tuple[str, str]
    _seeded_attempt: int
    _clients: dict[str, Any] = field(default_factory=dict)

    @property
    def proxy(self) -> FaultProxy:
        return self._doors.proxy

    @property
    def seed(self) -> dict[str, str]:
        return dict(self.state.seed)

    @property
    def environ(self) -> dict[str, str]:
        """The environment of a client, on top of this process's."""
        return applied(environment(self.state), os.environ)

    def client(self, service: str) -> Any:
        """Return a boto3 client that takes the side door: no fault strikes it, and the proxy does not see it."""
        if service not in self._clients:
            self._clients[service] = _client(service, self._doors.side_url)
        return self._clients[service]

    def put(self, *faults: dict[str, Any]) -> None:
        """Put faults in force as `hpctl sandbox inject --file` does, those of clusters too."""
        from hpctl.sandbox.proxy.faults import read_injections

        self._doors.switchboard.put(read_injections(list(faults)))

    @property
    def effects(self) -> tuple[str, ...]:
        """The operations of HyperPod's that took effect since the last reset, in order."""
        targets = (str(entry.environ.get("HTTP_X_AMZ_TARGET", "")) for entry in self._journal.entries())
        return tuple(target.rpartition(".")[2] for target in targets if target.startswith("SageMaker."))

    def keep(self) -> Kept:
        """Keep the account as it is now."""
        from hpctl.sandbox.past import Snapshot

        return Kept(Snapshot.take(), self.time.now(), self._gateway._attempt)

    def sleep(self, seconds: float) -> None:
        """Let time pass; faults that are over by then are over at once."""
        self.time.sleep(seconds)
        self.proxy._settle()

    def reset(self, to: Kept | None = None) -> None:
        """Let the account be as it was kept, else as it was seeded, and the time as well; no faults, no calls."""
        from hpctl.sandbox.eks.models import EksBackend

        self.proxy.forget()
        self.front.forget()
        self.time.reset()
        self._seeded.restore()
        EksBackend.kubernetes = self._kubernetes
        self._journal.forget()
        self._gateway._attempt = self._seeded_attempt
        self._gateway._past.__init__()  # type: ignore[misc]
        self._gateway._started.clear()
        if to is not None:
            to.account.restore()
            self.time.at, self._gateway._attempt = to.at, to.attempt


def _client(service: str, endpoint: str) -> Any:
    return boto3.client(  # type: ignore[call-overload]
        service,
        endpoint_url=endpoint,
        region_name=REGION,
        aws_access_key_id="HPCTLTESTS0000000000",
        aws_secret_access_key="none",
        config=Config(retries={"total_max_attempts": 1}),
    )


def _told(home: Home, account: str, port: int, seed: dict[str, str]) -> SandboxState:
    state = SandboxState("inside", REGION, account, PACE_S, port, os.getpid(), "", str(home.path), seed=seed)
    write_client_files(state)
    return state


def _close(kubernetes: KubernetesServer, doors: Doors, journal: Journal, front: Front) -> None:
    gc.collect()  # connections of commands that have ended
    front.hang_up()
    kubernetes.stop()
    doors.shut()
    journal.close()


@contextmanager
def inside(folder: Path, time: Any = None) -> Iterator[Inside]:
    """Run a sandbox in this process, beginning with an empty account; its clock is `time`, else a VirtualTime.

    moto holds its account in modules: of several sandboxes the one that was reset last is there.
    """
    os.environ["MOTO_EC2_LOAD_DEFAULT_AMIS"] = "false"  # before moto is imported
    yield from _served(folder, time or VirtualTime())


class _ChartAlone:
    """Clusters have what AWS's chart puts into them, and nobody who works on it: their clocks would be real ones."""

    def __init__(self, streams: Any) -> None:
        self._streams = streams

    def busy(self) -> frozenset[str]:
        return frozenset()

    def of(self, api: Any, record: Any, folder: Path) -> Any:
        from hpctl.sandbox.kube import controllers
        from hpctl.sandbox.kube.workers import Work

        controllers.prepare(api, record)
        return Work(self._streams, ())


def _kubernetes(home: Home, journal: Journal, gateway: Gateway, front: Front) -> KubernetesServer:
    from hpctl.sandbox.server import kubernetes_of

    server = kubernetes_of(home, journal, gateway, lambda _: _ChartAlone(PrintedLogs()))
    with front.built_in(server._listener.getsockname()[1]):
        server.start()
    return server


def _served(folder: Path, time: Any) -> Iterator[Inside]:
    from moto.core.base_backend import BackendDict

    from hpctl.sandbox.dispatch import Moto
    from hpctl.sandbox.doors import Doors, bound
    from hpctl.sandbox.eks.models import EksBackend
    from hpctl.sandbox.gateway import Gateway
    from hpctl.sandbox.journal import Journal
    from hpctl.sandbox.past import Snapshot
    from hpctl.sandbox.proxy.ledger import Ledger
    from hpctl.sandbox.scripts import Outcome
    from hpctl.sandbox.server import ACCOUNT, seeded_account

    BackendDict.reset()
    home, journal = Home(folder / "sandbox"), Journal(Path(":memory:"))
    at_once: Any = {"scripts": _AtOnce(), "run_script": lambda _: Outcome(0, ())}
    gateway = Gateway(Moto(ACCOUNT), journal, pace=PACE_S, clock=time.now, health={}, **at_once)
    home.prepare()
    doors = Doors(gateway, REGION, "token", bound([0]), Ledger(time.now))
    kubernetes = _kubernetes(home, journal, gateway, front := Front())
    doors.open_side()
    doors.open_front()
    seed = seeded_account(journal, gateway, doors.side_url, REGION)
    state = _told(home, ACCOUNT, doors.proxy.port, seed)
    gateway.warm("sagemaker", REGION)
    kept = Snapshot.take(), EksBackend.kubernetes, journal.last_attempt
    running = Inside(time, state, front, gateway, doors, journal, *kept)
    running.reset()
    try:
        yield running
    finally:
        _close(kubernetes, doors, journal, running.front)
