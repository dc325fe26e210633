"""A command in a container, over a websocket.

One event loop does all reading and writing: OpenSSL's objects are not for two threads at once, and a library that reads
in one and writes in another loses requests and waits for ever (websockets.sync 17.4 on Python 3.11: one in a thousand).

Source: k8s.io/apimachinery/pkg/util/remotecommand, protocol v5.channel.k8s.io (Kubernetes 1.30 and later) and v4 before
it: the first byte of a message is its channel, the channel of errors ends with a `Status`.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any, BinaryIO, Final
from urllib.parse import urlencode

from hpctl.adapters.kube.api import Api
from hpctl.adapters.kube.errors import Deed, refused
from hpctl.adapters.kube.keyboard import V5, passed_on, screen
from hpctl.adapters.kube.websocket import connected
from hpctl.adapters.local.output import printed
from hpctl.errors import UnavailableError
from hpctl.facts.jobs import POD
from hpctl.facts.records import EksCluster

_V4: Final = "v4.channel.k8s.io"
_STDOUT, _STDERR, _ERROR = (bytes([number]) for number in (1, 2, 3))


@dataclass(frozen=True, slots=True)
class Streams:
    """What a command reads and writes; with `tty` it has a terminal, whose output all comes as stdout."""

    stdin: BinaryIO | None
    stdout: BinaryIO
    stderr: BinaryIO
    tty: bool


@dataclass(frozen=True, slots=True)
class Command:
    """A command, and the container that it runs in."""

    namespace: str
    pod: str
    container: str
    words: Sequence[str]
    streams: Streams

    @property
    def path(self) -> str:
        """The path of the request; the words are parameters, so that no shell sees them."""
        flags = {"stdin": self.streams.stdin is not None, "stdout": True, "stderr": not self.streams.tty}
        flags["tty"] = self.streams.tty
        query = [("container", self.container), *(("command", word) for word in self.words)]
        wanted = [(name, "true") for name, flag in flags.items() if flag]
        return f"{POD.path(self.namespace, self.pod, 'exec')}?{urlencode([*query, *wanted])}"


def run(api: Api, cluster: EksCluster, command: Command) -> int:
    """Run a command and return its exit code.

    Raises:
        AccessError, NotFoundError, RefusedError: what Kubernetes says, as `adapters.kube.errors.refused` reads it.
        UnavailableError: nobody answered, or the connection broke before the command ended.
    """
    return asyncio.run(_run(api, cluster, command))


async def _run(api: Api, cluster: EksCluster, command: Command) -> int:
    from websockets.exceptions import ConnectionClosed

    deed = api.deed("create", "pods/exec", cluster, command.namespace, command.pod)
    connection = await connected(api, cluster, command.path, (V5, _V4), deed)
    streams, stdin = command.streams, command.streams.stdin
    person = stdin if streams.tty and stdin and stdin.isatty() else None
    try:
        async with connection:
            with screen(connection, person) if person else nullcontext(), passed_on(connection, stdin):
                return await _heard(connection, streams, deed)
    except (ConnectionClosed, OSError) as error:
        raise UnavailableError(
            f"the connection to {deed} broke before the command ended: {error}",
            hint="whether it goes on there is not known",
        ) from error


async def _heard(messages: AsyncIterable[str | bytes], streams: Streams, deed: Deed) -> int:
    """Write what the command prints until its status comes, and return its exit code."""
    outputs = {_STDOUT: streams.stdout, _STDERR: streams.stderr}
    async for message in messages:
        data = message.encode() if isinstance(message, str) else message
        channel, said = data[:1], data[1:]
        if channel == _ERROR:
            return _exit_code(said, deed)
        if said and channel in outputs:
            # Whoever reads here may be slow: the connection is kept alive meanwhile.
            await asyncio.to_thread(printed, outputs[channel], said)
    raise UnavailableError(f"the connection to {deed} ended before the command did")


def _exit_code(said: bytes, deed: Deed) -> int:
    try:
        status: Mapping[str, Any] = json.loads(said)
    except ValueError as error:
        raise deed.asked.unreadable() from error
    if status.get("status") == "Success":
        return 0
    causes = (status.get("details") or {}).get("causes") or ()
    code = next((str(one.get("message")) for one in causes if one.get("reason") == "ExitCode"), "")
    if code.isdecimal():
        return int(code)
    raise refused(400, said, deed)  # the command did not start: the words say why
