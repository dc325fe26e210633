"""The logs of a job as a Kubernetes API tells them, from a script: what containers print, and how connections break.

Over HTTPS on loopback, with the few requests that following a log makes. What a container has printed is a file of
stamped lines that grows as the test says; an answer to a log request ends as its turn says: cleanly, with a reset, in
the middle of a chunk, or in silence.
"""

from __future__ import annotations

import base64
import json
import os
import socket
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Condition, Event, Thread
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from hpctl.facts.records import EksCluster
from hpctl.sandbox.eks.certificate import authority, server_side

SECOND: Final = 10**9
START_NS: Final = 1_790_000_000 * SECOND
JOB_UID: Final = "uid-of-the-job"
_PORTION: Final = 16 * 1024
_DISCOVERY: Final = {
    "/api": {"kind": "APIVersions", "versions": ["v1"]},
    "/apis": {"kind": "APIGroupList", "apiVersion": "v1", "groups": []},
    "/api/v1": {
        "kind": "APIResourceList",
        "groupVersion": "v1",
        "resources": [{"name": "pods", "singularName": "pod", "namespaced": True, "kind": "Pod", "verbs": ["list"]}],
    },
}
"""What kubectl wants to know first."""


class Fault(Enum):
    """How the answer to a log request ends."""

    NONE = "none"
    EOF = "eof"
    RESET = "reset"
    CUT = "cut"
    STALL = "stall"


@dataclass(frozen=True)
class Turn:
    """What happens to one answer: after so many bytes of it, this."""

    fault: Fault = Fault.NONE
    after_bytes: int = 0


@dataclass
class Instance:
    """One run of a container: its lines in order, of which the first `shown` are printed and the first `gone` lost."""

    lines: list[tuple[int, bytes]] = field(default_factory=list)
    shown: int = 0
    gone: int = 0
    ended: bool = False
    exit_code: int = 0
    unfinished: bytes = b""
    """Printed last, without a line end."""
    whole: bytes = b""
    """All of the lines as they are sent, where that was prepared: a server that makes them anew is slow itself."""

    def prepare(self) -> None:
        """Make what is sent of an instance that prints nothing more."""
        self.whole = b"".join(_stamped(when, line) for when, line in self.lines)


@dataclass
class Container:
    """A container of a pod; `pod` is its pod's name, `turns` says how each next answer ends (then: well)."""

    pod: str
    rank: int
    uid: str = ""
    name: str = "main"
    instances: list[Instance] = field(default_factory=lambda: [Instance()])
    turns: Callable[[int], Turn] = lambda _number: Turn()
    asked: list[dict[str, str]] = field(default_factory=list)
    phase: str = "Running"
    present: bool = True
    started: bool = True
    knows_tail: bool = True
    reachable: bool = True
    """Whether its node answers."""

    @property
    def now(self) -> Instance:
        return self.instances[-1]


class LogServer:
    """The job `train` in namespace `default`, and its pods."""

    def __init__(self, cluster: EksCluster) -> None:
        self.cluster = cluster
        self.containers: list[Container] = []
        self.condition = "Running"
        self.job_present = True
        self.looks = 0
        self.changed = Condition()
        self.over = Event()
        self.denied = 0
        """So many requests are refused with 401 before one is answered."""

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Change what is there; whoever follows sees it."""
        with self.changed:
            yield
            self.changed.notify_all()

    def pod(self, rank: int, lines: list[tuple[int, bytes]] = (), **members: Any) -> Container:  # type: ignore[assignment]
        """Add a pod of one container that has printed these lines, and goes on running."""
        name = f"train-{rank}"
        container = Container(pod=name, rank=rank, uid=f"uid-{len(self.containers)}", **members)
        container.instances = [Instance(list(lines), shown=len(lines))]
        self.containers.append(container)
        return container

    def finish(self, container: Container, code: int = 0) -> None:
        """Let a container end, and its pod with it."""
        with self.changing():
            container.now.shown = len(container.now.lines)
            container.now.ended, container.now.exit_code = True, code
            container.phase = "Failed" if code else "Succeeded"

    def finish_all(self) -> None:
        """Let every container end, and the job with them."""
        for container in self.containers:
            self.finish(container)
        self.condition = "Complete"

    def restart(self, container: Container, lines: list[tuple[int, bytes]]) -> Instance:
        """End an instance with all that it has to print, and begin the next."""
        with self.changing():
            container.now.shown = len(container.now.lines)
            container.now.ended, container.now.exit_code = True, 1
            container.instances.append(Instance(lines, shown=len(lines)))
        return container.now

    def job(self) -> dict[str, Any]:
        done = self.condition != "Running"
        status = {"active": 1, "ready": 1} if not done else {"conditions": [{"type": self.condition, "status": "True"}]}
        metadata = {"name": "train", "namespace": "default", "uid": JOB_UID, "creationTimestamp": _time(START_NS)}
        spec = {"completions": len(self.containers), "completionMode": "Indexed", "parallelism": len(self.containers)}
        return {"metadata": metadata, "spec": spec, "status": status}

    def pods(self) -> list[dict[str, Any]]:
        return [_pod(container) for container in self.containers if container.present]


def lines(
    count: int, *, first_ns: int = START_NS, step_ns: int = 1_000_000, text: str = "line {}"
) -> list[tuple[int, bytes]]:
    """Return numbered lines, one each `step_ns`."""
    return [(first_ns + number * step_ns, text.format(number).encode()) for number in range(count)]


@contextmanager
def serving(directory: Path) -> Iterator[LogServer]:
    """Serve until the end of the block."""
    trusted = base64.b64encode(authority(directory).encode()).decode()
    listener = _Listener(("127.0.0.1", 0), _Answers)
    listener.socket = server_side(directory).wrap_socket(
        listener.socket, server_side=True, do_handshake_on_connect=False
    )
    cluster = EksCluster(
        name="training",
        arn="arn:aws:eks:us-west-2:123456789012:cluster/training",
        status="ACTIVE",
        version="1.33",
        authentication_mode="API",
        vpc_id="vpc-1",
        endpoint=f"https://127.0.0.1:{listener.server_port}",
        certificate_authority=trusted,
    )
    listener.logs = LogServer(cluster)
    thread = Thread(target=listener.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield listener.logs
    finally:
        listener.logs.over.set()
        with listener.logs.changing():
            pass
        listener.shutdown()
        thread.join()
        listener.server_close()


class _Listener(ThreadingHTTPServer):
    request_queue_size = 512
    daemon_threads = True
    block_on_close = False
    logs: LogServer

    def handle_error(self, *_: Any) -> None:
        """A client that goes is what these tests are about."""


class _Answers(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Listener

    def setup(self) -> None:
        super().setup()
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def do_GET(self) -> None:
        logs, url = self.server.logs, urlsplit(self.path)
        query = {name: values[-1] for name, values in parse_qs(url.query).items()}
        if logs.denied:
            logs.denied -= 1
            self._tell(401, {"kind": "Status", "message": "Unauthorized"})
        elif url.path.endswith("/log"):
            self._log(url.path.split("/")[-2], query)
        elif url.path in _DISCOVERY:
            self._tell(200, _DISCOVERY[url.path])
        elif url.path.endswith("/pods"):
            logs.looks += 1
            self._tell(200, {"kind": "PodList", "apiVersion": "v1", "metadata": {}, "items": logs.pods()})
        elif logs.job_present:
            self._tell(200, logs.job())
        else:
            self._tell(404, {"kind": "Status", "reason": "NotFound", "message": 'jobs.batch "train" not found'})

    def log_message(self, *_: Any) -> None:
        pass

    def _tell(self, code: int, body: object) -> None:
        data = json.dumps(body).encode()
        self.send_response(code)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _log(self, pod: str, query: dict[str, str]) -> None:
        container = next((one for one in self.server.logs.containers if one.pod == pod and one.present), None)
        if container is None:
            self._tell(404, {"kind": "Status", "reason": "NotFound", "message": f'pods "{pod}" not found'})
            return
        container.asked.append(dict(query))
        if not container.knows_tail:
            query.pop("tailLines", None)
        if not container.reachable:
            self._tell(502, {"kind": "Status", "message": "dial tcp 10.1.2.3:10250: connect: no route to host"})
            return
        previous = query.get("previous") == "true"
        if not container.started or (previous and len(container.instances) == 1):
            told = f'previous terminated container "main" in pod "{pod}" not found'
            self._tell(400, {"kind": "Status", "reason": "BadRequest", "message": told})
            return
        turn = container.turns(len(container.asked) - 1)
        instance = container.instances[-2 if previous else -1]
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        with suppress(OSError):
            self._stream(instance, query, turn)
        self.close_connection = True

    def _stream(self, instance: Instance, query: dict[str, str], turn: Turn) -> None:
        left = turn.after_bytes if turn.fault is not Fault.NONE else None
        for data in self._data(instance, query):
            for at in range(0, len(data), _PORTION):
                part = data[at : at + _PORTION]
                if left is not None and len(part) >= left:
                    self._break(part[:left], turn.fault)
                    return
                self._chunk(part)
                left = None if left is None else left - len(part)
        self.wfile.write(b"0\r\n\r\n")

    def _data(self, instance: Instance, query: dict[str, str]) -> Iterator[bytes]:
        """Yield what the log has and, with `follow`, gets until its container ends."""
        logs, since = self.server.logs, _nanoseconds(query.get("sinceTime"))
        if instance.whole and not since:
            yield instance.whole
            return
        at = instance.gone
        if "tailLines" in query:
            at = max(at, instance.shown - int(query["tailLines"]))
        while True:
            with logs.changed:
                upto, ended = instance.shown, instance.ended
            found = instance.lines[max(at, instance.gone) : upto]
            at = upto
            yield b"".join(_stamped(when, line) for when, line in found if when >= since)
            if ended and instance.unfinished:
                yield _stamped(instance.lines[-1][0] + 1, instance.unfinished)[:-1]
            if ended or query.get("follow") != "true":
                return
            with logs.changed:
                logs.changed.wait_for(partial(_grown, logs, instance, at), timeout=60)
            if logs.over.is_set():
                return

    def _chunk(self, data: bytes) -> None:
        if data:
            self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")

    def _break(self, data: bytes, fault: Fault) -> None:
        match fault:
            case Fault.EOF:
                self._chunk(data)
                self.wfile.write(b"0\r\n\r\n")
            case Fault.CUT:
                self.wfile.write(f"{len(data) + 10:x}\r\n".encode() + data)
            case Fault.STALL:
                self._chunk(data)
                self.connection.settimeout(30)
                self.connection.recv(1)  # until the client has gone
            case _:
                self._chunk(data)
                time.sleep(0.01)  # a reset throws away what is still on its way
                self.request.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                os.close(self.request.detach())


def _grown(logs: LogServer, instance: Instance, since: int) -> bool:
    return logs.over.is_set() or instance.shown > since or instance.ended


def _stamped(when: int, line: bytes) -> bytes:
    seconds, nanos = divmod(when, SECOND)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{nanos:09d}Z ".encode() + line + b"\n"


def _nanoseconds(text: str | None) -> int:
    return int(datetime.fromisoformat(text).timestamp()) * SECOND if text else 0


def _time(when: int) -> str:
    return f"{datetime.fromtimestamp(when // SECOND, UTC):%Y-%m-%dT%H:%M:%SZ}"


def _pod(container: Container) -> dict[str, Any]:
    instance, count = container.now, len(container.instances) - 1
    began, status = _time(START_NS), {"name": container.name, "restartCount": count}
    if not container.started:
        state: dict[str, Any] = {"waiting": {"reason": "ContainerCreating"}}
    elif instance.ended:
        state = {"terminated": {"exitCode": instance.exit_code, "startedAt": began, "finishedAt": began}}
    else:
        state = {"running": {"startedAt": began}}
    last = {"terminated": {"exitCode": 1, "startedAt": began, "finishedAt": began}} if count else {}
    return {
        "metadata": {
            "name": container.pod,
            "namespace": "default",
            "uid": container.uid,
            "creationTimestamp": began,
            "labels": {"batch.kubernetes.io/job-completion-index": str(container.rank)},
            "ownerReferences": [{"kind": "Job", "apiVersion": "batch/v1", "uid": JOB_UID, "controller": True}],
        },
        "spec": {"containers": [{"name": container.name}], "nodeName": "node-1" if container.started else None},
        "status": {
            "phase": container.phase,
            "containerStatuses": [{**status, "state": state, "lastState": last}],
        },
    }
