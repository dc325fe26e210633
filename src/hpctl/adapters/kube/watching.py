"""One object followed through its changes: list, then watch from there, again after every end of the connection.

A resource version that the server has forgotten (410, as a status or as an event) means one look at the object itself.
"""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlencode

from hpctl import timeouts
from hpctl.adapters.kube.api import Api
from hpctl.adapters.kube.errors import Deed, refused, unreached
from hpctl.errors import HpctlError, RefusedError, UnavailableError
from hpctl.facts.records import EksCluster

_FORGOTTEN: Final = frozenset({"Expired", "Gone", "410"})
_ROUND_S: Final = 300
"""How long one connection watches; the server's own limit is 5 to 10 minutes."""
_QUIET_S: Final = 90.0
"""A server sends bookmarks about every minute: after so long without one the connection is taken for dead."""
_BLOCK: Final = 64 * 1024

Object = Mapping[str, Any]


def watched(api: Api, cluster: EksCluster, path: str, deed: Deed, timeout_s: float) -> Iterator[Object]:
    """Yield the object that `deed` names and each later state of it; ends after `timeout_s`, or when it is deleted.

    An object that does not exist yields nothing. Raises what `adapters.kube.errors.refused` says, and
    `UnavailableError` when many connections in a row tell nothing.
    """
    watch = _Watch(api, cluster, path, deed)
    deadline = api.clock.now() + timedelta(seconds=timeout_s)
    missed = 0
    while not watch.over and (left_s := (deadline - api.clock.now()).total_seconds()) > 0:
        try:
            for found in watch.round(left_s):
                missed = 0
                yield found
        except UnavailableError:
            missed += 1
            if missed >= timeouts.FOLLOW_MISSED:
                raise
        pause = min(timeouts.KUBE_AGAIN_S * 2**missed, timeouts.BACKOFF_CAP_S) * (0.5 + api.clock.jitter() / 2)
        if not watch.over:
            api.clock.sleep(min(pause, left_s))


class _Watch:
    """Where the watching is: the last resource version that was heard of, none when it must be asked for."""

    def __init__(self, api: Api, cluster: EksCluster, path: str, deed: Deed) -> None:
        """Ask for nothing yet."""
        self._api, self._cluster, self._path, self._deed = api, cluster, path, deed
        self._version = ""
        self._told = ""
        self.over = False

    def round(self, left_s: float) -> Iterator[Object]:
        """Yield what one connection tells."""
        if not self._version:
            yield from self._looked()
        if not self.over:
            yield from self._heard(left_s)

    def _looked(self) -> Iterator[Object]:
        page = self._api.read(self._cluster, self._with(), self._deed)
        try:
            rows, self._version = list(page["items"]), str(page["metadata"]["resourceVersion"])
        except (KeyError, TypeError) as error:
            raise self._deed.asked.unreadable() from error
        self.over = not rows
        for row in rows:
            yield from self._new(row)

    def _heard(self, left_s: float) -> Iterator[Object]:
        seconds = max(1, min(int(left_s) + 1, _ROUND_S))
        options = {"watch": "true", "allowWatchBookmarks": "true", "timeoutSeconds": str(seconds)}
        path = self._with(**options, resourceVersion=self._version)
        try:
            stream = self._api.open(self._cluster, path, self._deed, idle_s=min(seconds + 5.0, _QUIET_S))
        except RefusedError as error:
            if error.aws_code not in _FORGOTTEN:
                raise
            self._version = ""
            return
        try:
            for line in _lines(stream.response):
                yield from self._event(line)
                if self.over or not self._version:
                    return
        except TimeoutError:  # nothing has happened; the next connection tells what this one did not
            return
        except (OSError, http.client.HTTPException) as error:
            raise unreached(error, self._deed.asked) from error
        finally:
            stream.close()

    def _event(self, line: bytes) -> Iterator[Object]:
        try:
            event = json.loads(line)
            kind, found = str(event["type"]), dict(event["object"])
        except (ValueError, KeyError, TypeError) as error:
            raise self._deed.asked.unreadable() from error
        if kind == "ERROR":
            self._forget(found)
            return
        self._version = str((found.get("metadata") or {}).get("resourceVersion") or self._version)
        self.over = kind == "DELETED"
        if kind in ("ADDED", "MODIFIED"):
            yield from self._new(found)

    def _forget(self, status: Object) -> None:
        error: HpctlError = refused(int(status.get("code") or 0), json.dumps(status).encode(), self._deed)
        if not isinstance(error, RefusedError) or error.aws_code not in _FORGOTTEN:
            raise error
        self._version = ""

    def _new(self, found: Object) -> Iterator[Object]:
        version = str((found.get("metadata") or {}).get("resourceVersion") or "")
        if not version or version != self._told:
            self._told = version
            yield found

    def _with(self, **options: str) -> str:
        return f"{self._path}?{urlencode({'fieldSelector': f'metadata.name={self._deed.name}', **options})}"


def _lines(response: http.client.HTTPResponse) -> Iterator[bytes]:
    rest = b""
    while data := response.read1(_BLOCK):
        *lines, rest = (rest + data).split(b"\n")
        yield from filter(None, lines)
