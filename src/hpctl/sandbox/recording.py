"""A request as the journal keeps it: enough of its WSGI environment to answer it again, and no secret.

The signature and the session token are dropped; the credential scope stays, because moto reads the service
and the Region from it.
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from _typeshed.wsgi import WSGIEnvironment

_KEPT = frozenset({
    "REQUEST_METHOD", "SCRIPT_NAME", "PATH_INFO", "QUERY_STRING", "REQUEST_URI", "RAW_URI", "CONTENT_TYPE",
    "SERVER_NAME", "SERVER_PORT", "SERVER_PROTOCOL",
})  # fmt: skip
_SECRET = frozenset({"HTTP_X_AMZ_SECURITY_TOKEN", "HTTP_COOKIE"})
_SIGNATURE = re.compile(r"Signature=[0-9a-f]+")
_SCOPE = re.compile(r"Credential=[^/]+/\d{8}/([a-z0-9-]+)/([a-z0-9.-]+)/aws4_request")
# Verbs that only read, over all services; a verb not listed is journaled, which costs a row and no more.
_READING = ("BatchGet", "Decode", "Describe", "Filter", "Get", "Head", "List", "Lookup", "Query", "Scan", "Search",
            "Select", "Simulate", "Validate")  # fmt: skip
# These change something, but nothing that a restart is to know: sessions end with the server.
_PASSING = frozenset({"AmazonSSM.StartSession", "AmazonSSM.ResumeSession", "AmazonSSM.TerminateSession"})


@dataclass(frozen=True)
class Recording:
    """One request: its environment (strings, and what JSON can hold) and its body."""

    environ: dict[str, Any]
    body: bytes

    @classmethod
    def of(cls, environ: WSGIEnvironment) -> Recording:
        """Take a live request; reads its body to the end."""
        kept = {key: value for key, value in environ.items() if key in _KEPT or _is_kept_header(key)}
        kept.pop("HTTP_TRANSFER_ENCODING", None)
        if "HTTP_AUTHORIZATION" in kept:
            kept["HTTP_AUTHORIZATION"] = _SIGNATURE.sub("Signature=0", kept["HTTP_AUTHORIZATION"])
        return cls(kept, _body_of(environ))

    def replayable(self) -> WSGIEnvironment:
        """Return a fresh WSGI environment that answers like the recorded request."""
        return {
            **self.environ,
            "CONTENT_LENGTH": str(len(self.body)),
            "wsgi.input": io.BytesIO(self.body),
            "wsgi.errors": io.StringIO(),
            "wsgi.url_scheme": "http",
            "wsgi.version": (1, 0),
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }

    @property
    def mutates(self) -> bool:
        """Whether the request may change something."""
        name = operation_of(self.environ, self.body)
        if self.environ.get("HTTP_X_AMZ_TARGET") in _PASSING:
            return False
        if " " in name:
            return self.environ["REQUEST_METHOD"] not in {"GET", "HEAD", "OPTIONS"}
        return not name.startswith(_READING)

    @property
    def region(self) -> str | None:
        """The Region that the request is signed for, if it is signed."""
        scope = _SCOPE.search(self.environ.get("HTTP_AUTHORIZATION", ""))
        return scope.group(1) if scope else None


def operation_of(environ: Mapping[str, Any], body: bytes) -> str:
    """Return the operation's name, or `METHOD /path` for a REST service."""
    if target := environ.get("HTTP_X_AMZ_TARGET"):
        return str(target).rsplit(".", 1)[-1]
    form = environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded")
    parameters = parse_qs(body.decode() if form else environ.get("QUERY_STRING", ""))
    if action := parameters.get("Action"):
        return str(action[0])
    return f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}"


def _is_kept_header(key: str) -> bool:
    # moto's request handler adds one dict of original header names under a key of its own.
    return (key.startswith("HTTP_") and key not in _SECRET) or key.startswith("moto.")


def _body_of(environ: WSGIEnvironment) -> bytes:
    stream = environ["wsgi.input"]
    if environ.get("wsgi.input_terminated"):
        return bytes(stream.read())
    return bytes(stream.read(int(environ.get("CONTENT_LENGTH") or 0)))
