"""Kubernetes objects and container streams in memory, for tests of what jobs do."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, BinaryIO

from hpctl.errors import AccessError, ConflictError, HpctlError, NotFoundError
from hpctl.facts.jobs import BATCH_JOB, PYTORCH_JOB, Job, KubernetesEvent, ObjectKind, Pod, Queue
from hpctl.facts.records import EksCluster
from hpctl.facts.session_ports import Tunnel

if TYPE_CHECKING:
    from tests.unit.fake_calls import CallLog

Key = tuple[str, str, str]


class FakeJobObjects:
    """Objects by kind, namespace and name; rows of jobs, pods, events and queues are put in as they are read."""

    def __init__(self, log: CallLog) -> None:
        self._log = log
        self._uids = 0
        self.kinds: list[ObjectKind] = [PYTORCH_JOB, BATCH_JOB]
        self.held: dict[Key, dict[str, Any]] = {}
        self.known_jobs: list[Job] = []
        self.denied_kinds: list[AccessError] = []
        self.known_pods: list[Pod] = []
        self.known_events: list[KubernetesEvent] = []
        self.known_queues: list[Queue] = []
        self.changes: list[Mapping[str, Any]] = []
        """What a watch yields."""

    def served(self, cluster: EksCluster, kinds: Sequence[ObjectKind]) -> frozenset[ObjectKind]:
        self._log.record("jobs.served", cluster, tuple(kinds))
        return frozenset(kind for kind in self.kinds if (kind.group, kind.kind) in {(k.group, k.kind) for k in kinds})

    def discovered(self, cluster: EksCluster, api_version: str, kind: str) -> ObjectKind:
        self._log.record("jobs.discovered", cluster, api_version, kind)
        for known in self.kinds:
            if (known.api_version, known.kind) == (api_version, kind):
                return known
        raise NotFoundError(f"EKS cluster `{cluster.name}` serves no `{kind}` of `{api_version}`")

    def create(
        self, cluster: EksCluster, kind: ObjectKind, manifest: Mapping[str, Any], *, dry_run: bool = False
    ) -> Mapping[str, Any]:
        self._log.record("jobs.dry_run" if dry_run else "jobs.create", kind, manifest)
        made = copy.deepcopy(dict(manifest))
        metadata = made.setdefault("metadata", {})
        key = (kind.qualified, str(metadata.get("namespace") or ""), str(metadata["name"]))
        if key in self.held:
            raise ConflictError(f"there is already `{kind.qualified}` `{key[2]}`")
        self._uids += 1
        metadata.setdefault("uid", f"uid-{self._uids}")
        if not dry_run:
            self.held[key] = made
        return copy.deepcopy(made)

    def read(self, cluster: EksCluster, kind: ObjectKind, namespace: str, name: str) -> Mapping[str, Any]:
        self._log.record("jobs.read", kind, namespace, name)
        return copy.deepcopy(self._found(kind, namespace, name))

    def merge(
        self, cluster: EksCluster, kind: ObjectKind, namespace: str, name: str, patch: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        self._log.record("jobs.merge", kind, namespace, name, patch)
        found = self._found(kind, namespace, name)
        _merge(found, patch)
        return copy.deepcopy(found)

    def delete(self, cluster: EksCluster, kind: ObjectKind, namespace: str, name: str, *, uid: str = "") -> None:
        self._log.record("jobs.delete", kind, namespace, name, uid)
        found = self._found(kind, namespace, name)
        if uid and found["metadata"].get("uid") != uid:
            raise ConflictError(f"`{name}` is another one by now")
        del self.held[kind.qualified, namespace, name]

    def objects(
        self, cluster: EksCluster, kind: ObjectKind, namespace: str | None, selector: str = ""
    ) -> Iterator[Mapping[str, Any]]:
        self._log.record("jobs.objects", kind, namespace, selector)
        for (qualified, where, _name), found in tuple(self.held.items()):
            if qualified == kind.qualified and namespace in (None, where) and _selected(found["metadata"], selector):
                yield copy.deepcopy(found)

    def jobs(
        self, cluster: EksCluster, namespace: str | None, selector: str = "", *, denied: list[AccessError] | None = None
    ) -> Iterator[Job]:
        self._log.record("jobs.jobs", namespace, selector)
        if denied is not None:
            denied += self.denied_kinds
        yield from (
            job
            for job in self.known_jobs
            if namespace in (None, job.namespace) and _selected({"labels": job.labels}, selector)
        )

    def job(self, cluster: EksCluster, kind: ObjectKind, namespace: str, name: str) -> Job:
        self._log.record("jobs.job", kind, namespace, name)
        for job in self.known_jobs:
            if (job.kind.qualified, job.namespace, job.name) == (kind.qualified, namespace, name):
                return job
        raise NotFoundError(f"Kubernetes has no `{kind.qualified}` `{name}` in namespace `{namespace}`")

    def pods(self, cluster: EksCluster, namespace: str | None, selector: str = "") -> Iterator[Pod]:
        self._log.record("jobs.pods", namespace, selector)
        yield from (
            pod
            for pod in self.known_pods
            if namespace in (None, pod.namespace) and _selected({"labels": pod.labels}, selector)
        )

    def pods_of(self, cluster: EksCluster, job: Job) -> tuple[Pod, ...]:
        self._log.record("jobs.pods_of", job.reference)
        found = [pod for pod in self.known_pods if (pod.namespace, pod.owner_uid) == (job.namespace, job.uid)]
        return tuple(sorted(found, key=lambda pod: (pod.rank is None, pod.rank or 0, pod.name)))

    def events(self, cluster: EksCluster, namespace: str, about_uid: str = "") -> Iterator[KubernetesEvent]:
        self._log.record("jobs.events", namespace, about_uid)
        yield from (
            event for event in self.known_events if event.namespace == namespace and about_uid in ("", event.about_uid)
        )

    def queues(self, cluster: EksCluster, namespace: str | None) -> Iterator[Queue]:
        self._log.record("jobs.queues", namespace)
        yield from (queue for queue in self.known_queues if namespace in (None, queue.namespace))

    def watch(
        self, cluster: EksCluster, kind: ObjectKind, namespace: str, name: str, *, timeout_s: float
    ) -> Iterator[Mapping[str, Any]]:
        self._log.record("jobs.watch", kind, namespace, name, timeout_s)
        yield from self.changes

    def _found(self, kind: ObjectKind, namespace: str, name: str) -> dict[str, Any]:
        key = (kind.qualified, namespace if kind.namespaced else "", name)
        if key not in self.held:
            raise NotFoundError(f"Kubernetes has no `{kind.qualified}` `{name}` in namespace `{namespace}`")
        return self.held[key]


class FakeLogStream:
    """What a log still has to say: bytes, or an error that a read raises."""

    def __init__(self, parts: Sequence[bytes | Exception]) -> None:
        self._parts = list(parts)
        self.closed = False

    def read(self) -> bytes:
        if not self._parts:
            return b""
        part = self._parts.pop(0)
        if isinstance(part, Exception):
            raise part
        return part

    def close(self) -> None:
        self.closed = True


class FakePodStreams:
    """Logs by pod and container, each with its stamps; commands end with what `codes` says next, else 0."""

    def __init__(self, log: CallLog) -> None:
        self._log = log
        self.logs: dict[tuple[str, str], Sequence[bytes | Exception]] = {}
        self.previous_logs: dict[tuple[str, str], Sequence[bytes | Exception]] = {}
        self.codes: list[int | HpctlError] = []
        self.prints: bytes = b""
        self.tunnels: list[Tunnel] = []

    @contextmanager
    def log(
        self,
        cluster: EksCluster,
        namespace: str,
        pod: str,
        container: str,
        *,
        follow: bool = False,
        previous: bool = False,
        since_ns: int | None = None,
        tail: int | None = None,
        idle_s: float = 30.0,
    ) -> Iterator[FakeLogStream]:
        self._log.record("streams.log", namespace, pod, container, follow, previous, since_ns, tail)
        held = self.previous_logs if previous else self.logs
        if (pod, container) not in held:
            raise NotFoundError(f"Kubernetes has no `pods/log` `{pod}` in namespace `{namespace}`")
        stream = FakeLogStream(held[pod, container])
        try:
            yield stream
        finally:
            stream.close()

    def execute(
        self,
        cluster: EksCluster,
        namespace: str,
        pod: str,
        container: str,
        command: Sequence[str],
        *,
        stdin: BinaryIO | None,
        stdout: BinaryIO,
        stderr: BinaryIO,
        tty: bool = False,
    ) -> int:
        self._log.record("streams.execute", namespace, pod, container, tuple(command), tty)
        stdout.write(self.prints)
        code = self.codes.pop(0) if self.codes else 0
        if isinstance(code, HpctlError):
            raise code
        return code

    @contextmanager
    def tunnel(self, cluster: EksCluster, namespace: str, pod: str, port: int) -> Iterator[Tunnel]:
        self._log.record("streams.tunnel", namespace, pod, port)
        yield self.tunnels.pop(0)


def _selected(metadata: Mapping[str, Any], selector: str) -> bool:
    labels = metadata.get("labels") or {}
    wanted = (part.split("=", 1) for part in selector.split(",") if part)
    return all(labels.get(pair[0]) == pair[1] if len(pair) > 1 else pair[0] in labels for pair in wanted)


def _merge(into: dict[str, Any], patch: Mapping[str, Any]) -> None:
    for key, value in patch.items():
        if value is None:
            into.pop(key, None)
        elif isinstance(value, Mapping) and isinstance(into.get(key), dict):
            _merge(into[key], value)
        else:
            into[key] = copy.deepcopy(value)
