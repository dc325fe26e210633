"""A road to the sandbox that keeps a log, and on which answers can be swapped for what AWS says on a bad day."""

from __future__ import annotations

import json
import re
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

_SCOPE = re.compile(r"Credential=[^/]+/\d{8}/[a-z0-9-]+/([a-z0-9.-]+)/aws4_request")
_BY_VERB = {"GET": "DescribeCluster", "HEAD": "HeadObject"}
_PASSED = frozenset({"content-type", "etag", "x-amzn-errortype", "x-amzn-requestid"})
_READS = ("Describe", "Get", "Head", "List", "Simulate")


@dataclass(frozen=True)
class Answer:
    """An HTTP answer."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


Forward = Callable[[], Answer]
Swap = Callable[[Forward], Answer]


@dataclass
class Proxy:
    """What went by (`service:Operation`, in order), and what is swapped for what."""

    target: str
    endpoint: str = ""
    calls: list[str] = field(default_factory=list)
    swaps: dict[str, Swap] = field(default_factory=dict)
    over: threading.Event = field(default_factory=threading.Event)

    @property
    def mutations(self) -> list[str]:
        """The calls that change something."""
        return [call for call in self.calls if not call.partition(":")[2].startswith(_READS)]

    def deny(self, action: str) -> None:
        """Let AWS deny an action, in the form of its service."""
        self.swaps[action] = lambda _forward: denial(action)

    def say(self, action: str, code: str, message: str, status: int = 400) -> None:
        """Let AWS answer an error."""
        self.swaps[action] = lambda _forward: failure(action, code, message, status)

    def answer(self, action: str, answer: Answer) -> None:
        """Let something else answer in AWS's place."""
        self.swaps[action] = lambda _forward: answer

    def hold(self, action: str) -> threading.Event:
        """Leave an action without an answer; the event tells that somebody asks."""
        arrived = threading.Event()

        def swap(_forward: Forward) -> Answer:
            arrived.set()
            self.over.wait()
            return Answer(503, b"")

        self.swaps[action] = swap
        return arrived

    def replace(self, action: str, old: str, new: str) -> None:
        """Swap text inside the strings of a JSON answer."""

        def swap(forward: Forward) -> Answer:
            answer = forward()
            text = answer.body.decode().replace(json.dumps(old)[1:-1], json.dumps(new)[1:-1])
            return Answer(answer.status, text.encode(), answer.headers)

        self.swaps[action] = swap

    def edit(self, action: str, change: Callable[[Any], None]) -> None:
        """Change what a JSON answer says."""

        def swap(forward: Forward) -> Answer:
            answer = forward()
            said = json.loads(answer.body)
            change(said)
            return Answer(answer.status, json.dumps(said).encode(), answer.headers)

        self.swaps[action] = swap


def denial(action: str) -> Answer:
    """Return how a service says that the caller lacks an IAM action."""
    user = "User: arn:aws:iam::123456789012:user/hpctl-sandbox is not authorized to perform:"
    message = f"{user} {action} because no identity-based policy allows the {action} action"
    code = "UnauthorizedOperation" if action.startswith("ec2:") else "AccessDeniedException"
    return failure(action, code, message, 403)


def failure(action: str, code: str, message: str, status: int) -> Answer:
    """Return an error in the protocol of the action's service."""
    match action.partition(":")[0]:
        case "ec2":
            text = (
                f"<Response><Errors><Error><Code>{code}</Code><Message>{message}</Message></Error></Errors></Response>"
            )
            return Answer(status, text.encode(), {"Content-Type": "text/xml"})
        case "sts":
            told = f"<Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>"
            return Answer(status, f"<ErrorResponse>{told}</ErrorResponse>".encode(), {"Content-Type": "text/xml"})
        case _:
            headers = {"Content-Type": "application/x-amz-json-1.1", "x-amzn-ErrorType": code}
            return Answer(status, json.dumps({"__type": code, "message": message}).encode(), headers)


@contextmanager
def proxy_to(target: str) -> Iterator[Proxy]:
    """Serve a proxy to `target` on loopback for as long as the block runs."""
    proxy = Proxy(urlsplit(target).netloc)
    server = _Server(("127.0.0.1", 0), partial(_Door, proxy))
    proxy.endpoint = f"http://127.0.0.1:{server.server_address[1]}"
    serving = threading.Thread(target=partial(server.serve_forever, poll_interval=0.05), daemon=True)
    serving.start()
    try:
        yield proxy
    finally:
        proxy.over.set()
        server.shutdown()
        server.server_close()
        serving.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), ConnectionError):  # commands that are ended leave in the middle of a word
            super().handle_error(request, client_address)


class _Door(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, proxy: Proxy, *arguments: Any) -> None:
        self._proxy = proxy
        super().__init__(*arguments)

    def _pass(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        action = self._action(body)
        self._proxy.calls.append(action)
        forward = partial(self._forward, body)
        swap = self._proxy.swaps.get(action)
        self._write(swap(forward) if swap else forward())

    do_GET = do_HEAD = do_POST = _pass  # noqa: N815  http.server's names; no other verb is asked of the proxy

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  http.server's name
        """Say nothing."""

    def _action(self, body: bytes) -> str:
        scope = _SCOPE.search(self.headers.get("Authorization", ""))
        service = scope[1] if scope else "?"
        if target := self.headers.get("X-Amz-Target"):
            return f"{service}:{target.rpartition('.')[2]}"
        if action := parse_qs(body.decode("utf-8", "replace")).get("Action"):
            return f"{service}:{action[0]}"
        return f"{service}:{_BY_VERB.get(self.command, self.command)}"

    def _forward(self, body: bytes) -> Answer:
        connection = HTTPConnection(self._proxy.target, timeout=30)
        try:
            connection.request(self.command, self.path, body, dict(self.headers))
            response = connection.getresponse()
            kept = {name: value for name, value in response.getheaders() if name.lower() in _PASSED}
            return Answer(response.status, response.read(), kept)
        finally:
            connection.close()

    def _write(self, answer: Answer) -> None:
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)
