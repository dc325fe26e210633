"""Making probes and hooks: what Kubernetes calls a handler, exec, httpGet or tcpSocket (pkg/probe)."""

from __future__ import annotations

import asyncio
import os
import ssl
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from hpctl.sandbox.kube.kubelet.cri import Runtime, RuntimeFailure

if TYPE_CHECKING:
    from hpctl.sandbox.kube.kubelet.runtime.spawn import Command
    from hpctl.sandbox.kube.resources import Object

_GOOD: Final = range(200, 400)
_LONGEST_OUTPUT: Final = 10 * 1024
_LONGEST_HEAD: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class Target:
    """The container that is probed: its pod's key and address, its own key, and what starts a command in it."""

    pod: str
    key: str
    address: str
    container: Object
    command: Command


@dataclass(frozen=True, slots=True)
class Found:
    """What came of it, and the words of an event when it failed."""

    good: bool
    output: str = ""


async def handle(runtime: Runtime, target: Target, handler: Object, timeout_s: float, number: int) -> Found:
    """Do what a handler says; never raises."""
    try:
        async with asyncio.timeout(timeout_s):
            if told := handler.get("exec"):
                return await _execute(runtime, target, told.get("command") or (), number)
            if told := handler.get("httpGet"):
                return await _get(runtime, target, told)
            if told := handler.get("tcpSocket") or handler.get("grpc"):
                # Of gRPC's health protocol no more is asked than that somebody listens.
                await _connected(runtime, target, told)
            elif told := handler.get("sleep"):
                await asyncio.sleep(float(told["seconds"]))
    except TimeoutError:
        return Found(good=False, output=_timed_out(handler, target, timeout_s))
    except RuntimeFailure as failure:
        return Found(good=False, output=failure.text)
    except (OSError, ValueError, EOFError) as error:
        return Found(good=False, output=_refused(handler, target, error))
    return Found(good=True)


def port_of(container: Object, port: int | str) -> int:
    """Return the number of a port that may be named; raises ValueError."""
    if isinstance(port, int) or str(port).isdigit():
        return int(port)
    for each in container.get("ports") or ():
        if each.get("name") == port:
            return int(each["containerPort"])
    raise ValueError(f"couldn't find port: {port}")


async def _execute(runtime: Runtime, target: Target, argv: tuple[str, ...], number: int) -> Found:
    wanted = replace(target.command, argv=tuple(argv), terminal=False)
    key, kept = f"{target.key}/handler-{number}", bytearray()
    reading, writing = os.pipe()
    with ExitStack() as ours:
        ours.callback(os.close, reading)
        with ExitStack() as theirs:
            theirs.callback(os.close, writing)
            nothing = os.open(os.devnull, os.O_RDONLY)
            theirs.callback(os.close, nothing)
            streams = (nothing, writing, writing)
            ending, _ = await runtime.execute(target.pod, target.key, key, wanted, streams)
        os.set_blocking(reading, False)
        try:
            status = await _draining(reading, ending, kept)
        except (TimeoutError, asyncio.CancelledError):
            runtime.kill(key)
            raise
    return Found(status == 0, kept[:_LONGEST_OUTPUT].decode(errors="replace"))


async def _draining(reading: int, ending: asyncio.Future[int], kept: bytearray) -> int:
    # What a command prints beyond what is kept is of no interest, but must not stop it.
    loop = asyncio.get_running_loop()

    def read() -> bytes:
        try:
            data = os.read(reading, _LONGEST_OUTPUT)
        except BlockingIOError:
            return b""
        kept.extend(data[: _LONGEST_OUTPUT - len(kept)])
        if not data:
            loop.remove_reader(reading)
        return data

    loop.add_reader(reading, read)
    try:
        status = await asyncio.shield(ending)
        while read():
            pass
    finally:
        loop.remove_reader(reading)
    return status


async def _connected(
    runtime: Runtime, target: Target, told: Object
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    made = await runtime.open_socket(target.pod)
    with ExitStack() as unless_connected:
        unless_connected.callback(made.close)
        place = told.get("host") or target.address, port_of(target.container, told["port"])
        await asyncio.get_running_loop().sock_connect(made, place)
        unless_connected.pop_all()
    if told.get("scheme") == "HTTPS":
        # A probe trusts any certificate (Kubernetes, "Configure Liveness, Readiness and Startup Probes").
        trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
        reader, writer = await asyncio.open_connection(sock=made, ssl=trusting, server_hostname="")
    else:
        reader, writer = await asyncio.open_connection(sock=made)
    if not ("path" in told or "scheme" in told):
        writer.close()
    return reader, writer


async def _get(runtime: Runtime, target: Target, told: Object) -> Found:
    reader, writer = await _connected(runtime, target, {"scheme": "HTTP", **told})
    try:
        given = {each["name"]: each["value"] for each in told.get("httpHeaders") or ()}
        usual = {"Host": f"{target.address}:{told['port']}", "User-Agent": "kube-probe/1", "Accept": "*/*"}
        headers = {**usual, **given, "Connection": "close"}
        path = "/" + (told.get("path") or "/").lstrip("/")
        lines = [f"GET {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
        writer.write("\r\n".join(lines).encode())
        status = (await reader.readline()).split()
        if len(status) < 2 or not status[0].startswith(b"HTTP/"):  # noqa: PLR2004  # version and code
            raise EOFError
        code = int(status[1])
    finally:
        writer.close()
    return Found(code in _GOOD, f"HTTP probe failed with statuscode: {code}")


def _timed_out(handler: Object, target: Target, timeout_s: float) -> str:
    if told := handler.get("exec"):
        return f'command "{" ".join(told.get("command") or ())}" timed out after {timeout_s:g}s'
    if told := handler.get("httpGet"):
        address = _address(told, target)
        return f'Get "{address}": context deadline exceeded (Client.Timeout exceeded while awaiting headers)'
    told = handler.get("tcpSocket") or {}
    return f"dial tcp {target.address}:{told.get('port')}: i/o timeout"


def _refused(handler: Object, target: Target, error: Exception) -> str:
    words = os.strerror(error.errno).lower() if isinstance(error, OSError) and error.errno else str(error) or "EOF"
    told = handler.get("httpGet") or handler.get("tcpSocket") or handler.get("grpc") or {}
    dialled = f"dial tcp {target.address}:{told.get('port')}: connect: {words}"
    return f'Get "{_address(told, target)}": {dialled}' if "httpGet" in handler else dialled


def _address(told: Object, target: Target) -> str:
    scheme = (told.get("scheme") or "HTTP").lower()
    return f"{scheme}://{told.get('host') or target.address}:{told.get('port')}/{(told.get('path') or '').lstrip('/')}"
