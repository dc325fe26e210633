"""The event loop of the nodes' machines, in a thread of its own, with the agent of their sessions in it."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from hpctl.sandbox.threads import LoopThread

if TYPE_CHECKING:
    import socket
    from pathlib import Path

    from hpctl.sandbox.gateway import Gateway
    from hpctl.sandbox.ssm.switch import Channels


class NodesServer(LoopThread):
    """Nodes as machines, and the data channels that lead to them."""

    def __init__(self, gateway: Gateway, channels: Channels, listener: socket.socket, folder: Path) -> None:
        """Take what it serves, a listening socket, and the folder of the nodes' files, in the sandbox's home."""
        super().__init__("nodes")
        self._gateway, self._channels = gateway, channels
        self._listener, self._folder = listener, folder
        channels.sessions.url = f"ws://127.0.0.1:{listener.getsockname()[1]}"

    async def serve(self, ending: asyncio.Event) -> None:
        """Serve until `ending` is set, then end all sessions and all machines."""
        # Here, and not above: these take a while to load, for which `sandbox up` does not wait.
        from hpctl.sandbox.agent.agent import Agent
        from hpctl.sandbox.nodes.fleet import Fleet
        from hpctl.sandbox.nodes.hardware import Hardware
        from hpctl.sandbox.slurm.guest import Slurms

        fleet = Fleet(self._gateway, self._folder, self._folder.parent)
        fleet.guests.append(Hardware())
        fleet.guests.append(Slurms(self._gateway, fleet, self._folder.parent / "slurm-plugin"))
        agent = Agent(self._channels.sessions, fleet, self._channels.weather)
        following = asyncio.create_task(fleet.follow())
        server = await agent.start(self._listener)
        await ending.wait()
        server.close(close_connections=True)
        await agent.close()
        following.cancel()
        with suppress(asyncio.CancelledError):
            await following
