"""Connections to the API of an EKS cluster: vouched for by its own authority, through the proxy that is set."""

from __future__ import annotations

import base64
import http.client
import urllib.request
from contextlib import suppress
from dataclasses import dataclass
from socket import SHUT_RDWR, socket
from threading import Lock
from typing import Final
from urllib.parse import SplitResult, unquote, urlsplit

from hpctl import timeouts
from hpctl.adapters.kube.https import endpoint_of, trusting
from hpctl.facts.records import EksCluster

_HTTPS_PORT: Final = 443


def dial(cluster: EksCluster, *, answer_s: float) -> http.client.HTTPSConnection:
    """Connect, and wait for each answer at most `answer_s`.

    Raises:
        UnavailableError: the cluster has no endpoint that a token may be sent to.
        OSError, http.client.HTTPException: nobody answered, or nobody who is vouched for.
    """
    target = urlsplit(endpoint_of(cluster))
    host, port = target.hostname or "", target.port or _HTTPS_PORT
    context = trusting(cluster.certificate_authority or "")
    if proxy := proxy_for(host):
        through = proxy.hostname or "", proxy.port or _HTTPS_PORT
        connection = http.client.HTTPSConnection(*through, timeout=timeouts.CONNECT_S, context=context)
        connection.set_tunnel(host, port, _credentials(proxy))
    else:
        connection = http.client.HTTPSConnection(host, port, timeout=timeouts.CONNECT_S, context=context)
    connection.connect()
    connection.sock.settimeout(answer_s)
    return connection


def proxy_for(host: str) -> SplitResult | None:
    """Return the proxy that the environment names for a host, None when it is reached directly."""
    if urllib.request.proxy_bypass(host):
        return None
    named = urllib.request.getproxies().get("https")
    return urlsplit(named if "//" in named else f"//{named}") if named else None


@dataclass(frozen=True, slots=True)
class Stream:
    """An answer that is still being given, and the socket that it comes over."""

    socket: socket
    response: http.client.HTTPResponse

    def close(self) -> None:
        """Let go of it; a thread that reads from it sees its end."""
        with suppress(OSError):
            # The plain shutdown: that of a TLS socket would let a reader go on with what is encrypted.
            socket.shutdown(self.socket, SHUT_RDWR)
        self.response.close()
        self.socket.close()


@dataclass(frozen=True, slots=True)
class _Idle:
    connection: http.client.HTTPSConnection
    since: float


class Idle:
    """Connections that have answered and wait for the next question, of any number of threads."""

    def __init__(self, keep_s: float) -> None:
        """Keep each for so long: a server or something in between may have dropped an older one."""
        self._keep_s = keep_s
        self._waiting: dict[str, list[_Idle]] = {}
        self._lock = Lock()

    def take(self, endpoint: str, now: float) -> http.client.HTTPSConnection | None:
        """Return one that was used a moment ago, None without one."""
        with self._lock:
            waiting = self._waiting.get(endpoint, [])
            while waiting:
                found = waiting.pop()
                if now - found.since < self._keep_s:
                    return found.connection
                found.connection.close()
        return None

    def give(self, endpoint: str, connection: http.client.HTTPSConnection, now: float) -> None:
        """Keep one whose answer was read to its end."""
        with self._lock:
            self._waiting.setdefault(endpoint, []).append(_Idle(connection, now))

    def close(self) -> None:
        """Close all of them."""
        with self._lock:
            for found in (each for waiting in self._waiting.values() for each in waiting):
                found.connection.close()
            self._waiting.clear()


def _credentials(proxy: SplitResult) -> dict[str, str]:
    if not proxy.username:
        return {}
    pair = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}"
    return {"Proxy-Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}
