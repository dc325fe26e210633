from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from hpctl.sandbox.kube.controllers.agents import AgentState, Order, PodAgents, Told
from hpctl.sandbox.kube.resources import Object
from hpctl.sandbox.kube.status import StatusError
from tests.unit.sandbox.kube.virtual import VirtualLoop

READY = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{"status":"READY","reason":"","message":""}'
CHUNKED = b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1a\r\n{"status":"RUNNING","a":1}\r\n0\r\n\r\n'
HANGING = b'HTTP/1.1 200 OK\r\n\r\n{"status":"FAULTED","reason":"X","message":"LogStateHanging_slow"}'


class Wire:
    """The kubelet's way to a pod's port: keeps what is sent, answers what the test wants."""

    def __init__(self, *answers: bytes | None) -> None:
        self.answers, self.sent, self.ports = list(answers), bytearray(), list[int]()
        self.gate = asyncio.Event()
        self.gate.set()

    async def connect(self, _pod: Object, port: int) -> tuple[asyncio.StreamReader, Any]:
        self.ports.append(port)
        answer = self.answers.pop(0)
        await self.gate.wait()
        if answer is None:
            raise ConnectionRefusedError
        reader = asyncio.StreamReader()
        reader.feed_data(answer)
        reader.feed_eof()
        return reader, self

    def write(self, data: bytes) -> None:
        self.sent += data

    def close(self) -> None:
        pass


def pod(*ports: int) -> Object:
    container = {"ports": [{"containerPort": port} for port in ports]}
    return {"metadata": {"name": "p", "uid": "u"}, "spec": {"containers": [container]}}


def talk(scenario: Callable[[PodAgents, Wire], Awaitable[None]], *answers: bytes | None) -> None:
    with_wire(scenario, Wire(*answers))


def with_wire(scenario: Callable[[PodAgents, Wire], Awaitable[None]], wire: Wire) -> None:
    async def run() -> None:
        streams: Any = wire
        await scenario(PodAgents(streams), wire)

    loop = VirtualLoop()
    try:
        loop.run_until_complete(run())
    finally:
        loop.close()


async def settle() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (READY, Told(AgentState.READY)),
        (CHUNKED, Told(AgentState.RUNNING)),
        (HANGING, Told(AgentState.FAULTED, "LogStateHanging_slow")),
        (None, None),
        (b"SSH-2.0-OpenSSH_9.6\r\n", None),
        (b"HTTP/1.1 500 Oops\r\n\r\n", None),
        (b"HTTP/1.1 200 OK\r\n\r\n[]", None),
        (b'HTTP/1.1 200 OK\r\n\r\n{"status":"DREAMING"}', None),
    ],
)
def test_an_agent_is_what_it_says_and_anything_else_is_silence(answer: bytes | None, told: Told | None) -> None:
    async def scenario(agents: PodAgents, wire: Wire) -> None:
        assert agents.ask(pod()) is None
        await settle()
        assert agents.ask(pod()) == told
        assert bytes(wire.sent).startswith(b"GET /status HTTP/1.1\r\n") or answer is None
        assert wire.ports[0] == 8080
        await settle()

    talk(scenario, answer, answer)


def test_one_that_has_gone_silent_is_forgotten() -> None:
    async def scenario(agents: PodAgents, _wire: Wire) -> None:
        agents.ask(pod())
        await settle()
        assert agents.ask(pod()) == Told(AgentState.READY)
        await settle()
        assert agents.ask(pod()) is None
        await settle()

    talk(scenario, READY, None, None)


def test_an_order_is_sent_with_its_body_to_the_port_that_the_container_names() -> None:
    async def scenario(agents: PodAgents, wire: Wire) -> None:
        agents.order(pod(9090, 8000), Order.START, {"rank": 1})
        assert agents.ask(pod()) == Told(AgentState.RUNNING)
        await settle()
        head, _, body = bytes(wire.sent).partition(b"\r\n\r\n")
        assert (head.split(b"\r\n")[0], json.loads(body)) == (b"POST /start HTTP/1.1", {"rank": 1})
        assert wire.ports == [9090]

    talk(scenario, READY)


def test_an_answer_from_before_an_order_does_not_undo_it() -> None:
    async def scenario(agents: PodAgents, wire: Wire) -> None:
        wire.gate.clear()
        agents.ask(pod())
        await settle()
        agents.order(pod(), Order.START, {})
        wire.gate.set()
        await settle()
        assert agents.ask(pod()) == Told(AgentState.RUNNING)
        await settle()

    talk(scenario, READY, READY, READY)


def test_an_order_that_does_not_arrive_leaves_nothing_known() -> None:
    async def scenario(agents: PodAgents, _wire: Wire) -> None:
        agents.order(pod(), Order.STOP, {})
        await settle()
        assert agents.ask(pod()) is None
        await settle()

    talk(scenario, None, None)


def test_a_pod_that_the_kubelet_does_not_reach_is_silent() -> None:
    class Gone(Wire):
        async def connect(self, _pod: Object, port: int) -> tuple[asyncio.StreamReader, Any]:
            raise StatusError(404, "NotFound", "gone")

    async def scenario(agents: PodAgents, _wire: Wire) -> None:
        agents.ask(pod())
        await settle()
        assert agents.ask(pod()) is None
        await settle()

    with_wire(scenario, Gone())
