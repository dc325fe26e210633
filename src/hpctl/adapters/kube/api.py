"""Requests to the Kubernetes of EKS clusters: signed, repeated where that is safe, answered in JSON or refused.

What is asked a second time and would be no other thing then is asked again after a connection that broke and an answer
that says "later". A creation is repeated only where the server says that it did nothing (429): a second one is not the
first.
"""

from __future__ import annotations

import http.client
import json
import ssl
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from threading import Lock
from typing import Any, Final
from urllib.parse import urlsplit
from weakref import finalize

from hpctl import timeouts
from hpctl.adapters.aws.session import AwsSession
from hpctl.adapters.kube.connection import Idle, Stream, dial
from hpctl.adapters.kube.errors import Deed, refused, unreached
from hpctl.adapters.kube.https import JSON, endpoint_of
from hpctl.adapters.kube.token import dated_token
from hpctl.errors import HpctlError, UnavailableError
from hpctl.facts.ports import Clock
from hpctl.facts.records import EksCluster

_MOST_BYTES: Final = 64 * 1024 * 1024
"""A page of 500 pods has some 5 MB; what is larger than this is no page."""
_SPARE: Final = timedelta(minutes=2)
"""A token that ends sooner is signed anew."""


@dataclass(frozen=True, slots=True)
class Again:
    """When something is asked a second time: after which answers, and whether after a connection that broke."""

    statuses: frozenset[int]
    after_break: bool


_WHEN_LATER: Final = Again(
    frozenset(
        {
            HTTPStatus.TOO_MANY_REQUESTS,
            HTTPStatus.INTERNAL_SERVER_ERROR,
            HTTPStatus.BAD_GATEWAY,
            HTTPStatus.SERVICE_UNAVAILABLE,
            HTTPStatus.GATEWAY_TIMEOUT,
        }
    ),
    after_break=True,
)
_WHEN_NOTHING_DONE: Final = Again(frozenset({HTTPStatus.TOO_MANY_REQUESTS}), after_break=False)


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: its HTTP status, its body, and the seconds that the server wants to be left alone."""

    status: int
    body: bytes
    after_s: float | None = None


class Api:
    """The way to the Kubernetes API of EKS clusters, for any number of threads."""

    def __init__(self, session: AwsSession, clock: Clock) -> None:
        """Sign tokens with the credentials of `session`."""
        self._session = session
        self.clock = clock
        self._tokens: dict[str, tuple[str, datetime]] = {}
        self._lock = Lock()
        self._idle = Idle(timeouts.KUBE_IDLE_S)
        finalize(self, self._idle.close)

    def deed(self, verb: str, resource: str, cluster: EksCluster, namespace: str | None = "", name: str = "") -> Deed:
        """Return what is asked, for the words of an error."""
        return Deed(verb, resource, cluster.name, self._session.region, namespace or "", name)

    def read(self, cluster: EksCluster, path: str, deed: Deed) -> Mapping[str, Any]:
        """Return the JSON object at a path; raises what `adapters.kube.errors.refused` says."""
        return self._answered(lambda: self._ask(cluster, "GET", path, {"Accept": JSON}), deed, _WHEN_LATER)

    def write(
        self, cluster: EksCluster, method: str, path: str, deed: Deed, body: object, *, content: str = JSON
    ) -> Mapping[str, Any]:
        """Send a JSON body and return the object that is answered; raises what `refused` says."""
        headers = {"Accept": JSON, "Content-Type": content}
        sent = json.dumps(body).encode()
        again = _WHEN_NOTHING_DONE if method == "POST" else _WHEN_LATER
        return self._answered(lambda: self._ask(cluster, method, path, headers, sent), deed, again)

    def open(self, cluster: EksCluster, path: str, deed: Deed, *, idle_s: float) -> Stream:
        """Open a stream, whose end is the caller's business; raises as `read` does."""
        try:
            stream = self._opened(cluster, path, idle_s)
        except (OSError, http.client.HTTPException) as error:
            raise unreached(error, deed.asked) from error
        if stream.response.status == HTTPStatus.OK:
            return stream
        body = b""
        with suppress(OSError, http.client.HTTPException):
            body = stream.response.read(_MOST_BYTES)
        stream.close()
        raise refused(stream.response.status, body, deed)

    def token(self, cluster: EksCluster) -> str:
        """Return a token that opens the cluster for some minutes at least."""
        with self._lock:
            now = self.clock.now()
            text, good_until = self._tokens.get(cluster.name, ("", now))
            if good_until - now <= _SPARE:
                token = dated_token(self._session, cluster.name, now)
                text, good_until = token.text, token.good_until
                self._tokens[cluster.name] = text, good_until
            return text

    def forget_token(self, cluster: EksCluster) -> None:
        """Sign the next request of the cluster anew: the token was not accepted."""
        with self._lock:
            self._tokens.pop(cluster.name, None)

    def _opened(self, cluster: EksCluster, path: str, idle_s: float) -> Stream:
        stream = self._stream(cluster, path, idle_s)
        if stream.response.status != HTTPStatus.UNAUTHORIZED:
            return stream
        stream.close()
        self.forget_token(cluster)
        return self._stream(cluster, path, idle_s)

    def _stream(self, cluster: EksCluster, path: str, idle_s: float) -> Stream:
        connection = dial(cluster, answer_s=timeouts.READ_S)
        sock = connection.sock
        try:
            response = self._sent(connection, cluster, "GET", path, {"Accept": "*/*"})
        except BaseException:
            connection.close()
            raise
        sock.settimeout(idle_s)
        return Stream(sock, response)

    def _answered(self, ask: Callable[[], Reply], deed: Deed, again: Again) -> Mapping[str, Any]:
        """Ask until there is an answer that does not ask to come again; a break says nothing of what was done."""
        for attempt in range(timeouts.KUBE_ATTEMPTS):
            last = attempt + 1 == timeouts.KUBE_ATTEMPTS
            try:
                reply = ask()
            except (OSError, http.client.HTTPException) as error:
                if last or not again.after_break or isinstance(error, ssl.SSLCertVerificationError):
                    raise unreached(error, deed.asked) from error
                self._pause(attempt, None)
                continue
            if last or reply.status not in again.statuses:
                return _object(reply, deed)
            self._pause(attempt, reply.after_s)
        raise AssertionError  # the last attempt returns or raises

    def _ask(
        self, cluster: EksCluster, method: str, path: str, headers: Mapping[str, str], body: bytes | None = None
    ) -> Reply:
        reply = self._answer(cluster, method, path, headers, body)
        if reply.status != HTTPStatus.UNAUTHORIZED:
            return reply
        self.forget_token(cluster)
        return self._answer(cluster, method, path, headers, body)

    def _answer(
        self, cluster: EksCluster, method: str, path: str, headers: Mapping[str, str], body: bytes | None
    ) -> Reply:
        endpoint = endpoint_of(cluster)
        # What changes something gets a connection that nobody can have dropped meanwhile.
        used = self._idle.take(endpoint, self._now()) if method == "GET" else None
        connection = used or dial(cluster, answer_s=timeouts.READ_S)
        try:
            response = self._sent(connection, cluster, method, path, headers, body)
            found = _whole(response)
        except BaseException as error:
            connection.close()
            if used and isinstance(error, (ConnectionError, http.client.RemoteDisconnected, ssl.SSLError)):
                return self._answer(cluster, method, path, headers, body)
            raise
        if response.will_close or not response.isclosed():
            connection.close()
        else:
            self._idle.give(endpoint, connection, self._now())
        return Reply(response.status, found, _after(response))

    def _sent(
        self,
        connection: http.client.HTTPSConnection,
        cluster: EksCluster,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: bytes | None = None,
    ) -> http.client.HTTPResponse:
        sent = {"Authorization": f"Bearer {self.token(cluster)}", **headers}
        connection.request(method, urlsplit(endpoint_of(cluster)).path + path, body=body, headers=sent)
        return connection.getresponse()

    def _now(self) -> float:
        return self.clock.now().timestamp()

    def _pause(self, attempt: int, after_s: float | None) -> None:
        pause = timeouts.KUBE_AGAIN_S * 2**attempt * (0.5 + self.clock.jitter())
        self.clock.sleep(min(max(pause, after_s or 0.0), timeouts.BACKOFF_CAP_S))


def _whole(response: http.client.HTTPResponse) -> bytes:
    found = response.read(_MOST_BYTES + 1)
    if response.length and len(found) <= _MOST_BYTES:  # with a size `read` says nothing of an answer that breaks off
        raise http.client.IncompleteRead(found, response.length)
    return found


def _object(reply: Reply, deed: Deed) -> Mapping[str, Any]:
    if reply.status >= HTTPStatus.MULTIPLE_CHOICES:
        raise refused(reply.status, reply.body, deed)
    try:
        found = json.loads(reply.body)
    except ValueError as error:
        raise _unreadable(deed) from error
    if not isinstance(found, dict):
        raise _unreadable(deed)
    return found


def _unreadable(deed: Deed) -> HpctlError:
    error: UnavailableError = deed.asked.unreadable()
    return error


def _after(response: http.client.HTTPResponse) -> float | None:
    told = response.getheader("Retry-After") or ""
    return float(told) if told.isdigit() else None
