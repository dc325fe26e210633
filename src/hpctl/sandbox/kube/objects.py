"""The objects of one cluster as they are, as they were a little while ago, and who is told when they change."""

from __future__ import annotations

import json
from collections import defaultdict, deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from hpctl.sandbox.kube.resources import Change, Object
from hpctl.sandbox.kube.status import StatusError, expired

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hpctl.sandbox.kube.store import Store

WINDOW: Final = 1000
"""How many changes of a kind are remembered. What is older is gone, as etcd's compaction takes it."""
MOST_BYTES: Final = 1_572_864
"""The largest object that etcd keeps (its `--max-request-bytes`)."""

Kept = tuple[str, str]
"""Group and plural that a kind's objects are kept under, whatever version they are asked in."""
Key = tuple[str, str]
"""Namespace ("" when it has none) and name."""


@dataclass(frozen=True, slots=True)
class Record:
    """One change. `object` is what it is from this version on, or was in the end; `before` is None for a new one."""

    version: int
    kept: Kept
    change: Change
    object: Object
    before: Object | None


def key_of(found: Object) -> Key:
    """Return the key of an object."""
    metadata = found["metadata"]
    return metadata.get("namespace", ""), metadata["name"]


class Objects:
    """All objects; each change has the next resource version, is written, remembered and told, in this order."""

    def __init__(self, store: Store, window: int = WINDOW) -> None:
        """Take up what the store keeps; of the changes before now nothing is known."""
        self._store = store
        self._window = window
        self.version = started = store.version
        self._now: defaultdict[Kept, dict[Key, Object]] = defaultdict(dict)
        for group, plural, found in store.objects():
            self._now[group, plural][key_of(found)] = found
        self._past: dict[Kept, deque[Record]] = {}
        self._oldest: defaultdict[Kept, int] = defaultdict(lambda: started)
        self._told: dict[object, Callable[[Record], None]] = {}

    def get(self, kept: Kept, key: Key) -> Object | None:
        """Return an object, or None."""
        return self._now[kept].get(key)

    def every(self, kept: Kept) -> dict[Key, Object]:
        """Return the objects of a kind; not to be changed, and different after the next change."""
        return self._now[kept]

    def kinds(self) -> tuple[Kept, ...]:
        """Return what there are objects of."""
        return tuple(kept for kept, found in self._now.items() if found)

    def put(self, kept: Kept, found: Object) -> Object:
        """Keep an object under its key, new or changed; raises StatusError when it is too large."""
        key, version = key_of(found), self.version + 1
        found = {**found, "metadata": {**found["metadata"], "resourceVersion": str(version)}}
        body = json.dumps(found, ensure_ascii=False, separators=(",", ":"))
        if len(body.encode(errors="surrogatepass")) > MOST_BYTES:
            raise StatusError(500, "", "etcdserver: request is too large")
        self._store.put((*kept, *key), body, version)
        before = self._now[kept].get(key)
        self._now[kept][key] = found
        self._tell(Record(version, kept, Change.MODIFIED if before else Change.ADDED, found, before))
        return found

    def remove(self, kept: Kept, key: Key, last: Object | None = None) -> Object:
        """Forget an object and return what it was in the end: as it is, unless that is told."""
        version, before = self.version + 1, self._now[kept][key]
        found = last or before
        self._store.remove((*kept, *key), version)
        del self._now[kept][key]
        last = {**found, "metadata": {**found["metadata"], "resourceVersion": str(version)}}
        self._tell(Record(version, kept, Change.DELETED, last, before))
        return last

    def at(self, kept: Kept, version: int) -> dict[Key, Object]:
        """Return the objects of a kind as they were at a version; raises StatusError (410) when it is too old."""
        found = dict(self._now[kept])
        for record in reversed(self.since(kept, version)):
            if record.before is None:
                del found[key_of(record.object)]
            else:
                found[key_of(record.object)] = record.before
        return found

    def since(self, kept: Kept, version: int) -> tuple[Record, ...]:
        """Return the changes of a kind after a version; raises StatusError (410) when it is too old."""
        if version < self._oldest[kept]:
            raise expired(f"too old resource version: {version} ({self._oldest[kept]})")
        return tuple(_after(self._past.get(kept, deque()), version))

    def follow(self, tell: Callable[[Record], None]) -> Callable[[], None]:
        """Have each change told from now on; returns what ends that."""
        token = object()
        self._told[token] = tell
        return lambda: self._told.pop(token, None) and None

    def _tell(self, record: Record) -> None:
        self.version = record.version
        past = self._past.setdefault(record.kept, deque())
        past.append(record)
        if len(past) > self._window:
            self._oldest[record.kept] = past.popleft().version
        for tell in tuple(self._told.values()):
            tell(record)


def _after(past: deque[Record], version: int) -> Iterator[Record]:
    newest: list[Record] = []
    for record in reversed(past):
        if record.version <= version:
            break
        newest.append(record)
    return reversed(newest)
