"""The clusters of an account that are served: each is put together when it is first asked for, or has pods to run."""

from __future__ import annotations

import asyncio
import logging
import shutil
from dataclasses import dataclass, field
from random import Random, SystemRandom
from typing import TYPE_CHECKING, Final, Protocol

from hpctl.sandbox.eks.models import cluster_at, id_of
from hpctl.sandbox.kube import bootstrap
from hpctl.sandbox.kube.access.eks import EksAccess
from hpctl.sandbox.kube.api import ClusterApi
from hpctl.sandbox.kube.asked import Served
from hpctl.sandbox.kube.garbage import Garbage
from hpctl.sandbox.kube.kinds import CUSTOM_RESOURCES
from hpctl.sandbox.kube.objects import Objects
from hpctl.sandbox.kube.schemas.rules import KindRules
from hpctl.sandbox.kube.store import Store

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import datetime
    from pathlib import Path

    from hpctl.sandbox.eks.cluster import Cluster
    from hpctl.sandbox.kube.ports import PodStreams
    from hpctl.sandbox.kube.workers import Work

_AGAIN_AFTER_S: Final = 1.0
_SUFFIX: Final = ".sqlite3"
_log = logging.getLogger(__name__)


class Crew(Protocol):
    """Who works on the objects of clusters."""

    def busy(self) -> frozenset[str]:
        """Return the ARNs of the EKS clusters that have work to do, asked for or not; called in another thread."""

    def of(self, api: ClusterApi, record: Cluster, folder: Path) -> Work:
        """Return what works on one cluster."""


@dataclass(slots=True)
class _Open:
    """A cluster that has been put together."""

    api: ClusterApi
    store: Store
    rules: KindRules
    streams: PodStreams
    access: EksAccess
    record: Cluster
    tasks: list[asyncio.Task[None]] = field(default_factory=list)


class Clusters:
    """All clusters of an account, by the ids that their endpoints end in."""

    def __init__(
        self,
        account: str,
        folder: Path,
        clock: Callable[[], datetime],
        workers: Crew,
    ) -> None:
        """Keep a file a cluster in `folder`; `workers` are its controllers and its kubelet."""
        self._account, self._folder, self._clock, self._workers = account, folder, clock, workers
        self._open: dict[str, _Open] = {}

    def at(self, unique: str) -> Served | None:
        """Return the cluster of this id, None when EKS has none such."""
        record = cluster_at(self._account, unique)
        if record is None:
            return None
        found = self._open.get(unique) or self._opened(unique, record)
        if found.record is not record:
            found.record, found.access = record, self._access(record, found.api)
        return Served(
            found.api,
            found.access,
            found.rules,
            found.streams,
            lambda: record.version(self._clock()),
            found.rules.warnings,
        )

    def resume(self) -> None:
        """Put those together that were in use when the sandbox was stopped, and forget those that are gone."""
        for path in sorted(self._folder.glob(f"*{_SUFFIX}")):
            if self.at(path.name.removesuffix(_SUFFIX)) is None:
                self._delete(path.name.removesuffix(_SUFFIX))

    async def tend(self) -> None:
        """Stop and forget the clusters that EKS has no more, and put those together that have machines by now."""
        for unique in [known for known in self._open if cluster_at(self._account, known) is None]:
            await self._close(unique)
            self._delete(unique)
        for arn in await asyncio.to_thread(self._workers.busy):
            if busy := id_of(self._account, arn):
                self.at(busy)

    async def close(self) -> None:
        """Stop all of them; each is there again when the sandbox is."""
        await asyncio.gather(*(self._close(unique) for unique in tuple(self._open)))

    def _opened(self, unique: str, record: Cluster) -> _Open:
        store = Store(self._folder / f"{unique}{_SUFFIX}")
        objects = Objects(store)
        rules = KindRules(lambda: objects.every(CUSTOM_RESOURCES).values())
        api = ClusterApi(objects, rules, self._clock, Random(SystemRandom().getrandbits(128)), self._authority())
        bootstrap.fill(api)
        work = self._workers.of(api, record, self._folder / unique)
        found = self._open[unique] = _Open(api, store, rules, work.streams, self._access(record, api), record)
        found.tasks += [asyncio.ensure_future(kept_up(task)) for task in (Garbage(api).run, *work.tasks)]
        return found

    def _access(self, record: Cluster, api: ClusterApi) -> EksAccess:
        return EksAccess(self._account, record, api, self._clock)

    def _authority(self) -> str:
        return (self._folder / "ca.pem").read_text()

    async def _close(self, unique: str) -> None:
        found = self._open.pop(unique)
        for task in reversed(found.tasks):
            task.cancel()
        await asyncio.gather(*found.tasks, return_exceptions=True)
        found.store.close()

    def _delete(self, unique: str) -> None:
        for path in self._folder.glob(f"{unique}{_SUFFIX}*"):
            path.unlink()
        shutil.rmtree(self._folder / unique, ignore_errors=True)


async def kept_up(work: Callable[[], Awaitable[None]]) -> None:
    """Let something work on; what fails by a defect of its own is told, and begins again."""
    while True:
        try:
            await work()
        except Exception:  # noqa: BLE001 - whatever it is, the rest of the cluster goes on
            _log.exception("%s", work)
            await asyncio.sleep(_AGAIN_AFTER_S)
        else:
            return
