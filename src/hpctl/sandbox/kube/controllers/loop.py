"""A loop that reconciles: each controller is told which keys may have changed, and brings them nearer one by one.

A key waits once however often it is told; what failed is tried again, later each time (client-go's rate limiter).
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Final, Protocol

from hpctl.sandbox.kube.status import StatusError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hpctl.sandbox.kube.ports import Api
    from hpctl.sandbox.kube.resources import Event, Resource

Key = tuple[str, str]
"""Namespace ("" when there is none) and name of what is to be reconciled."""

FIRST_RETRY_S: Final = 0.005
LONGEST_RETRY_S: Final = 60.0
# A refusal of the API, and what an object that nobody has foreseen does to a controller.
_FAILURES: Final = (StatusError, LookupError, TypeError, ValueError, AttributeError)
_log = logging.getLogger(__name__)


class Controller(Protocol):
    """One controller; what it reads from the API is never older than what it was told."""

    @property
    def watches(self) -> tuple[Resource, ...]:
        """The resources whose changes it wants to be told."""

    def keys(self, event: Event) -> Iterable[Key]:
        """Yield the keys that a change concerns."""

    def reconcile(self, key: Key) -> float | None:
        """Bring what the key names nearer to what is wished; returns after how many seconds to look again, if ever."""


_Item = tuple[Controller, Key]


class Loop:
    """Reconciles for some controllers; idle until something changes or a moment comes."""

    def __init__(self, api: Api, controllers: Sequence[Controller]) -> None:
        """Take the API to watch and who is to be told."""
        self._api = api
        self._told: defaultdict[tuple[str, str], list[Controller]] = defaultdict(list)
        self._resources: dict[tuple[str, str], Resource] = {}
        for controller in controllers:
            for resource in controller.watches:
                self._resources[resource.group, resource.plural] = resource
                self._told[resource.group, resource.plural].append(controller)
        self._due: dict[_Item, None] = {}
        self._later: dict[_Item, asyncio.TimerHandle] = {}
        self._failures: Counter[_Item] = Counter()
        self._wake = asyncio.Event()

    async def run(self) -> None:
        """Reconcile until cancelled."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._listen())
                group.create_task(self._work())
        finally:
            for timer in self._later.values():
                timer.cancel()

    def wish(self, controller: Controller, key: Key) -> None:
        """Have a key reconciled soon."""
        self._due[controller, key] = None
        self._wake.set()

    async def _listen(self) -> None:
        async for event in self._api.watch(*self._resources.values()):
            for controller in self._told[event.resource.group, event.resource.plural]:
                for key in controller.keys(event):
                    self.wish(controller, key)

    async def _work(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._due:
                item = next(iter(self._due))
                del self._due[item]
                self._reconcile(item)
                # Everybody else in this thread gets a turn between two keys.
                await asyncio.sleep(0)

    def _reconcile(self, item: _Item) -> None:
        if timer := self._later.pop(item, None):
            timer.cancel()
        controller, key = item
        try:
            after = controller.reconcile(key)
        except _FAILURES as error:
            after = min(FIRST_RETRY_S * 2 ** self._failures[item], LONGEST_RETRY_S)
            self._failures[item] += 1
            if not isinstance(error, StatusError):
                _log.exception("%s cannot reconcile %s", type(controller).__name__, "/".join(key))
        else:
            del self._failures[item]
        if after is not None:
            self._later[item] = asyncio.get_running_loop().call_later(max(after, 0.0), self.wish, *item)
