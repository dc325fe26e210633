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
from datetime import datetime
from threading import RLock
from typing import TYPE_CHECKING, Any, TypeVar

from werkzeug.wrappers import Response

from hpctl.sandbox.clock import Moment, happening
from hpctl.sandbox.dispatch import Moto, seed_identifiers
from hpctl.sandbox.journal import Entry, Journal
from hpctl.sandbox.past import Past, as_of
from hpctl.sandbox.recording import Recording
from hpctl.sandbox.sagemaker.faults import Kind
from hpctl.sandbox.scripts import Outcome, Script, run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from hpctl.sandbox.sagemaker.faults import Injected
    from hpctl.sandbox.sagemaker.models import HyperPodBackend

HEALTH_PATH = "/.hpctl/health"
# How a lifecycle script ended is journaled as a request of the sandbox to itself, so that no restart runs it again.
_SCRIPT_PATH = "/.hpctl/lifecycle-script"
# So is a fault that is put into clusters, or taken out.
_FAULT_PATH = "/.hpctl/cluster-fault"
# So is what a node's label in Kubernetes asks HyperPod for.
_REPAIR_PATH = "/.hpctl/node-repair"
# Written by the proxy in front: how old what a read sees shall be, and that a change shall keep what it replaces.
_PAST = "HTTP_X_HPCTL_PAST"
_KEEP, _BEFORE_CHANGE = "keep", "before-change"
_SCRIPTS_AT_ONCE = 4
_REFUSED = 400
_log = logging.getLogger(__name__)
_Seen = TypeVar("_Seen")


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
        scripts: Executor | None = None,
        run_script: Callable[[Script], Outcome] = run,
    ) -> None:
        """Take the services and what surrounds them; `clock` says when a live request happens."""
        self.clock = clock
        self._moto = moto
        self._journal = journal
        self._pace = pace
        self._health = health
        self._attempt = journal.last_attempt
        # One that answers a request may find that a script has ended, which is a request.
        self._lock = RLock()
        self._past = Past()
        self._scripts = scripts or ThreadPoolExecutor(_SCRIPTS_AT_ONCE, thread_name_prefix="lifecycle-script")
        self._run = run_script
        self._started: set[tuple[str, str]] = set()
        self._listening: list[Callable[[], None]] = []
        self._own = {
            _SCRIPT_PATH: self._end_script,
            _FAULT_PATH: self._change_fault,
            _REPAIR_PATH: self._repair_node,
        }

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

    def put_fault(self, region: str, members: dict[str, Any]) -> None:
        """Put a fault into a Region's clusters, now and after every restart; see `HyperPodBackend.fault_groups`."""
        self._tell(_FAULT_PATH, {"region": region, "put": members})

    def clear_fault(self, region: str, fault_id: str) -> None:
        """Take a fault out of the clusters of a Region; what it has struck stays struck."""
        self._tell(_FAULT_PATH, {"region": region, "clear": fault_id})

    def cluster_faults(self, region: str) -> tuple[Injected, ...]:
        """Return the faults that are in the clusters of a Region."""
        with self._lock, happening(Moment(self.clock(), self._pace)):
            return self._moto.hyperpod(region).injected()

    def look(self, look: Callable[[Moto], _Seen]) -> _Seen:
        """Look into the services as they are now; waits until no request is being answered."""
        with self._lock, happening(Moment(self.clock(), self._pace)):
            return look(self._moto)

    def repair_node(self, region: str, arn: str, node_id: str, action: str) -> None:
        """Let HyperPod reboot or replace a node because a label of it says so; see `HyperPodBackend.repair_node`."""
        self._tell(_REPAIR_PATH, {"region": region, "arn": arn, "node_id": node_id, "action": action})

    def listen(self, changed: Callable[[], None]) -> None:
        """Have each change told once it is made: from any thread, while nothing else is answered."""
        self._listening.append(changed)

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
            if denied := self._denial(recording, now):
                return denied
            if not recording.mutates:
                return self._answer_as_of(recording, now)
            self._attempt += 1
            response = self._answer(recording, now, self._attempt)
            if response.status_code < _REFUSED:
                self._journal.append(Entry(self._attempt, now, recording.environ, recording.body))
                self.run_scripts()
                for changed in self._listening:
                    changed()
            return response

    def _denial(self, recording: Recording, now: Moment) -> Response | None:
        if recording.environ["PATH_INFO"] in self._own:
            return None
        self._moto.prepare(recording.replayable(), recording.region)
        with happening(now):
            return self._moto.denial(recording)

    def _answer_as_of(self, recording: Recording, now: Moment) -> Response:
        match recording.environ.get(_PAST):
            case None:
                return self._answer(recording, now, None)
            case past if past == _BEFORE_CHANGE:
                then, snapshot = self._past.before_change(now)
            case lag_s:
                then, snapshot = self._past.ago(now, float(lag_s))
        with as_of(snapshot):
            return self._answer(recording, then, None)

    def _answer(self, recording: Recording, now: Moment, attempt: int | None) -> Response:
        if own := self._own.get(recording.environ["PATH_INFO"]):
            with happening(now):
                own(json.loads(recording.body))
            return Response(status=204)
        if recording.environ.get(_PAST) == _KEEP:
            self._past.keep(now)
        self._moto.prepare(recording.replayable(), recording.region)
        with happening(now):
            self._moto.settle(recording.replayable())
            if attempt is not None:
                seed_identifiers(f"request {attempt}")
            return Response.from_app(self._moto, recording.replayable(), buffered=True)

    def _run_script(self, arn: str, group: str, script: Script) -> None:
        self._tell(_SCRIPT_PATH, {"arn": arn, "group": group, **asdict(self._run(script))})

    def _tell(self, path: str, told: dict[str, Any]) -> None:
        self._answer_live(Recording({"REQUEST_METHOD": "POST", "PATH_INFO": path}, json.dumps(told).encode()))

    def _end_script(self, told: dict[str, Any]) -> None:
        # An update of the software lets it run again.
        self._started.discard((told["arn"], told["group"]))
        self._moto.end_script(told["arn"], told["group"], Outcome(told["status"], tuple(told["lines"])))

    def _repair_node(self, told: dict[str, Any]) -> None:
        self._moto.hyperpod(told["region"]).repair_node(told["arn"], told["node_id"], told["action"])

    def _change_fault(self, told: dict[str, Any]) -> None:
        hyperpod = self._moto.hyperpod(told["region"])
        if "clear" in told:
            hyperpod.clear_fault(told["clear"])
        else:
            _put_fault(hyperpod, **told["put"])


def _put_fault(  # noqa: PLR0913 - the members of a fault in JSON
    hyperpod: HyperPodBackend,
    *,
    id: str,  # noqa: A002 - the member's name
    kind: str,
    cluster: str | None = None,
    group: str | None = None,
    node: str | None = None,
    until: str | None = None,
    count: int | None = None,
) -> None:
    end = None if until is None else datetime.fromisoformat(until)
    if node is not None and cluster is not None:
        hyperpod.fault_node(id, cluster, node, Kind(kind), until=end, count=count)
    else:
        hyperpod.fault_groups(id, Kind(kind), cluster=cluster, group=group, until=end, count=count)
