"""What jobs ask of Kubernetes: objects, and the streams of their containers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, BinaryIO, Protocol

from hpctl.errors import AccessError
from hpctl.facts.jobs import Job, KubernetesEvent, ObjectKind, Pod, Queue
from hpctl.facts.records import EksCluster
from hpctl.facts.session_ports import Tunnel


class JobObjects(Protocol):
    """Objects of one EKS cluster's Kubernetes.

    Every method raises the errors of `adapters.kube.errors`: `AccessError` (naming verb and resource), `NotFoundError`,
    `ConflictError`, `RefusedError` (422), `UnavailableError`.
    """

    def served(self, cluster: EksCluster, kinds: Sequence[ObjectKind]) -> frozenset[ObjectKind]:
        """Return those of these kinds that the cluster serves, in the version that it serves."""
        ...

    def discovered(self, cluster: EksCluster, api_version: str, kind: str) -> ObjectKind:
        """Return what the cluster's discovery says of a kind of a manifest; `NotFoundError` when it has none."""
        ...

    def create(
        self, cluster: EksCluster, kind: ObjectKind, manifest: Mapping[str, Any], *, dry_run: bool = False
    ) -> Mapping[str, Any]:
        """Create an object and return it; with `dry_run` the server judges it and keeps nothing."""
        ...

    def read(self, cluster: EksCluster, kind: ObjectKind, namespace: str, name: str) -> Mapping[str, Any]:
        """Return an object as it is."""
        ...

    def merge(
        self, cluster: EksCluster, kind: ObjectKind, namespace: str, name: str, patch: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """Apply a JSON merge patch and return the object."""
        ...

    def delete(self, cluster: EksCluster, kind: ObjectKind, namespace: str, name: str, *, uid: str = "") -> None:
        """Delete an object and, in the background, what it owns; with `uid` only the object that has it."""
        ...

    def objects(
        self, cluster: EksCluster, kind: ObjectKind, namespace: str | None, selector: str = ""
    ) -> Iterator[Mapping[str, Any]]:
        """Yield objects of one kind as the server sends them; none where the kind is not served."""
        ...

    def jobs(
        self, cluster: EksCluster, namespace: str | None, selector: str = "", *, denied: list[AccessError] | None = None
    ) -> Iterator[Job]:
        """Yield the jobs of every kind that is served, in one namespace or (None) all.

        A kind that the caller may not list is passed over as long as there is one that they may; `denied` takes why.
        """
        ...

    def job(self, cluster: EksCluster, kind: ObjectKind, namespace: str, name: str) -> Job:
        """Return one job."""
        ...

    def pods(self, cluster: EksCluster, namespace: str | None, selector: str = "") -> Iterator[Pod]:
        """Yield pods."""
        ...

    def pods_of(self, cluster: EksCluster, job: Job) -> tuple[Pod, ...]:
        """Return the pods of a job, by rank and then by name; of other jobs of the same name none (by owner's UID)."""
        ...

    def events(self, cluster: EksCluster, namespace: str, about_uid: str = "") -> Iterator[KubernetesEvent]:
        """Yield events, those about one object or all of a namespace."""
        ...

    def queues(self, cluster: EksCluster, namespace: str | None) -> Iterator[Queue]:
        """Yield Kueue's local queues; none where Kueue is not installed."""
        ...

    def watch(
        self, cluster: EksCluster, kind: ObjectKind, namespace: str, name: str, *, timeout_s: float
    ) -> Iterator[Mapping[str, Any]]:
        """Yield an object as it is and each time it changes; ends when the time is over or it is deleted."""
        ...


class LogStream(Protocol):
    """The bytes of a log as the server sends them, each line with its time in front (`timestamps=true`)."""

    def read(self) -> bytes:
        """Return what came next, at most 64 KiB; b"" at a clean end.

        Raises:
            TimeoutError: nothing came for the stream's idle time.
            UnavailableError: the connection broke.
        """
        ...

    def close(self) -> None:
        """Let go of the connection; may be called from another thread, and ends a `read` there."""
        ...


class PodStreams(Protocol):
    """What runs in containers, as streams."""

    def log(  # noqa: PLR0913  the parameters of Kubernetes' own log request
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
    ) -> AbstractContextManager[LogStream]:
        """Open a container's log. `since_ns` is inclusive and exact to the second (`sinceTime`)."""
        ...

    def execute(  # noqa: PLR0913  a command has three streams
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
        """Run a command in a container and return its exit code."""
        ...

    def tunnel(self, cluster: EksCluster, namespace: str, pod: str, port: int) -> AbstractContextManager[Tunnel]:
        """Connect to a TCP port of the pod's loopback."""
        ...
