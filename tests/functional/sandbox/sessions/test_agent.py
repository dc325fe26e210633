"""What is at the other end of a channel: programs with pipes and terminals, ports, and what becomes of them."""

from __future__ import annotations

import asyncio
import os
import time
from contextlib import suppress

import pytest

from tests.functional.sandbox.sessions.channels import PATIENCE_S, Client, opened
from tests.functional.sandbox.sessions.conftest import PIPES, SHELL, TERMINAL, Nodes

FAULTS = ("drop", "duplicate", "reorder", "garbage")
NUMBERS = b"".join(b"%d\n" % number for number in range(1, 100_001))


def test_a_command_with_pipes_says_exactly_what_it_says(nodes: Nodes) -> None:
    client = nodes.have(PIPES, command=r"printf '\000\377 no end'; echo errors >&2; exit 3")
    assert client.output == b"\0\xff no enderrors\n"
    kind = client.agent["RequestedClientActions"][0]["ActionParameters"]["SessionType"]
    assert (kind, client.words) == ("NonInteractiveCommands", "")


def test_what_is_typed_to_a_command_with_pipes_ends_lines_by_line_feeds(nodes: Nodes) -> None:
    session = nodes.start(PIPES, command="read -r first; echo got $first")

    async def talk() -> bytes:
        async with opened(session) as client:
            await client.type(b"a line\r")
            return await client.to_the_end()

    assert asyncio.run(talk()) == b"got a line\n"


def test_a_shell_has_a_terminal_of_the_clients_size_and_hears_keys(nodes: Nodes) -> None:
    session = nodes.start(SHELL)

    async def talk() -> bytes:
        async with opened(session) as client:
            await client.resize(101, 37)
            await client.type(b"stty size; cat\r")
            await client.until(b"37 101")
            # Echo says when cat has the terminal.
            await client.type(b"heard\r")
            await client.until(b"heard\r\nheard")
            await client.type(b"\x03")
            # What is typed before the prompt is back goes with what Ctrl-C throws away.
            await client.until(b"^C\r\n# ")
            await client.type(b"echo code $?; exit\r")
            return await client.to_the_end()

    assert b"code 130" in asyncio.run(talk())


@pytest.mark.parametrize("fault", FAULTS)
def test_output_comes_whole_and_in_order_through_bad_weather(nodes: Nodes, fault: str) -> None:
    nodes.switch(seed=3, faults=[{"fault": fault, "probability": 0.1}])
    assert nodes.run("seq 1 100000") == NUMBERS
    assert nodes.switched()["faults"][0]["struck"] > 10


def test_a_frame_that_comes_twice_is_typed_once_and_acknowledged_twice(nodes: Nodes) -> None:
    session = nodes.start(PIPES, command="read -r one; read -r two; echo $one $two")

    async def talk() -> tuple[bytes, int]:
        async with opened(session) as client:
            await client.type(b"first\r")
            before = client.heard
            client.sent -= 1
            await client.type(b"first\r")
            await client.type(b"second\r")
            return await client.to_the_end(), client.heard - before

    output, heard = asyncio.run(talk())
    assert output == b"first second\n"
    # Two for the first line, one for the second, beside the handshake's, the output and the end.
    assert heard >= 3


def test_a_session_goes_on_after_its_connection_has_broken(nodes: Nodes) -> None:
    session = nodes.start(TERMINAL, command="stty -echo; echo ready; read -r line; seq 1 2000; echo $line")

    async def talk() -> bytes:
        async with opened(session) as client:
            await client.until(b"ready\r\n")
            client.socket.transport.abort()
        resumed = await asyncio.to_thread(nodes.ssm.resume_session, SessionId=session["SessionId"])
        async with opened(resumed, client) as again:
            await again.type(b"still here\r")
            return await again.to_the_end()

    output = asyncio.run(talk()).replace(b"\r\n", b"\n")
    assert output == b"ready\n" + b"".join(b"%d\n" % number for number in range(1, 2001)) + b"still here\n"


@pytest.mark.parametrize("how", ["flag", "request", "leaving"])
def test_what_a_session_has_started_ends_with_it(nodes: Nodes, how: str) -> None:
    nodes.switch(linger_s=0.1)
    mark = f"36{os.getpid() % 1000:03}{['flag', 'request', 'leaving'].index(how)}"
    # One hears that the terminal has gone, the other does not care; both are of the session.
    command = f"sleep {mark} & (trap '' HUP; sleep {mark}; sleep {mark}) & echo up; wait"
    session = nodes.start(TERMINAL, command=command)

    async def talk() -> None:
        async with opened(session) as client:
            await client.until(b"up\r\n")
            assert await asyncio.to_thread(_counted, nodes, mark) >= 2
            if how == "flag":
                await client.terminate()
                await client.to_the_end()
            elif how == "request":
                await asyncio.to_thread(nodes.ssm.terminate_session, SessionId=session["SessionId"])
                await client.to_the_end()
            else:
                client.socket.transport.abort()

    asyncio.run(talk())
    assert _left(nodes, mark) == 0


def test_a_session_that_ends_as_its_program_starts_leaves_none(nodes: Nodes) -> None:
    mark = f"38{os.getpid() % 1000:03}"

    async def talk() -> None:
        # Before its program starts, about then, and when it runs.
        for moment_s in (0.0, 0.01, 0.02, 0.05, 0.1, PATIENCE_S):
            session = await asyncio.to_thread(nodes.start, TERMINAL, command=f"trap '' HUP; echo up; sleep {mark}")
            async with opened(session) as client:
                while not client.agent:
                    await client.hear()
                with suppress(TimeoutError):
                    await asyncio.wait_for(client.until(b"up\r\n"), moment_s)
                await client.terminate()
                await client.to_the_end()

    asyncio.run(talk())
    assert _left(nodes, mark) == 0


def _left(nodes: Nodes, mark: str) -> int:
    """Return how many are left when patience is over; what was about to start has by the second look."""
    deadline = time.monotonic() + PATIENCE_S
    # Each look is a session, which takes a while.
    while (left := _counted(nodes, mark) or _counted(nodes, mark)) and time.monotonic() < deadline:
        pass
    return left


def _counted(nodes: Nodes, mark: str) -> int:
    return int(nodes.run(f"ps -eo args | grep -c '[s]leep {mark}$'"))


def test_a_client_that_does_not_read_stops_the_program_and_not_the_sandbox(nodes: Nodes) -> None:
    session = nodes.start(PIPES, command="head -c 20000000 /dev/zero; touch /tmp/all-was-said")

    async def talk() -> Client:
        async with opened(session) as client:
            await client.until(b"\0")
            # Everybody else is served meanwhile.
            assert await asyncio.to_thread(nodes.run, "ls /tmp/all-was-said || true") != b"/tmp/all-was-said\n"
            await client.terminate()
            return client

    asyncio.run(talk())


def test_a_start_that_the_weather_refuses_ends_with_awss_words(nodes: Nodes) -> None:
    nodes.switch(faults=[{"fault": "eof", "count": 1}])
    client = nodes.have(PIPES, command="echo never")
    assert (client.output, client.words) == (b"", "Cannot perform start session: EOF")
    assert nodes.run("echo now") == b"now\n"


def test_a_port_of_a_node_is_reached_once_or_again_and_again(machines: Nodes) -> None:
    server = (
        "import socket; s = socket.create_server(('127.0.0.1', 7000)); print('up', flush=True)\n"
        "while True:\n    c, _ = s.accept(); c.sendall(c.recv(9)[::-1]); c.close()"
    )
    serving = machines.start(TERMINAL, command=f'exec python3 -c "{server}"')
    once = machines.start("AWS-StartSSHSession", portNumber="7000")
    again = machines.start("AWS-StartPortForwardingSession", portNumber="7000")
    nobody = machines.start("AWS-StartPortForwardingSession", portNumber="7001")

    async def talk() -> None:
        async with opened(serving) as client:
            await client.until(b"up")
            async with opened(once) as port:
                await port.type(b"abc\0")
                assert await port.to_the_end() == b"\0cba"
            async with opened(again) as port:
                await port.type(b"one")
                await port.until(b"eno")
                async with asyncio.timeout(PATIENCE_S):
                    while port.flags != [1]:
                        await port.hear()
                await port.type(b"two")
                await port.until(b"owt")
                assert port.agent["AgentVersion"] == "3.0.161.0"
            async with opened(nobody) as port:
                await port.to_the_end()
                assert port.flags == [3]
            await client.terminate()

    asyncio.run(talk())
