"""Calls and requests, as the proxy sees them."""

from __future__ import annotations

import json
from typing import Any

from hpctl.sandbox.proxy.calls import Call
from hpctl.sandbox.proxy.wire import Request

_SCOPE = "AWS4-HMAC-SHA256 Credential=AKIAX/20260101/us-west-2/{}/aws4_request, Signature=5ec7e7"


def a_call(name: str = "sagemaker:DescribeCluster", *clusters: str, number: int = 1) -> Call:
    service, _, operation = name.partition(":")
    mutates = not operation.startswith(("Describe", "Get", "List"))
    return Call(number, service, operation, mutates, frozenset(clusters))


def a_request(service: str, method: str = "GET", target: str = "/", body: bytes = b"", **headers: str) -> Request:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Request(method, target, "HTTP/1.1", (("Authorization", _SCOPE.format(service)), *named.items()), body)


def a_sagemaker_request(operation: str, **members: Any) -> Request:
    return a_request("sagemaker", "POST", "/", json.dumps(members).encode(), X_Amz_Target=f"SageMaker.{operation}")
