"""An agent of Session Manager's for tests of the channel alone: real websocket, real terminal, faults on demand.

It shares no code with hpctl: frames are packed here by hand, so that one mistake cannot be made at both ends.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import hashlib
import json
import os
import pty
import random
import signal
import ssl
import struct
import threading
import time
import uuid
from collections.abc import Coroutine
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from hpctl.adapters.ssm.starting import Opened
from hpctl.errors import RefusedError

HEADER = ">I32sIQqQ8s8s32sII"


def certificate(folder: Path) -> tuple[ssl.SSLContext, str]:
    """Make a certificate for the loopback and return a server's side of TLS, and the file that vouches for it."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "ssmmessages")])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, SHA256())
    )
    (folder / "cert.pem").write_bytes(made.public_bytes(Encoding.PEM))
    (folder / "key.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context, str(folder / "cert.pem")


def packed(kind: str, sequence: int, carried: int, payload: bytes, flags: int = 0, message_id: bytes = b"") -> bytes:
    message_id = message_id or uuid.uuid4().bytes
    digest = hashlib.sha256(payload).digest()
    high, low = message_id[:8], message_id[8:]
    head = struct.pack(
        HEADER, 116, kind.ljust(32).encode(), 1, 0, sequence, flags, low, high, digest, carried, len(payload)
    )
    return head + payload


def unpacked(data: bytes) -> tuple[str, int, bytes, int, bytes]:
    _, kind, _, _, sequence, _, low, high, _, carried, length = struct.unpack_from(HEADER, data)
    payload = data[120:]
    assert len(payload) == length
    return kind.decode().strip(), sequence, high + low, carried, payload


@dataclass
class Faults:
    """How frames fare, by chance of `seed`; what the agent does wrong."""

    seed: int = 0
    drop: float = 0.0
    double: float = 0.0
    late: float = 0.0
    garble: float = 0.0
    cut_after: list[int] = field(default_factory=list)
    """Frames after which a connection is cut, one number a connection."""
    eof_starts: int = 0
    """Sessions that begin with `Cannot perform start session: EOF`."""
    encrypted: bool = False
    """Whether sessions want a key of KMS."""
    path: str | None = None
    """Where the node's shell looks for programs, when that is not where this machine does."""
    gone: bool = False
    """Whether AWS knows sessions no more once their connection is cut."""


class Session:
    """One session: its terminal lives on between connections."""

    def __init__(self, document: str, parameters: dict[str, list[str]]) -> None:
        self.document, self.parameters = document, parameters
        self.token = uuid.uuid4().hex
        self.next_out, self.next_in = 0, 0
        self.unacknowledged: dict[int, tuple[bytes, float]] = {}
        self.early: dict[int, tuple[int, bytes]] = {}
        self.master, self.pid = -1, 0
        self.ready = False
        self.closed = False
        self.resumes = 0
        self.writing = asyncio.Lock()


class Agent:
    """A service and its agent in a thread of their own; `start`, `resume` and `end` stand in for the calls of AWS."""

    def __init__(self, faults: Faults | None = None, *, tls: ssl.SSLContext | None = None, trusted: str = "") -> None:
        self.faults, self.tls, self.trusted = faults or Faults(), tls, trusted
        self.chance = random.Random(self.faults.seed)  # noqa: S311
        self.sessions: dict[str, Session] = {}
        self.ended: list[str] = []
        self.lock = threading.Lock()
        self.loop = asyncio.new_event_loop()
        self.server: Server | None = None
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        asyncio.run_coroutine_threadsafe(self._listen(), self.loop).result(30)

    def start(self, _node: object, document: str, parameters: dict[str, list[str]]) -> Opened:
        session_id = f"hpctl-{uuid.uuid4().hex[:17]}"
        self.sessions[session_id] = Session(document, parameters)
        return self.resume(session_id)

    def resume(self, session_id: str) -> Opened:
        session = self.sessions[session_id]
        if self.faults.gone and session.resumes:
            raise RefusedError("AWS refused `ssm:ResumeSession` with `DoesNotExistException`", aws_code="x")
        session.resumes += 1
        assert self.server is not None
        port = self.server.sockets[0].getsockname()[1]
        scheme = "ws" if self.tls is None else "wss"
        url = f"{scheme}://127.0.0.1:{port}/v1/data-channel/{session_id}"
        return Opened(session_id, url, session.token, self.trusted)

    def end(self, session_id: str) -> None:
        self.ended.append(session_id)
        self._hang_up(self.sessions[session_id])

    def close(self) -> None:
        for session in self.sessions.values():
            self._hang_up(session)
        asyncio.run_coroutine_threadsafe(self._stop(), self.loop).result(30)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(30)
        self.loop.close()

    async def _listen(self) -> None:
        self.server = await serve(self._serve, "127.0.0.1", 0, compression=None, ssl=self.tls)

    async def _stop(self) -> None:
        assert self.server is not None
        self.server.close()
        await self.server.wait_closed()

    def _hang_up(self, session: Session) -> None:
        with self.lock:
            master, pid = session.master, session.pid
            session.closed, session.master, session.pid = True, -1, 0
        if master >= 0:
            self.loop.call_soon_threadsafe(self._let_go, master)
        if pid:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGHUP)
            threading.Thread(target=self._reap, args=(pid,), daemon=True).start()

    def _let_go(self, master: int) -> None:
        self.loop.remove_reader(master)
        os.close(master)

    @staticmethod
    def _reap(pid: int) -> None:
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, 0)

    async def _serve(self, connection: ServerConnection) -> None:
        request = connection.request
        assert request is not None
        session = self.sessions[request.path.rpartition("/")[2].partition("?")[0]]
        opening = json.loads(await connection.recv())
        assert opening["TokenValue"] == session.token
        await _Serving(self, session, connection).run()


class _Serving:
    """One connection of a session."""

    def __init__(self, agent: Agent, session: Session, connection: ServerConnection) -> None:
        self.agent, self.session, self.connection = agent, session, connection
        cuts = agent.faults.cut_after
        self.left = cuts.pop(0) if cuts else -1
        self.wake = asyncio.Event()
        self.held: list[bytes] = []
        self.tasks: set[asyncio.Future[None]] = set()

    async def run(self) -> None:
        resending = asyncio.create_task(self._resend())
        try:
            if self.agent.faults.eof_starts > 0:
                self.agent.faults.eof_starts -= 1
                await self._closed("Cannot perform start session: EOF")
                return
            if self.session.next_out == 0:
                actions = [{"ActionType": "SessionType", "ActionParameters": {"SessionType": "InteractiveCommands"}}]
                if self.agent.faults.encrypted:
                    actions.append({"ActionType": "KMSEncryption", "ActionParameters": {"KMSKeyId": "k"}})
                await self._say(5, json.dumps({"AgentVersion": "3.3.0.0", "RequestedClientActions": actions}).encode())
            if self.session.master >= 0:
                self._listen()
            async for message in self.connection:
                assert isinstance(message, bytes)
                await self._heard(message)
        except ConnectionClosed:
            pass
        finally:
            resending.cancel()
            if self.session.master >= 0:
                self.agent.loop.remove_reader(self.session.master)

    async def _closed(self, said: str) -> None:
        payload = json.dumps({"MessageType": "channel_closed", "SchemaVersion": 1, "Output": said}).encode()
        await self._send(packed("channel_closed", 0, 0, payload))
        while self.held and self.left:
            # Late is not lost: what the closed channel said comes before the connection ends.
            await self.connection.send(self.held.pop(0))
        await self.connection.close()

    async def _heard(self, data: bytes) -> None:
        kind, sequence, message_id, carried, payload = unpacked(data)
        if kind == "acknowledge":
            self.session.unacknowledged.pop(json.loads(payload)["AcknowledgedMessageSequenceNumber"], None)
            return
        assert kind == "input_stream_data"
        told = {
            "AcknowledgedMessageType": kind,
            "AcknowledgedMessageId": str(uuid.UUID(bytes=message_id)),
            "AcknowledgedMessageSequenceNumber": sequence,
            "IsSequentialMessage": True,
        }
        await self._send(packed("acknowledge", 0, 0, json.dumps(told).encode(), 3))
        if sequence >= self.session.next_in:
            self.session.early[sequence] = (carried, payload)
        async with self.session.writing:  # the connection before may still be at it
            while (following := self.session.early.pop(self.session.next_in, None)) is not None:
                self.session.next_in += 1
                await self._in_order(*following)

    async def _in_order(self, carried: int, payload: bytes) -> None:
        session = self.session
        if carried == 6:
            assert json.loads(payload)["ProcessedClientActions"][0]["ActionStatus"] == 1
            await self._say(7, b'{"HandshakeTimeToComplete":1,"CustomerMessage":""}')
            self._begin()
        elif carried == 3:
            size = json.loads(payload)
            fcntl.ioctl(session.master, 0x5414, struct.pack("HHHH", size["rows"], size["cols"], 0, 0))
        elif carried == 10 and payload == b"\0\0\0\x02":
            self.agent._hang_up(session)
            await self._closed("")
        elif carried == 1 and session.master >= 0:
            await self.agent.loop.run_in_executor(None, _write_all, session.master, payload)

    def _begin(self) -> None:
        pid, master = pty.fork()
        if pid == 0:
            path = self.agent.faults.path
            env = os.environ if path is None else {**os.environ, "PATH": path}
            os.execve("/bin/sh", ["sh", "-c", self.session.parameters["command"][0]], env)  # noqa: S606
        self.session.pid, self.session.master = pid, master
        self._listen()

    def _listen(self) -> None:
        self.agent.loop.add_reader(self.session.master, self._readable)

    def _readable(self) -> None:
        if len(self.session.unacknowledged) > 2000:
            self.agent.loop.remove_reader(self.session.master)
            self.agent.loop.call_later(0.05, self._listen)
            return
        try:
            data = os.read(self.session.master, 1024)
        except OSError:
            data = b""
        if data:
            # As Amazon's agent does to the output of terminals.
            self._later(self._say(1, data.decode(errors="replace").encode()[:1024]))
            return
        self.agent.loop.remove_reader(self.session.master)
        self._later(self._over())

    def _later(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.ensure_future(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def _over(self) -> None:
        while self.session.unacknowledged:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        self.agent._hang_up(self.session)
        with contextlib.suppress(ConnectionClosed):
            await self._closed("")

    async def _say(self, carried: int, payload: bytes) -> None:
        number = self.session.next_out
        self.session.next_out += 1
        frame = packed("output_stream_data", number, carried, payload)
        self.session.unacknowledged[number] = (frame, time.monotonic())
        with contextlib.suppress(ConnectionClosed):
            await self._send(frame)

    async def _resend(self) -> None:
        while True:
            await asyncio.sleep(0.1)
            for number, (frame, sent) in list(self.session.unacknowledged.items())[:64]:
                if time.monotonic() - sent > 0.3:
                    self.session.unacknowledged[number] = (frame, time.monotonic())
                    with contextlib.suppress(ConnectionClosed):
                        await self._send(frame)

    async def _send(self, frame: bytes) -> None:
        faults, chance = self.agent.faults, self.agent.chance
        if self.left == 0:
            self.connection.transport.abort()
            return
        self.left -= 1
        if chance.random() < faults.drop:
            return
        if chance.random() < faults.garble:
            frame = bytearray(frame)  # type: ignore[assignment]
            # The digest and what it is of; the rest of the header is vouched for by TLS alone.
            frame[chance.choice([*range(80, 112), *range(116, len(frame))])] ^= 0x55  # type: ignore[index]
        if chance.random() < faults.late:
            self.held.append(bytes(frame))
            return
        await self.connection.send(bytes(frame))
        if chance.random() < faults.double:
            await self.connection.send(bytes(frame))
        if self.held and chance.random() < 0.5:
            await self.connection.send(self.held.pop(0))


def _write_all(master: int, data: bytes) -> None:
    with contextlib.suppress(OSError):  # the terminal has hung up
        while data:
            data = data[os.write(master, data) :]
