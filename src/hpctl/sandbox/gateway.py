"""The front door: gives every request its moment, keeps what mutates, and answers one request at a time.

One at a time because moto draws identifiers from one generator: a request beside another would take some
of its numbers, and a replay would come out different. A request takes some milliseconds, so this is no
bottleneck for one person's sandbox.
"""

from __future__ import annotations

import json
import logging
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import asdict
from threading import Lock
from typing import TYPE_CHECKING

from werkzeug.wrappers import Response

from hpctl.sandbox.clock import Moment, happening
from hpctl.sandbox.dispatch import Moto, seed_identifiers
from hpctl.sandbox.journal import Entry, Journal
from hpctl.sandbox.recording import Recording
from hpctl.sandbox.scripts import Outcome, Script, run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from _typeshed.wsgi import StartResponse, WSGIEnvironment

HEALTH_PATH = "/.hpctl/health"
# How a lifecycle script ended is journaled as a request of the sandbox to itself, so that no restart runs it again.
_SCRIPT_PATH = "/.hpctl/lifecycle-script"
_SCRIPTS_AT_ONCE = 4
_REFUSED = 400
_log = logging.getLogger(__name__)


class Gateway:
    """The sandbox as one WSGI application over moto's."""

    def __init__(
        self,
        moto: Moto,
        journal: Journal,
        *,
        pace: float,
        clock: Callable[[], datetime],
        health: dict[str, object],
    ) -> None:
        """Take the services and what surrounds them; `clock` says when a live request happens."""
        self.clock = clock
        self._moto = moto
        self._journal = journal
        self._pace = pace
        self._health = health
        self._attempt = journal.last_attempt
        self._lock = Lock()
        self._scripts: Executor = ThreadPoolExecutor(_SCRIPTS_AT_ONCE, thread_name_prefix="lifecycle-script")
        self._started: set[tuple[str, str]] = set()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a live request."""
        path = environ["PATH_INFO"]
        if path == HEALTH_PATH:
            return Response(json.dumps(self._health), content_type="application/json")(environ, start_response)
        if path.startswith(("/moto-api", "/.hpctl/")):
            # moto's own switchboard can empty the models behind the journal's back.
            return Response(f"the hpctl sandbox has no {path}\n", status=404)(environ, start_response)
        return self._answer_live(Recording.of(environ))(environ, start_response)

    def replay(self) -> None:
        """Answer the journal's requests again, in order."""
        for entry in self._journal.entries():
            response = self._answer(Recording(dict(entry.environ), entry.body), entry.moment, entry.attempt)
            if response.status_code >= _REFUSED:
                # Another version of hpctl or moto judges otherwise than the one that recorded it.
                _log.warning("request %s is refused now: %s", entry.attempt, response.get_data(as_text=True))

    def run_scripts(self) -> None:
        """Start the lifecycle scripts that are due, in the background: no request ever waits for one."""
        for arn, group, script in self._moto.scripts_to_run():
            if (arn, group) not in self._started:
                self._started.add((arn, group))
                self._scripts.submit(self._run_script, arn, group, script)

    def close(self) -> None:
        """Start no more scripts."""
        self._scripts.shutdown(wait=False, cancel_futures=True)

    def warm(self, service: str, region: str) -> None:
        """Load a service before somebody waits for it."""
        scope = f"AWS4-HMAC-SHA256 Credential=warm/20000101/{region}/{service}/aws4_request, Signature=0"
        environ = {"REQUEST_METHOD": "OPTIONS", "PATH_INFO": "/", "HTTP_AUTHORIZATION": scope}
        self._answer_live(Recording(environ | {"SERVER_NAME": "localhost", "SERVER_PORT": "0"}, b""))

    def _answer_live(self, recording: Recording) -> Response:
        with self._lock:
            now = Moment(self.clock(), self._pace)
            if not recording.mutates:
                return self._answer(recording, now, None)
            self._attempt += 1
            response = self._answer(recording, now, self._attempt)
            if response.status_code < _REFUSED:
                self._journal.append(Entry(self._attempt, now, recording.environ, recording.body))
                self.run_scripts()
            return response

    def _answer(self, recording: Recording, now: Moment, attempt: int | None) -> Response:
        if recording.environ["PATH_INFO"] == _SCRIPT_PATH:
            return self._end_script(recording, now)
        self._moto.prepare(recording.replayable(), recording.region)
        with happening(now):
            self._moto.settle(recording.replayable())
            if attempt is not None:
                seed_identifiers(f"request {attempt}")
            return Response.from_app(self._moto, recording.replayable(), buffered=True)

    def _run_script(self, arn: str, group: str, script: Script) -> None:
        body = json.dumps({"arn": arn, "group": group, **asdict(run(script))}).encode()
        self._answer_live(Recording({"REQUEST_METHOD": "POST", "PATH_INFO": _SCRIPT_PATH}, body))

    def _end_script(self, recording: Recording, now: Moment) -> Response:
        told = json.loads(recording.body)
        with happening(now):
            self._moto.end_script(told["arn"], told["group"], Outcome(told["status"], tuple(told["lines"])))
        return Response(status=204)
