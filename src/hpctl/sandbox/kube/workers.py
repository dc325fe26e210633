"""What works on a cluster's objects: its controllers, and the kubelet that runs its pods."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hpctl.sandbox.kube.status import not_here

if TYPE_CHECKING:
    from asyncio import StreamReader, StreamWriter
    from collections.abc import AsyncIterator, Sequence
    from pathlib import Path

    from hpctl.sandbox.eks.cluster import Cluster
    from hpctl.sandbox.gateway import Gateway
    from hpctl.sandbox.kube.api import ClusterApi
    from hpctl.sandbox.kube.ports import LogOptions, PodStreams, Running
    from hpctl.sandbox.kube.resources import Object


@dataclass(frozen=True, slots=True)
class Work:
    """A cluster's pods' streams, and what runs until it is cancelled."""

    streams: PodStreams
    tasks: tuple[Callable[[], Awaitable[None]], ...]


class Workers:
    """Makes them, for one cluster at a time."""

    def __init__(self, gateway: Gateway) -> None:
        """Take the gateway that knows the machines of all clusters."""
        self._gateway = gateway

    def of(self, api: ClusterApi, record: Cluster, folder: Path) -> Work:
        """Return what works on one cluster."""
        return Work(NoStreams(), ())


class NoStreams:
    """No kubelet, and so no pod to talk to."""

    async def log(self, pod: Object, container: str, options: LogOptions) -> AsyncIterator[bytes]:
        """Refuse (501)."""
        raise not_here("log")
        yield b""

    async def execute(self, pod: Object, container: str, command: Sequence[str], *, tty: bool) -> Running:
        """Refuse (501)."""
        raise not_here("exec")

    async def connect(self, pod: Object, port: int) -> tuple[StreamReader, StreamWriter]:
        """Refuse (501)."""
        raise not_here("portforward")
