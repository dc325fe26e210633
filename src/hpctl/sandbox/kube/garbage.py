"""What has to go, and what goes with it: dependents of what is gone, namespaces' contents, CRDs' objects, old events.

Sources: Kubernetes documentation, "Garbage Collection" and "Namespaces"; the namespace controller's finalizer
`kubernetes`; the API server's `--event-ttl` of one hour.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from hpctl.sandbox.kube.deletion import CUSTOM_CLEANUP, FOREGROUND, ORPHAN, may_go
from hpctl.sandbox.kube.kinds import CUSTOM_RESOURCES, kept
from hpctl.sandbox.kube.objects import Kept, Key, Record, key_of
from hpctl.sandbox.kube.resources import Change, Object, Resource

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hpctl.sandbox.kube.api import ClusterApi

Spot = tuple[Kept, Key]
"""Where an object is."""

EVENT_LIFE: Final = timedelta(hours=1)
_NAMESPACES: Final = ("", "namespaces")
_EVENTS: Final = ("", "events")
_LOOK_AT_EVENTS_S: Final = 60.0


class Garbage:
    """The collector of one cluster; it sees each change and does what follows from it, a moment later."""

    def __init__(self, api: ClusterApi) -> None:
        """Look at what is there already: somebody may have been killed in the middle."""
        self._api = api
        self._alive: dict[str, Spot] = {}
        self._dependents: defaultdict[str, dict[Spot, None]] = defaultdict(dict)
        self._due: deque[Spot] = deque()
        self._news = asyncio.Event()
        for place in api.objects.kinds():
            for key, found in api.objects.every(place).items():
                self._remember((place, key), found)
                self._due.append((place, key))
        self._unfollow = api.objects.follow(self._told)

    async def run(self) -> None:
        """Collect until cancelled."""
        try:
            while True:
                self.tidy()
                self._news.clear()
                await self._wait()
        finally:
            self._unfollow()

    def tidy(self) -> None:
        """Do all that is due now."""
        while self._due:
            place, key = self._due.popleft()
            found = self._api.objects.get(place, key)
            if found is not None:
                self._look(place, found)

    def forget_old_events(self) -> None:
        """Remove the events that nobody has written to for an hour."""
        oldest = self._api.now - EVENT_LIFE
        for key, found in tuple(self._api.objects.every(_EVENTS).items()):
            if _seen(found) < oldest:
                self._api.objects.remove(_EVENTS, key)

    async def _wait(self) -> None:
        events = bool(self._api.objects.every(_EVENTS))
        try:
            async with asyncio.timeout(_LOOK_AT_EVENTS_S if events else None):
                await self._news.wait()
        except TimeoutError:
            self.forget_old_events()

    def _told(self, record: Record) -> None:
        spot = record.kept, key_of(record.object)
        if record.before is not None:
            self._forget(spot, record.before)
        if record.change is Change.DELETED:
            self._due.extend(self._dependents.get(record.object["metadata"]["uid"], ()))
            self._due.extend(self._waiting(record))
        else:
            self._remember(spot, record.object)
            if _concerns(record.object):
                self._due.append(spot)
        if self._due:
            self._news.set()

    def _waiting(self, record: Record) -> Iterator[Spot]:
        """Yield what waits for an object to go: its owners, its namespace, its CRD."""
        metadata = record.object["metadata"]
        owners = (owner.get("uid", "") for owner in metadata.get("ownerReferences") or ())
        yield from (self._alive[uid] for uid in owners if uid in self._alive)
        if metadata.get("namespace"):
            yield _NAMESPACES, ("", metadata["namespace"])
        group, plural = record.kept
        yield CUSTOM_RESOURCES, ("", f"{plural}.{group}")

    def _remember(self, spot: Spot, found: Object) -> None:
        self._alive[found["metadata"]["uid"]] = spot
        for owner in found["metadata"].get("ownerReferences") or ():
            self._dependents[owner.get("uid", "")][spot] = None

    def _forget(self, spot: Spot, found: Object) -> None:
        self._alive.pop(found["metadata"]["uid"], None)
        for owner in found["metadata"].get("ownerReferences") or ():
            self._dependents[owner.get("uid", "")].pop(spot, None)

    def _look(self, place: Kept, found: Object) -> None:
        metadata = found["metadata"]
        if "deletionTimestamp" not in metadata:
            if metadata.get("ownerReferences"):
                self._judge_owners(place, found)
            return
        finalizers = metadata.get("finalizers") or ()
        if ORPHAN in finalizers:
            self._orphan(place, found)
        elif FOREGROUND in finalizers:
            self._collect_first(place, found)
        elif CUSTOM_CLEANUP in finalizers:
            self._empty_custom(place, found)
        elif place == _NAMESPACES:
            self._empty_namespace(found)

    def _judge_owners(self, place: Kept, found: Object) -> None:
        owners = found["metadata"]["ownerReferences"]
        there = [owner for owner in owners if self._is_alive(owner, found)]
        if not there:
            self._delete(place, found, "Background")
        elif len(there) < len(owners):
            self._put(place, found, {"ownerReferences": there})
        elif all(self._collects(owner) for owner in there):
            self._delete(place, found, "Foreground" if self._dependents.get(found["metadata"]["uid"]) else None)

    def _is_alive(self, owner: dict[str, Any], found: Object) -> bool:
        spot = self._alive.get(owner.get("uid", ""))
        return spot is not None and spot[1][0] in {"", found["metadata"].get("namespace", "")}

    def _collects(self, owner: dict[str, Any]) -> bool:
        metadata = self._at(self._alive[owner["uid"]])["metadata"]
        return "deletionTimestamp" in metadata and FOREGROUND in (metadata.get("finalizers") or ())

    def _collect_first(self, place: Kept, found: Object) -> None:
        """Delete what depends on an object; it goes itself when all that blocks it has gone."""
        uid = found["metadata"]["uid"]
        spots = [spot for spot in self._dependents.get(uid, ()) if self._depends(spot, found)]
        for spot in spots:
            if "deletionTimestamp" not in self._at(spot)["metadata"]:
                self._due.append(spot)
        if not any(_blocks(self._at(spot), uid) for spot in spots):
            self._release(place, found, FOREGROUND)

    def _depends(self, spot: Spot, owner: Object) -> bool:
        return owner["metadata"].get("namespace", "") in {"", spot[1][0]}

    def _orphan(self, place: Kept, found: Object) -> None:
        uid = found["metadata"]["uid"]
        for spot in tuple(self._dependents.get(uid, ())):
            dependent = self._at(spot)
            owners = [owner for owner in dependent["metadata"]["ownerReferences"] if owner.get("uid") != uid]
            self._put(spot[0], dependent, {"ownerReferences": owners})
        self._release(place, found, ORPHAN)

    def _empty_custom(self, place: Kept, definition: Object) -> None:
        spec = definition["spec"]
        custom = spec["group"], spec["names"]["plural"]
        for found in tuple(self._api.objects.every(custom).values()):
            if "deletionTimestamp" not in found["metadata"]:
                self._delete(custom, found, None)
        if not self._api.objects.every(custom):
            self._release(place, definition, CUSTOM_CLEANUP)

    def _empty_namespace(self, namespace: Object) -> None:
        name = namespace["metadata"]["name"]
        inside = [
            (place, found)
            for place in self._api.objects.kinds()
            for (where, _), found in tuple(self._api.objects.every(place).items())
            if where == name
        ]
        for place, found in inside:
            if "deletionTimestamp" not in found["metadata"]:
                self._delete(place, found, "Background")
        left = any(where == name for place in self._api.objects.kinds() for where, _ in self._api.objects.every(place))
        if not left:
            spec = namespace.get("spec") or {}
            others = [one for one in spec.get("finalizers") or () if one != "kubernetes"]
            self._settle(_NAMESPACES, {**namespace, "spec": {**spec, "finalizers": others}})

    def _delete(self, place: Kept, found: Object, propagation: str | None) -> None:
        metadata = found["metadata"]
        resource = self._resource(place, found)
        self._api.delete(
            resource, metadata.get("namespace"), metadata["name"], propagation=propagation, uid=metadata["uid"]
        )

    def _release(self, place: Kept, found: Object, finalizer: str) -> None:
        left = [one for one in found["metadata"].get("finalizers") or () if one != finalizer]
        self._settle(place, _with(found, {"finalizers": left}))

    def _settle(self, place: Kept, found: Object) -> None:
        resource = self._resource(place, found)
        if may_go(resource, found):
            self._api.remove(resource, found)
        else:
            self._api.put(resource, found)

    def _put(self, place: Kept, found: Object, metadata: dict[str, Any]) -> None:
        self._api.put(self._resource(place, found), _with(found, metadata))

    def _resource(self, place: Kept, found: Object) -> Resource:
        """Return the resource of an object, which need not be served any more."""
        for served in self._api.kinds.every():
            if kept(served) == place:
                return served
        group, _, version = found["apiVersion"].rpartition("/")
        return Resource(group, version, place[1], found["kind"], found["kind"].lower())

    def _at(self, spot: Spot) -> Object:
        return self._api.objects.every(spot[0])[spot[1]]


def _with(found: Object, changes: dict[str, Any]) -> Object:
    metadata = {name: value for name, value in {**found["metadata"], **changes}.items() if value != [] or value is None}
    return {**found, "metadata": metadata}


def _concerns(found: Object) -> bool:
    return "deletionTimestamp" in found["metadata"] or bool(found["metadata"].get("ownerReferences"))


def _blocks(dependent: Object, uid: str) -> bool:
    owners = dependent["metadata"].get("ownerReferences") or ()
    return any(owner.get("uid") == uid and owner.get("blockOwnerDeletion") for owner in owners)


def _seen(event: Object) -> datetime:
    text = event.get("lastTimestamp") or event.get("eventTime") or event["metadata"]["creationTimestamp"]
    return datetime.fromisoformat(text)
