"""What went over the wire, which answer each request waited for, and the longest chain of such calls.

A request depends on an answer when it says something that it can only have from there: an id, an ARN or a page's token
that stands in that answer, in none that came before it, and in nothing that hpctl was given. So the chain is a property
of AWS's API and not of hpctl's code: what hpctl asks in turn without need is in no chain.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote_plus, urlsplit

_WORD = re.compile(r"[A-Za-z0-9+/=_.:@-]{6,}")
_PIECE = re.compile(r"[^/:=]{6,}")
_TOKEN = re.compile(r'"?(?:NextToken|nextToken|Marker|ContinuationToken)"?\s*[:=>]\s*"?([^"<&\s,}]+)')
_QUIET = frozenset({"connection", "transfer-encoding", "content-length", "date", "server"})


@dataclass(frozen=True)
class Call:
    """One request and its answer, as text, and when they went by (seconds on `time.perf_counter`)."""

    request: str
    answer: str
    began: float
    ended: float

    @property
    def took(self) -> float:
        """How long the answer took, in seconds."""
        return self.ended - self.began


@dataclass
class Wire:
    """A road to `target` on which every answer is `delay_s` late, with a log of what went by."""

    target: str
    delay_s: float
    endpoint: str = ""
    calls: list[Call] = field(default_factory=list)


def longest_chain(calls: Sequence[Call], given: str) -> list[Call]:
    """Return the longest chain of calls of which each depends on the one before; `given` is what hpctl knew before."""
    ordered = sorted(calls, key=lambda call: call.ended)
    known, source = words(given), dict[str, int]()
    chains: dict[int, list[Call]] = {}
    for number, call in enumerate(ordered):
        needed = {source[word] for word in words(call.request) if word in source}
        before = (chains[one] for one in needed if ordered[one].ended <= call.began)
        chains[number] = [*max(before, key=_seconds, default=[]), call]
        for word in words(call.answer) - known:
            source.setdefault(word, number)
    return max(chains.values(), key=_seconds, default=[])


def words(text: str) -> set[str]:
    """Return what might be an id or a token, whole and in the parts that an ARN has: it has a digit in it."""
    plain = unquote_plus(text)
    whole = {word for word in _WORD.findall(plain) if any(map(str.isdigit, word))}
    parts = {part for word in whole for part in _PIECE.findall(word) if any(map(str.isdigit, part))}
    return whole | parts | {f"token {token}" for token in _TOKEN.findall(plain)}


@contextmanager
def wire_to(target: str, delay_s: float) -> Iterator[Wire]:
    """Serve such a road on loopback for as long as the block runs."""
    wire = Wire(urlsplit(target).netloc, delay_s)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Door, wire))
    server.daemon_threads = True
    wire.endpoint = f"http://127.0.0.1:{server.server_address[1]}"
    serving = threading.Thread(target=server.serve_forever, daemon=True)
    serving.start()
    try:
        yield wire
    finally:
        server.shutdown()
        server.server_close()
        serving.join()


def _seconds(chain: Sequence[Call]) -> float:
    return sum(call.took for call in chain)


class _Door(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, wire: Wire, *arguments: Any) -> None:
        self._wire = wire
        super().__init__(*arguments)

    def _pass(self) -> None:
        began = time.perf_counter()
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        time.sleep(self._wire.delay_s)
        connection = HTTPConnection(self._wire.target, timeout=30)
        connection.request(self.command, self.path, body, dict(self.headers))
        response = connection.getresponse()
        answer = response.read()
        request = f"{self.command} {self.path} {self.headers.get('X-Amz-Target', '')} {body.decode('utf-8', 'replace')}"
        self._wire.calls.append(Call(request, answer.decode("utf-8", "replace"), began, time.perf_counter()))
        self.send_response(response.status)
        for name, value in response.getheaders():
            if name.lower() not in _QUIET:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)
        connection.close()

    do_GET = do_HEAD = do_POST = do_PUT = _pass  # noqa: N815  http.server's names

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  http.server's name
        """Say nothing."""
