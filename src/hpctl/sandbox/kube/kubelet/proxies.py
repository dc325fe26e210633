"""The addresses of Services inside the pods' network: a listener each that passes connections on (kube-proxy's part).

TCP alone. It is asked for who stands behind a Service when somebody connects, so it is never out of date.
"""

from __future__ import annotations

import asyncio
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Any, Final

from hpctl.sandbox.kube.kubelet.cri import RuntimeFailure
from hpctl.sandbox.kube.kubelet.names import behind
from hpctl.sandbox.kube.kubelet.probing import port_of

if TYPE_CHECKING:
    from asyncio import Server, StreamReader, StreamWriter
    from collections.abc import Callable, Iterable

    from hpctl.sandbox.kube.kubelet.cri import Runtime
    from hpctl.sandbox.kube.resources import Object

_BLOCK: Final = 65536
Place = tuple[str, int]
Key = tuple[str, str]


class Proxies:
    """The listeners of all Services."""

    def __init__(self, runtime: Runtime, pods: Callable[[], Iterable[Object]]) -> None:
        """Listen in the network of this runtime; `pods` are those of now."""
        self._runtime, self._pods = runtime, pods
        self._servers: dict[Place, Server] = {}
        self._services: dict[Place, tuple[Object, Object]] = {}
        self._serving_now: set[asyncio.Task[None]] = set()
        self._turn = 0

    async def follow(self, services: Iterable[Object]) -> None:
        """Listen for exactly these Services."""
        self._services = {
            (service["spec"]["clusterIP"], int(port["port"])): (service, port)
            for service in services
            if service["spec"].get("clusterIP") not in {None, "", "None"} and service["spec"].get("selector")
            for port in service["spec"].get("ports") or ()
            if port.get("protocol", "TCP") == "TCP"
        }
        for place in [each for each in self._servers if each not in self._services]:
            self._servers.pop(place).close()
        for place in [each for each in self._services if each not in self._servers]:
            with suppress(RuntimeFailure, OSError):
                listening = await self._runtime.listen(*place)
                self._servers[place] = await asyncio.start_server(self._serving(place), sock=listening)

    def close(self) -> None:
        """Listen no more."""
        for each in self._servers.values():
            each.close()
        self._servers.clear()

    async def end(self) -> None:
        """Listen no more, and let go of all connections."""
        self.close()
        for each in self._serving_now:
            each.cancel()
        await asyncio.gather(*self._serving_now, return_exceptions=True)

    def _serving(self, place: Place) -> Callable[[StreamReader, StreamWriter], Any]:
        async def serve(reader: StreamReader, writer: StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None  # noqa: S101  # a coroutine that runs is one's
            self._serving_now.add(task)
            task.add_done_callback(self._serving_now.discard)
            with closing(writer), suppress(OSError, RuntimeFailure, ValueError):
                theirs, answer = await self._connect(place)
                with closing(answer):
                    await asyncio.gather(_copy(reader, answer), _copy(theirs, writer))

        return serve

    async def _connect(self, place: Place) -> tuple[StreamReader, StreamWriter]:
        service, port = self._services[place]
        ready = list(behind(service, self._pods()))
        if not ready:
            raise ConnectionRefusedError
        self._turn += 1
        pod = ready[self._turn % len(ready)]
        containers = pod["spec"]["containers"]
        everything = {"ports": [each for one in containers for each in one.get("ports") or ()]}
        number = port_of(everything, port.get("targetPort") or port["port"])
        made = await self._runtime.open_socket(pod["metadata"]["uid"])
        try:
            await asyncio.get_running_loop().sock_connect(made, (pod["status"]["podIP"], number))
        except OSError:
            made.close()
            raise
        return await asyncio.open_connection(sock=made)


async def _copy(reader: StreamReader, writer: StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(_BLOCK):
            writer.write(data)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()
