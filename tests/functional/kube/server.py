"""A Kubernetes API of a test: HTTPS on loopback with an authority of its own, and canned answers."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

from hpctl.facts.records import EksCluster
from hpctl.sandbox.eks.certificate import authority, server_side

Answer = tuple[int, bytes]


@dataclass
class Server:
    """What it answers, the last for ever, and what it was asked: path with query, and the headers."""

    cluster: EksCluster
    answers: list[Answer] = field(default_factory=list)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    posted: list[Any] = field(default_factory=list)
    location: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    methods: list[str] = field(default_factory=list)
    cut: int = 0
    """How many answers from now on break off in the middle."""


def page(*names: str, following: str = "") -> Answer:
    """Return a page of a list; a name may have its namespace before a slash."""
    rows = [dict(zip(("name", "namespace"), reversed(name.split("/")), strict=False)) for name in names]
    return 200, json.dumps({"metadata": {"continue": following}, "items": [{"metadata": row} for row in rows]}).encode()


def told(code: int = 200, **members: Any) -> Answer:
    """Return an answer with these members."""
    return code, json.dumps(members).encode()


def status(code: int, message: str) -> Answer:
    """Return a refusal in Kubernetes' form."""
    return code, json.dumps({"kind": "Status", "status": "Failure", "message": message, "code": code}).encode()


def a_cluster(endpoint: str | None, trusted: str | None) -> EksCluster:
    """Return the EKS cluster with this endpoint and this authority (PEM)."""
    data = None if trusted is None else base64.b64encode(trusted.encode()).decode()
    arn = "arn:aws:eks:us-west-2:123456789012:cluster/training"
    known: dict[str, Any] = {"status": "ACTIVE", "version": "1.33", "authentication_mode": "API", "vpc_id": "vpc-1"}
    return EksCluster(name="training", arn=arn, endpoint=endpoint, certificate_authority=data, **known)


@contextmanager
def serving(directory: Path) -> Iterator[Server]:
    """Serve until the end of the block."""
    trusted = authority(directory)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            server.methods.append(self.command)
            server.asked.append((self.path, {key.lower(): value for key, value in self.headers.items()}))
            code, body = server.answers.pop(0) if len(server.answers) > 1 else server.answers[0]
            self.send_response(code)
            for name, value in server.headers.items():
                self.send_header(name, value)
            if server.location:
                self.send_header("Location", server.location)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.close_connection, server.cut = server.cut > 0, max(0, server.cut - 1)
            self.wfile.write(body[: len(body) // 2] if self.close_connection else body)

        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            server.posted.append(json.loads(self.rfile.read(length)))
            self.do_GET()

        do_PATCH = do_POST  # noqa: N815  http.server's names
        do_DELETE = do_POST  # noqa: N815  the same

        def log_message(self, *_: Any) -> None:
            pass

    class Quiet(ThreadingHTTPServer):
        def handle_error(self, *_: Any) -> None:
            """A client that does not trust the certificate hangs up; that is what some tests are about."""

    listener = Quiet(("127.0.0.1", 0), Handler)
    listener.socket = server_side(directory).wrap_socket(
        listener.socket, server_side=True, do_handshake_on_connect=False
    )
    server = Server(a_cluster(f"https://127.0.0.1:{listener.server_port}/some/path", trusted))
    thread = Thread(target=listener.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield server
    finally:
        listener.shutdown()
        thread.join()
        listener.server_close()
