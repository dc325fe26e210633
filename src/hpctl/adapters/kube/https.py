"""One request to a Kubernetes API: verified by the cluster's own authority, within limits, followed nowhere else."""

from __future__ import annotations

import base64
import http.client
import json
import ssl
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlsplit

from hpctl import timeouts
from hpctl.adapters.kube.errors import Asked, answered, unreached
from hpctl.errors import UnavailableError
from hpctl.facts.records import EksCluster

_MOST_BYTES: Final = 32 * 1024 * 1024
"""A page of 500 rows of metadata has some 100 kB; an old API server may send whole objects."""

METADATA: Final = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json"
"""For lists of which the names are all that is wanted: whole CRDs have megabytes of schemas."""

JSON: Final = "application/json"


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer with its HTTP status, whatever that is."""

    status: int
    body: bytes


def get(cluster: EksCluster, path: str, token: str, asked: Asked, *, accept: str = METADATA) -> Mapping[str, Any]:
    """Return the JSON object at a path of the cluster's API.

    Raises:
        AccessError, NotFoundError, UnavailableError: as `adapters.kube.errors` says.
    """
    return _object(cluster, path, token, asked, {"Accept": accept})


def post(cluster: EksCluster, path: str, token: str, asked: Asked, body: Mapping[str, Any]) -> Mapping[str, Any]:
    """Send a JSON object to a path of the cluster's API and return the one that it answers; raises as `get` does."""
    headers = {"Accept": JSON, "Content-Type": JSON}
    return _object(cluster, path, token, asked, headers, json.dumps(body).encode())


def exchange(
    cluster: EksCluster, path: str, token: str, headers: Mapping[str, str], body: bytes | None = None
) -> Reply:
    """Send one request, a POST where there is a body, and return the answer.

    Raises:
        UnavailableError: the cluster has no endpoint that a token may be sent to.
        OSError, http.client.HTTPException: nobody answered, or nobody who is vouched for.
    """
    url = endpoint_of(cluster) + path
    sent = {"Authorization": f"Bearer {token}", **headers}
    request = urllib.request.Request(url, data=body, headers=sent)  # noqa: S310 - judged above
    opener = urllib.request.build_opener(_Https(trusting(cluster.certificate_authority or "")), _NoRedirect())
    try:
        with opener.open(request, timeout=timeouts.CONNECT_S) as answer:
            return Reply(answer.status, answer.read(_MOST_BYTES + 1))
    except urllib.error.HTTPError as error:
        with error:
            return Reply(error.code, error.read(_MOST_BYTES))


def endpoint_of(cluster: EksCluster) -> str:
    """Return the address of the cluster's API without a slash at its end.

    Raises:
        UnavailableError: it has none yet, or none that a token may be sent to.
    """
    if not cluster.endpoint or not cluster.certificate_authority:
        raise UnavailableError(f"EKS cluster `{cluster.name}` has no Kubernetes endpoint yet", hint="try again later")
    if urlsplit(cluster.endpoint).scheme != "https":  # a token is not for everybody to read
        raise UnavailableError(f"the endpoint `{cluster.endpoint}` of EKS cluster `{cluster.name}` is no HTTPS address")
    return cluster.endpoint.rstrip("/")


def trusting(authority: str) -> ssl.SSLContext:
    """Return a context that trusts a certificate authority (PEM in base64, as EKS tells it) and no other.

    Raises:
        ssl.SSLError: it is no certificate.
    """
    try:
        pem = base64.b64decode(authority, validate=True).decode("ascii")
    except ValueError as error:
        raise ssl.SSLError(f"no certificate authority: {error}") from error
    context = ssl.create_default_context(cadata=pem)
    # Python 3.13 asks for key identifiers, which the authorities of EKS clusters do not have (kubernetes-client/python
    # issue 2394). The chain, the dates and the host's name are verified all the same.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return context


def _object(
    cluster: EksCluster, path: str, token: str, asked: Asked, headers: Mapping[str, str], body: bytes | None = None
) -> Mapping[str, Any]:
    try:
        reply = exchange(cluster, path, token, headers, body)
    except (OSError, http.client.HTTPException) as error:
        raise unreached(error, asked) from error
    if reply.status not in (HTTPStatus.OK, HTTPStatus.CREATED):
        raise answered(reply.status, reply.body, asked)
    try:
        found = json.loads(reply.body)
    except ValueError as error:
        raise asked.unreadable() from error
    if not isinstance(found, dict):
        raise asked.unreadable()
    return found


class _Connection(http.client.HTTPSConnection):
    """Little patience to connect, because a private endpoint never answers; more for the answer."""

    def connect(self) -> None:
        super().connect()
        self.sock.settimeout(timeouts.READ_S)


class _Https(urllib.request.HTTPSHandler):
    def __init__(self, context: ssl.SSLContext) -> None:
        super().__init__(context=context)
        self._trusting = context

    def https_open(self, request: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(_Connection, request, context=self._trusting)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect would carry the token to somebody else."""

    def redirect_request(self, *_: Any) -> None:
        """Follow none."""
