"""What may happen to a stream on its way: a door between a client and the API, and how it plays up.

Everything is drawn from a seed, so that a failure repeats.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import urllib3

from tests.contract.kubernetes.connection import Cluster
from tests.contract.kubernetes.space import Space

GONE: dict[str, Any] = {
    "kind": "Status",
    "apiVersion": "v1",
    "metadata": {},
    "status": "Failure",
    "message": "too old resource version",
    "reason": "Expired",
    "code": 410,
}


def drawn(seed: int) -> random.Random:
    """Return what everything is drawn from."""
    return random.Random(seed)  # noqa: S311 - what fails once fails again


@dataclass
class Door:
    """Asks a collection of a namespace, and lets nothing through as it was; counts what it did."""

    space: Space
    plural: str
    rng: random.Random
    labels: str = ""
    calm: bool = False
    done: dict[str, int] = field(default_factory=dict)

    def __call__(self, query: Mapping[str, object]) -> tuple[int, Iterable[bytes]]:
        """Ask; the answer is the API's, or 410, or a part of it, in chunks of any size."""
        if ("continue" in query or "watch" in query) and self._happens("410", 0.08):
            return 410, [json.dumps(GONE).encode()]
        return 200, self._told({"labelSelector": self.labels, **query})

    def _told(self, query: Mapping[str, object]) -> Iterator[bytes]:
        cluster: Cluster = self.space.cluster
        with cluster.opened("GET", self.space.path(self.plural), query=query) as answer:
            if answer.status != 200:
                yield b"".join(answer.stream())
                return
            # Of a page of a million bytes, too, some tries must come through.
            chunks = self._played(answer) if "watch" in query else answer.stream(65536)
            for chunk in chunks:
                yield from self._split(chunk)
                if self._happens("closed", 0.06):
                    return

    def _played(self, answer: urllib3.BaseHTTPResponse) -> Iterator[bytes]:
        """Yield the lines of a watch, some twice, with bookmarks and errors in between."""
        last = b""
        rest = b""
        for chunk in answer.stream(65536):
            *whole, rest = (rest + chunk).split(b"\n")
            for line in whole:
                yield line + b"\n"
                if self._happens("repeated", 0.2):
                    yield line + b"\n"
                if last and self._happens("late", 0.2):
                    yield last + b"\n"
                if self._happens("bookmark", 0.2):
                    yield self._bookmark(line) + b"\n"
                if self._happens("error", 0.03):
                    yield json.dumps({"type": "ERROR", "object": GONE}).encode() + b"\n"
                    return
                last = line

    def _bookmark(self, line: bytes) -> bytes:
        """Make a bookmark of the version that a line brought."""
        version = json.loads(line)["object"]["metadata"]["resourceVersion"]
        about = {"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"resourceVersion": version}}
        return json.dumps({"type": "BOOKMARK", "object": about}).encode()

    def _split(self, chunk: bytes) -> Iterator[bytes]:
        """Cut where it hurts: inside of characters, of lines, of everything; or lose the end."""
        while chunk:
            # The first cut is inside a character of several bytes, where there is one.
            inside = next((at for at, byte in enumerate(chunk[:2000]) if byte & 0xC0 == 0x80), 0)
            size = inside if inside and self._happens("split", 0.5) else self.rng.randint(1, 50_000)
            yield chunk[:size]
            chunk = chunk[size:]

    def _happens(self, what: str, chance: float) -> bool:
        happens = not self.calm and self.rng.random() < chance
        if happens:
            self.done[what] = self.done.get(what, 0) + 1
        return happens
