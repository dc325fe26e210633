"""A reference informer: a view of a collection kept by list and watch, as Kubernetes' documentation says it is kept.

It trusts nothing but versions: what it has seen already it passes over, a line that is cut off it throws away, and
when it is told that its version is too old it lists anew.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

Ask = Callable[[Mapping[str, object]], tuple[int, Iterable[bytes]]]
"""Asks a collection: the parameters of a query, to the code and the body in chunks as they come."""


class TooOldError(Exception):
    """A version or a continue token is gone."""


@dataclass
class View:
    """Objects by name; `version` is how far the view has come, `lists` how often it began anew."""

    ask: Ask
    page: int = 7
    objects: dict[str, dict[str, Any]] = field(default_factory=dict)
    version: str = ""
    lists: int = 0
    told_too_old: int = 0

    def follow(self, enough: Callable[[View], bool]) -> None:
        """Keep the view until it is enough."""
        while not enough(self):
            try:
                if not self.version:
                    self._list()
                self._watch(enough)
            except TooOldError:
                self.version = ""
                self.told_too_old += 1

    def _list(self) -> None:
        self.lists += 1
        found: dict[str, dict[str, Any]] = {}
        query: dict[str, object] = {"limit": self.page}
        while True:
            page = self._page(query)
            found |= {item["metadata"]["name"]: item for item in page["items"]}
            if not page["metadata"].get("continue"):
                break
            query["continue"] = page["metadata"]["continue"]
        self.objects, self.version = found, page["metadata"]["resourceVersion"]

    def _page(self, query: Mapping[str, object]) -> dict[str, Any]:
        while True:
            code, chunks = self.ask(query)
            body = b"".join(chunks)
            if code == 410:
                raise TooOldError
            try:
                page: dict[str, Any] = json.loads(body)
            except ValueError:
                continue  # cut off: the same page again
            if code == 200:
                return page

    def _watch(self, enough: Callable[[View], bool]) -> None:
        query = {"watch": "true", "resourceVersion": self.version, "allowWatchBookmarks": "true", "timeoutSeconds": 5}
        code, chunks = self.ask(query)
        if code == 410:
            raise TooOldError
        for line in _whole_lines(chunks):
            self._hear(json.loads(line))
            if enough(self):
                return

    def _hear(self, event: dict[str, Any]) -> None:
        told = event["object"]
        if event["type"] == "ERROR":
            if told["code"] == 410:
                raise TooOldError
            return
        version, name = told["metadata"]["resourceVersion"], told["metadata"].get("name", "")
        if int(version) <= int(self.version):
            return
        self.version = version
        if event["type"] == "DELETED":
            self.objects.pop(name, None)
        elif event["type"] != "BOOKMARK":
            self.objects[name] = told


def _whole_lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    rest = b""
    for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\n")
        yield from filter(None, whole)
