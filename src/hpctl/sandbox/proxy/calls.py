"""What a request asks, by AWS's own names: service, operation, and the clusters that it speaks of."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from hpctl.sandbox.proxy.operations import rest_operation
from hpctl.sandbox.recording import Recording, operation_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hpctl.sandbox.proxy.wire import Request

_SERVICE = re.compile(r"Credential=[^/]+/\d{8}/[a-z0-9-]+/([a-z0-9.-]+)/aws4_request")
_EKS_CLUSTER = re.compile(r"/clusters/([^/?]+)")
_NAMING = ("ClusterName", "ClusterArn", "ResourceArn", "Arn")


@dataclass(frozen=True)
class Call:
    """A request that was seen: its number (from 1), its service by its signing name, its operation.

    `clusters` are the names and ARNs of clusters that it mentions, `agent` is the program that asks: `hpctl`, or what
    else its User-Agent begins with.
    """

    number: int
    service: str
    operation: str
    mutates: bool
    clusters: frozenset[str] = field(default_factory=frozenset)
    agent: str = ""

    def __str__(self) -> str:
        return f"{self.service}:{self.operation}"


def call_of(request: Request, number: int) -> Call:
    """Read what a request asks."""
    path, _, query = request.target.partition("?")
    recording = Recording(
        {
            "REQUEST_METHOD": request.method,
            "PATH_INFO": unquote(path),
            "QUERY_STRING": query,
            "CONTENT_TYPE": request.header("content-type"),
            "HTTP_AUTHORIZATION": request.header("authorization"),
            "HTTP_USER_AGENT": request.header("user-agent"),
            "HTTP_X_AMZ_TARGET": request.header("x-amz-target"),
        },
        request.body,
    )
    return _call(recording, path, number)


def call_seen(recording: Recording) -> Call:
    """Read what a recorded request asks; it has no number among others."""
    # As it was sent: an ARN in a path is one part of it, slashes and all.
    sent = recording.environ.get("RAW_URI") or quote(recording.environ["PATH_INFO"])
    return _call(recording, sent.partition("?")[0], 0)


def _call(recording: Recording, path: str, number: int) -> Call:
    environ = recording.environ
    scope = _SERVICE.search(environ.get("HTTP_AUTHORIZATION", ""))
    service = scope[1] if scope else "?"
    operation = operation_of(environ, recording.body)
    if " " in operation:
        query = environ.get("QUERY_STRING", "")
        operation = rest_operation(service, environ["REQUEST_METHOD"], path, query) or operation
    clusters = frozenset(_clusters(service, path, recording.body))
    agent = _agent(environ.get("HTTP_USER_AGENT", ""))
    return Call(number, service, operation, recording.mutates, clusters, agent)


def _agent(words: str) -> str:
    # SDKs name themselves first, and who uses them at the end.
    return "hpctl" if " hpctl/" in f" {words}" else words.partition("/")[0]


def _clusters(service: str, path: str, body: bytes) -> Iterator[str]:
    if service == "eks" and (found := _EKS_CLUSTER.match(path)):
        yield unquote(found[1])
    if service != "sagemaker" or not body:
        return
    try:
        told = json.loads(body)
    except ValueError:
        return
    if isinstance(told, dict):
        yield from (str(told[name]) for name in _NAMING if name in told)
