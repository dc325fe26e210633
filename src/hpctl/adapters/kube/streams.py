"""What runs in containers, as streams: the port `facts.job_ports.PodStreams`."""

from __future__ import annotations

import http.client
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from typing import BinaryIO, Final
from urllib.parse import urlencode

from hpctl.adapters.kube.api import Api
from hpctl.adapters.kube.chunks import Body
from hpctl.adapters.kube.connection import Stream
from hpctl.adapters.kube.errors import Deed, unreached
from hpctl.facts.jobs import POD
from hpctl.facts.records import EksCluster
from hpctl.facts.session_ports import Tunnel

BLOCK: Final = 64 * 1024
_SECOND: Final = 10**9


class EksPodStreams:
    """Reads logs and runs commands as the caller of AWS."""

    def __init__(self, api: Api) -> None:
        """Ask over `api`."""
        self._api = api

    @contextmanager
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
    ) -> Iterator[PodLog]:
        """Open a container's log. `since_ns` is inclusive and exact to the second (`sinceTime`)."""
        query = {"container": container, "timestamps": "true"}
        query |= {name: "true" for name, wanted in (("follow", follow), ("previous", previous)) if wanted}
        if since_ns is not None:
            query["sinceTime"] = f"{datetime.fromtimestamp(since_ns // _SECOND, UTC):%Y-%m-%dT%H:%M:%SZ}"
        if tail is not None:
            query["tailLines"] = str(tail)
        deed = self._api.deed("get", "pods/log", cluster, namespace, pod)
        path = f"{POD.path(namespace, pod, 'log')}?{urlencode(query)}"
        stream = PodLog(self._api.open(cluster, path, deed, idle_s=idle_s), deed)
        try:
            yield stream
        finally:
            stream.close()

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
        from hpctl.adapters.kube.exec import Command, Streams, run

        wanted = Command(namespace, pod, container, tuple(command), Streams(stdin, stdout, stderr, tty=tty))
        return run(self._api, cluster, wanted)

    def tunnel(self, cluster: EksCluster, namespace: str, pod: str, port: int) -> AbstractContextManager[Tunnel]:
        """Connect to a TCP port of the pod's loopback."""
        from hpctl.adapters.kube.forward import tunnelled

        return tunnelled(self._api, cluster, namespace, pod, port)


class PodLog:
    """One connection that a log comes over (`facts.job_ports.LogStream`)."""

    def __init__(self, stream: Stream, deed: Deed) -> None:
        """Read the body of the answer."""
        self._stream, self._deed = stream, deed
        self._body = Body(stream.response, BLOCK)

    def read(self) -> bytes:
        """Return what came next, at most 64 KiB; b"" at a clean end.

        Raises:
            TimeoutError: nothing came for the stream's idle time.
            UnavailableError: the connection broke.
        """
        try:
            return self._body.read()
        except TimeoutError:
            raise
        except (OSError, ValueError, http.client.HTTPException) as error:  # ValueError: closed by another thread
            raise unreached(error, self._deed.asked) from error

    def close(self) -> None:
        """Let go of the connection; may be called from another thread, and ends a `read` there."""
        self._stream.close()
