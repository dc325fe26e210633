"""What works on a cluster's objects: its controllers, and the kubelet that runs its pods."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from hpctl.sandbox.kube import controllers
from hpctl.sandbox.kube.kubelet.kubelet import Kubelet
from hpctl.sandbox.kube.machines import Machines

if TYPE_CHECKING:
    from pathlib import Path

    from hpctl.sandbox.eks.cluster import Cluster
    from hpctl.sandbox.gateway import Gateway
    from hpctl.sandbox.kube.api import ClusterApi
    from hpctl.sandbox.kube.ports import PodStreams


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
        self._machines: Machines | None = None

    def busy(self) -> frozenset[str]:
        """Return the ARNs of the EKS clusters that have a HyperPod cluster; waits for the gateway."""
        return self._gateway.look(lambda moto: frozenset(moto.orchestrators()))

    def of(self, api: ClusterApi, record: Cluster, folder: Path) -> Work:
        """Return what works on one cluster."""
        if self._machines is None:
            self._machines = Machines(self._gateway, asyncio.get_running_loop())
        # No pod may see the sandbox's own home: its keys are there.
        home = folder.parent.parent
        kubelet = Kubelet(api, folder, hidden=(home,), images=home / "images")
        controllers.prepare(api, record)
        return Work(kubelet, (partial(controllers.run, api, self._machines, kubelet, record), kubelet.run))
