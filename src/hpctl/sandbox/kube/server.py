"""The event loop of the sandbox's Kubernetes, in a thread of its own, and the HTTPS server in it."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Final

from hpctl.sandbox.threads import LoopThread

if TYPE_CHECKING:
    import socket
    import ssl
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from aiohttp import web

    from hpctl.sandbox.gateway import Gateway
    from hpctl.sandbox.kube.clusters import Crew

_STOP_WITHIN_S: Final = 0.5


class KubernetesServer(LoopThread):
    """The endpoints of an account's EKS clusters: a cluster's is this server's address with its id as the path."""

    def __init__(
        self,
        account: str,
        folder: Path,
        gateway: Gateway,
        listener: socket.socket,
        tls: ssl.SSLContext,
        *,
        workers: Callable[[Gateway], Crew] | None = None,
    ) -> None:
        """Take what it serves, where the clusters' files are, and a listening socket.

        `workers` are who works on the clusters' objects, made in the event loop: controllers and a kubelet if not told.
        """
        super().__init__("kubernetes")
        self._account, self._folder, self._gateway = account, folder, gateway
        self._workers = workers
        self._listener, self._tls = listener, tls

    async def serve(self, ending: asyncio.Event) -> None:
        """Serve until `ending` is set, then end the clusters' controllers and kubelets, and the server."""
        # Here, and not above: these take a while to load, for which `sandbox up` does not wait.
        from aiohttp import web

        from hpctl.sandbox.kube.answers import refused
        from hpctl.sandbox.kube.clusters import Clusters, kept_up
        from hpctl.sandbox.kube.media import MOST_BODY
        from hpctl.sandbox.kube.status import no_such_path
        from hpctl.sandbox.kube.wire import answer
        from hpctl.sandbox.kube.workers import Workers

        clusters = Clusters(self._account, self._folder, self._gateway.clock, (self._workers or Workers)(self._gateway))

        async def handle(request: web.Request) -> web.StreamResponse:
            found = clusters.at(request.match_info["id"])
            if found is None:
                return refused(no_such_path(), [])
            return await answer(request, found, request.match_info["path"] or "/")

        app = web.Application(client_max_size=MOST_BODY)
        app.router.add_route("*", "/{id:[0-9A-F]{32}}{path:(?:/.*)?}", handle)
        app.router.add_route("*", "/{path:.*}", _nowhere)
        runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=_STOP_WITHIN_S)
        await runner.setup()
        clusters.resume()
        await web.SockSite(runner, self._listener, ssl_context=self._tls).start()
        changed = asyncio.Event()
        self._gateway.listen(lambda: self._soon(changed.set))
        tending = asyncio.ensure_future(kept_up(partial(_tended, changed, clusters.tend)))
        await ending.wait()
        tending.cancel()
        await clusters.close()
        await runner.cleanup()

    def _soon(self, call: Callable[[], None]) -> None:
        if not self.loop.is_closed():
            self.loop.call_soon_threadsafe(call)


async def _tended(changed: asyncio.Event, tend: Callable[[], Awaitable[None]]) -> None:
    while True:
        changed.clear()
        await tend()
        await changed.wait()


async def _nowhere(_: web.Request) -> web.StreamResponse:
    from hpctl.sandbox.kube.answers import refused
    from hpctl.sandbox.kube.status import no_such_path

    return refused(no_such_path(), [])
