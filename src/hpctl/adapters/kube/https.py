"""One GET of a Kubernetes API: verified by the cluster's own authority, with time limits, and followed nowhere else."""

from __future__ import annotations

import base64
import http.client
import json
import ssl
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from hpctl import timeouts
from hpctl.adapters.kube.errors import Asked, answered, unreached
from hpctl.errors import UnavailableError
from hpctl.facts.records import EksCluster

_MOST_BYTES: Final = 32 * 1024 * 1024
"""A page of 500 rows of metadata has some 100 kB; an old API server may send whole objects."""

_ACCEPT: Final = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json"
"""Names are all that is wanted: whole CRDs have megabytes of schemas."""


def get(cluster: EksCluster, path: str, token: str, asked: Asked) -> Mapping[str, Any]:
    """Return the JSON object at a path of the cluster's API.

    Raises:
        AccessError, NotFoundError, UnavailableError: as `adapters.kube.errors` says.
    """
    if not cluster.endpoint or not cluster.certificate_authority:
        raise UnavailableError(f"EKS cluster `{cluster.name}` has no Kubernetes endpoint yet", hint="try again later")
    if urlsplit(cluster.endpoint).scheme != "https":  # a token is not for everybody to read
        raise UnavailableError(f"the endpoint `{cluster.endpoint}` of EKS cluster `{cluster.name}` is no HTTPS address")
    headers = {"Authorization": f"Bearer {token}", "Accept": _ACCEPT}
    request = urllib.request.Request(cluster.endpoint.rstrip("/") + path, headers=headers)  # noqa: S310 - judged above
    try:
        opener = urllib.request.build_opener(_Https(trusting(cluster.certificate_authority)), _NoRedirect())
        with opener.open(request, timeout=timeouts.CONNECT_S) as answer:
            return _object(answer.read(_MOST_BYTES + 1), asked)
    except urllib.error.HTTPError as error:
        with error:
            raise answered(error.code, error.read(_MOST_BYTES), asked) from error
    except (OSError, http.client.HTTPException) as error:
        raise unreached(error, asked) from error


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


def _object(body: bytes, asked: Asked) -> Mapping[str, Any]:
    try:
        found = json.loads(body)
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
