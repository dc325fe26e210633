"""Watches as the wire asks for them: from a version on, through selectors, with bookmarks, for a time.

Source: Kubernetes documentation, "API Concepts" (efficient detection of changes; watch bookmarks; streaming lists).
"""

from __future__ import annotations

import asyncio
import math
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from hpctl.sandbox.kube.api import chosen_of
from hpctl.sandbox.kube.kinds import kept, shown
from hpctl.sandbox.kube.lists import known_version
from hpctl.sandbox.kube.resources import Change
from hpctl.sandbox.kube.status import StatusError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping

    from hpctl.sandbox.kube.api import ClusterApi
    from hpctl.sandbox.kube.objects import Key, Record
    from hpctl.sandbox.kube.resources import Object, Resource
    from hpctl.sandbox.kube.selectors import Selector

Told = tuple[str, Any]
"""A `WatchEvent`: its type and its object."""

BOOKMARK_S: Final = 60.0
MOST_PENDING: Final = 10_000
"""Who reads so slowly that more is waiting is cut off, and comes back with the version that it has seen."""
_DEFAULT_TIMEOUT_S: Final = 1800
_BEFORE_END_S: Final = 2.0


@dataclass(frozen=True, slots=True)
class Watch:
    """What is watched, through which selectors, and how long."""

    resource: Resource
    namespace: str | None
    selector: Selector
    version: int | None
    initial: bool
    bookmarks: bool
    ends_initial: bool
    timeout_s: float

    def told(self, record: Record) -> Told | None:
        """Return what a change looks like through the selectors, None when it is not seen."""
        now = shown(self.resource, record.object)
        before = None if record.before is None else shown(self.resource, record.before)
        if self.namespace is not None and now["metadata"].get("namespace") != self.namespace:
            return None
        was = before is not None and self.selector.matches(before)
        if record.change is Change.DELETED:
            return ("DELETED", now) if was else None
        match was, self.selector.matches(now):
            case True, True:
                return "MODIFIED", now
            case False, True:
                return "ADDED", now
            case True, False:
                version = now["metadata"]["resourceVersion"]
                last = before or now
                return "DELETED", {**last, "metadata": {**last["metadata"], "resourceVersion": version}}
            case _:
                return None


def asked(api: ClusterApi, resource: Resource, namespace: str | None, query: Mapping[str, str]) -> Watch:
    """Read the parameters of a watch; raises StatusError (400, 422, 504)."""
    version = query.get("resourceVersion", "")
    known = known_version(api, version) if version else 0
    bookmarks, streams = _flag(query, "allowWatchBookmarks"), query.get("sendInitialEvents")
    _refuse_streaming(streams, query)
    timeout = query.get("timeoutSeconds", "")
    initial = _flag(query, "sendInitialEvents") if streams is not None else not known
    return Watch(
        resource=resource,
        namespace=namespace,
        selector=api.selector(resource, query.get("labelSelector", ""), query.get("fieldSelector", "")),
        version=known or None,
        initial=initial,
        bookmarks=bookmarks,
        ends_initial=streams is not None and initial and bookmarks,
        timeout_s=float(timeout) if timeout.isdigit() and int(timeout) else _DEFAULT_TIMEOUT_S,
    )


async def events(api: ClusterApi, watch: Watch) -> AsyncIterator[Told]:
    """Yield what a watch is told until its time is over; an ERROR is the last that it hears."""
    pending: deque[Told] = deque()
    news, loop = asyncio.Event(), asyncio.get_running_loop()

    def tell(record: Record) -> None:
        if record.kept == kept(watch.resource) and (told := watch.told(record)):
            pending.append(told)
            news.set()

    try:
        pending.extend(_beginning(api, watch))
    except StatusError as gone:
        yield "ERROR", gone.status
        return
    unfollow = api.objects.follow(tell)
    try:
        end = loop.time() + watch.timeout_s
        bookmark = _next_bookmark(watch, loop.time(), end)
        most = len(pending) + MOST_PENDING
        while loop.time() < end:
            while pending:
                yield pending.popleft()
                if len(pending) > most:
                    return
            news.clear()
            await _heard(news, min(end, bookmark) - loop.time())
            if not pending and loop.time() >= bookmark:
                yield _bookmark(api, watch)
                bookmark = _next_bookmark(watch, loop.time(), end)
    finally:
        unfollow()


def _beginning(api: ClusterApi, watch: Watch) -> Iterator[Told]:
    place = kept(watch.resource)
    if watch.initial:
        found: Mapping[Key, Object] = api.objects.every(place)
        for one in chosen_of(found, watch.resource, watch.namespace, watch.selector):
            yield "ADDED", one
        if watch.ends_initial:
            yield _bookmark(api, watch, {"k8s.io/initial-events-end": "true"})
    elif watch.version is not None:
        yield from (told for record in api.objects.since(place, watch.version) if (told := watch.told(record)))


def _bookmark(api: ClusterApi, watch: Watch, annotations: dict[str, str] | None = None) -> Told:
    metadata: dict[str, Any] = {"resourceVersion": str(api.objects.version), "creationTimestamp": None}
    metadata |= {"annotations": annotations} if annotations else {}
    return "BOOKMARK", {"kind": watch.resource.kind, "apiVersion": watch.resource.api_version, "metadata": metadata}


def _next_bookmark(watch: Watch, now: float, end: float) -> float:
    """One a minute, and one shortly before the end, so that the next watch begins where this one ended."""
    last = end - min(_BEFORE_END_S, watch.timeout_s / 2)
    return min(now + BOOKMARK_S, last) if watch.bookmarks and last > now else math.inf


async def _heard(news: asyncio.Event, timeout_s: float) -> None:
    try:
        async with asyncio.timeout(max(timeout_s, 0)):
            await news.wait()
    except TimeoutError:
        return


def _flag(query: Mapping[str, str], name: str) -> bool:
    return query.get(name, "") in {"1", "true", "True"}


def _refuse_streaming(streams: str | None, query: Mapping[str, str]) -> None:
    match = query.get("resourceVersionMatch", "")
    why = ""
    if streams is None and match:
        why = "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided"
    elif streams is not None and match != "NotOlderThan":
        why = "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"
    if why:
        told = f'ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Forbidden: {why}'
        raise StatusError(422, "Invalid", told, details={"group": "meta.k8s.io", "kind": "ListOptions"})
