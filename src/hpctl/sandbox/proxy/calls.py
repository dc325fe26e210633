"""What a request asks, by AWS's own names: service, operation, and the clusters that it speaks of."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import unquote

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

    `clusters` are the names and ARNs of clusters that it mentions.
    """

    number: int
    service: str
    operation: str
    mutates: bool
    clusters: frozenset[str] = field(default_factory=frozenset)

    def __str__(self) -> str:
        return f"{self.service}:{self.operation}"


def call_of(request: Request, number: int) -> Call:
    """Read what a request asks."""
    scope = _SERVICE.search(request.header("authorization"))
    service = scope[1] if scope else "?"
    path, _, query = request.target.partition("?")
    recording = Recording(
        {
            "REQUEST_METHOD": request.method,
            "PATH_INFO": unquote(path),
            "QUERY_STRING": query,
            "CONTENT_TYPE": request.header("content-type"),
            "HTTP_X_AMZ_TARGET": request.header("x-amz-target"),
        },
        request.body,
    )
    operation = operation_of(recording.environ, request.body)
    if " " in operation:
        operation = rest_operation(service, request.method, path, query) or operation
    return Call(number, service, operation, recording.mutates, frozenset(_clusters(service, path, request.body)))


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
