"""AWS at the end of a wire that never leaves the process: canned answers, and every request kept."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any
from urllib.parse import parse_qs

from botocore.awsrequest import AWSPreparedRequest, AWSResponse

from hpctl.adapters.aws.session import AwsSession

ACCESS_KEY = "AKIAPLANTED000000000"
SECRET_KEY = "planted-secret-key"
SESSION_TOKEN = "planted-session-token"

_SERVICES = {"cloudwatch-logs": "logs"}
"""Services that botocore's events call by another name than its clients."""


@dataclass(frozen=True)
class Reply:
    """One answer of the service."""

    status: int
    body: bytes
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Sent:
    """One request as it would have left."""

    service: str
    operation: str
    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def parameters(self) -> dict[str, Any]:
        """What a JSON or a query service was asked; empty for a GET."""
        if not self.body:
            return {}
        if self.body.startswith(b"{"):
            parsed: dict[str, Any] = json.loads(self.body)
            return parsed
        return {key: values[0] for key, values in parse_qs(self.body.decode()).items()}


class Wire:
    """Answers each request with the next reply, the last one for ever; a reply that is an exception is raised."""

    def __init__(self, *replies: Reply | Exception) -> None:
        self.sent: list[Sent] = []
        self._replies = list(replies)

    def send(self, request: AWSPreparedRequest, event_name: str, **context: Any) -> AWSResponse:
        _, service_id, operation = event_name.split(".")
        service = _SERVICES.get(service_id, service_id)
        headers = {str(key): _text(value) for key, value in request.headers.items()}
        body = _body(request.body or b"")
        self.sent.append(Sent(service, operation, str(request.method), str(request.url), headers, body))
        reply = self._replies.pop(0) if len(self._replies) > 1 else self._replies[0]
        if isinstance(reply, Exception):
            raise reply
        return AWSResponse(request.url, reply.status, dict(reply.headers), _Raw(reply.body))  # type: ignore[arg-type]


class ByOperation(Wire):
    """Answers each operation with its own replies, for adapters that ask from several threads."""

    def __init__(self, **replies: Reply | list[Reply]) -> None:
        super().__init__()
        self._by_operation = {key: one if isinstance(one, list) else [one] for key, one in replies.items()}
        self._lock = Lock()

    def send(self, request: AWSPreparedRequest, event_name: str, **context: Any) -> AWSResponse:
        with self._lock:
            self._replies = list(self._by_operation[event_name.rpartition(".")[2]])
            if len(self._replies) > 1:
                self._by_operation[event_name.rpartition(".")[2]].pop(0)
            return super().send(request, event_name, **context)


class _Raw(io.BytesIO):
    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self.read()


def _body(body: Any) -> bytes:
    """Return what would be sent: botocore wraps bytes into a stream, to begin anew when it tries again."""
    if isinstance(body, io.BytesIO):
        return body.getvalue()
    return _text(body).encode()


def _text(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def connect(
    wire: Wire,
    *,
    region: str | None = "eu-west-1",
    profile: str | None = None,
    log: Callable[[str], None] | None = None,
) -> AwsSession:
    """Open a session at whose end is `wire`, with planted credentials."""
    session = AwsSession(profile=profile, region=region, log=log)
    session._botocore.set_credentials(ACCESS_KEY, SECRET_KEY, SESSION_TOKEN)
    session._botocore.register("before-send", wire.send)  # type: ignore[arg-type]
    return session


def ok(answer: Mapping[str, Any]) -> Reply:
    """Answer as a JSON service does."""
    headers = {"content-type": "application/x-amz-json-1.1", "x-amzn-requestid": "11111111-2222"}
    return Reply(200, json.dumps(answer).encode(), headers)


def error(code: str, message: str, status: int = 400) -> Reply:
    """Refuse as a JSON service does."""
    body = json.dumps({"__type": code, "message": message}).encode()
    headers = {"content-type": "application/x-amz-json-1.1", "x-amzn-errortype": code}
    return Reply(status, body, headers)


def xml(body: str, status: int = 200) -> Reply:
    """Answer as a query service does."""
    return Reply(status, body.encode(), {"content-type": "text/xml"})


def s3_error(code: str, message: str, status: int) -> Reply:
    """Refuse as S3 does."""
    return xml(f"<Error><Code>{code}</Code><Message>{message}</Message></Error>", status)


def iam_error(code: str, message: str, status: int = 404) -> Reply:
    """Refuse as IAM does."""
    inner = f"<Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>"
    return xml(f"<ErrorResponse>{inner}<RequestId>3333</RequestId></ErrorResponse>", status)


def ec2_error(code: str, message: str, status: int = 400) -> Reply:
    """Refuse as EC2 does."""
    inner = f"<Errors><Error><Code>{code}</Code><Message>{message}</Message></Error></Errors>"
    return xml(f"<Response>{inner}<RequestID>3333</RequestID></Response>", status)
