"""hpctl's own client of Session Manager with the sandbox's agent: faults, deaths, terminals, connections."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any, BinaryIO, cast
from unittest import mock

import pexpect
import pytest

from hpctl.adapters.aws.session import AwsSession
from hpctl.adapters.local.clock import SystemClock
from hpctl.adapters.ssm.sessions import SsmSessions
from hpctl.errors import NotFoundError, UnavailableError
from hpctl.facts.session_ports import Ran, Target
from hpctl.sandbox.environment import applied, environment
from tests.functional.sandbox.sessions.conftest import Nodes

PATIENCE_S = 90.0
CLIENT = """
import os, sys
from hpctl.adapters.aws.session import AwsSession
from hpctl.adapters.local.clock import SystemClock
from hpctl.adapters.ssm.sessions import SsmSessions
from hpctl.facts.session_ports import Target

sessions = SsmSessions(AwsSession(profile=None, region=None), os.environ, SystemClock())
node, how, command = Target(*sys.argv[1:4]), sys.argv[4], sys.argv[5:]
if how == "interact":
    print("left with", sessions.interact(node, command))
else:
    sys.exit(sessions.execute(node, command, stdout=sys.stdout.buffer, stderr=sys.stderr.buffer))
"""


class Client:
    """Sessions of this process, and processes with sessions of their own."""

    def __init__(self, nodes: Nodes) -> None:
        self.nodes = nodes
        self.environ = applied(environment(nodes.aws.state), dict(os.environ))
        row = nodes.rows()[0]
        self.node = Target(nodes.cluster_id, "workers", row["InstanceId"])
        self.sessions = SsmSessions(
            AwsSession(profile=None, region=nodes.aws.state.region), self.environ, SystemClock()
        )
        self.command = (
            *(sys.executable, "-c", CLIENT),
            *(self.node.cluster_id, self.node.instance_group, self.node.instance_id),
        )

    def run(self, *command: str, **more: Any) -> Ran:
        return self.sessions.run(self.node, command, **more)

    def serve(self, program: str, said: int) -> None:
        """Run a program of Python's on the node; what it prints goes to a descriptor."""
        with open(said, "wb", 0) as stdout:
            out = cast("BinaryIO", stdout)
            command = ["python3", "-c", program]
            self.sessions.execute(self.node, command, stdout=out, stderr=out, timeout_s=PATIENCE_S)

    def processes(self, mark: str) -> int:
        """How many processes of the node have the mark in their words."""
        told = self.run("pgrep", "--full", "--count", f"^sleep {mark}")
        return int(told.stdout)


@pytest.fixture
def client(machines: Nodes) -> Iterator[Client]:
    with ExitStack() as stack:
        made = Client(machines)
        stack.enter_context(mock.patch.dict(os.environ, made.environ, clear=True))
        stack.callback(made.sessions.end_all)
        yield made


def eventually(true: Callable[[], bool]) -> None:
    end_s = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < end_s, "it does not come about"
        time.sleep(0.2)


@pytest.mark.parametrize(
    "fault",
    [
        {"fault": "drop", "probability": 0.1},
        {"fault": "reorder", "probability": 0.3},
        {"fault": "duplicate", "probability": 0.5},
        {"fault": "garbage", "probability": 0.1},
        {"fault": "stall", "probability": 0.02, "count": 3, "seconds": 1.0},
        {"fault": "cut", "probability": 1.0, "count": 2, "after": 60},
    ],
    ids=lambda fault: str(fault["fault"]),
)
def test_the_streams_of_a_program_survive_what_a_bad_network_does(client: Client, fault: dict[str, Any]) -> None:
    given = random.Random(3).randbytes(60_000)  # noqa: S311
    client.nodes.switch(seed=11, faults=[fault])
    told = client.run("sh", "-c", "cat; printf '\\377' >&2; exit 9", stdin=given, timeout_s=PATIENCE_S)
    struck = sum(one["struck"] for one in client.nodes.switched()["faults"])
    assert (told.exit_code, told.stdout == given, told.stderr) == (9, True, b"\xff")
    assert struck > 0


def test_an_end_of_file_at_the_start_is_tried_again_and_the_program_runs_once(client: Client) -> None:
    mark = f"/tmp/ran-{os.getpid()}"
    client.nodes.switch(faults=[{"fault": "eof", "count": 2}])
    told = client.run("sh", "-c", f"echo ran >> {mark}; cat {mark}; cat; rm {mark}", stdin=b"all of it")
    assert told == Ran(0, b"ran\nall of it", b"")


def test_a_node_that_is_not_there_is_said_with_what_to_look_at(client: Client) -> None:
    nobody = Target(client.node.cluster_id, "workers", "i-00000000000000000")
    with pytest.raises(NotFoundError, match=r"does not reach node `i-0+` of group `workers`") as told:
        client.sessions.run(nobody, ["true"])
    assert "hpctl node list" in str(told.value.hint)


@pytest.mark.parametrize("deadly", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM], ids=lambda one: one.name)
def test_a_client_that_dies_leaves_no_program_on_the_node(client: Client, deadly: signal.Signals) -> None:
    client.nodes.switch(linger_s=0.5)
    mark = f"1{deadly.value}{os.getpid()}"
    script = f"(setsid sleep {mark} &) ; sleep {mark} & sleep {mark}"
    with subprocess.Popen(
        [*client.command, "execute", "sh", "-c", script], stderr=subprocess.DEVNULL, env=client.environ
    ) as running:
        eventually(lambda: client.processes(mark) == 3)
        running.send_signal(deadly)
        assert running.wait(PATIENCE_S) != 0
    eventually(lambda: client.processes(mark) == 0)


def test_a_terminal_has_its_size_its_keys_and_its_exit_code(client: Client) -> None:
    person = pexpect.spawn(
        client.command[0],
        [*client.command[1:], "interact"],
        env={**client.environ, "TERM": "dumb"},
        dimensions=(30, 100),
        timeout=PATIENCE_S,
        encoding="utf-8",
    )
    person.sendline("PS1='$ '; stty size; echo term=$TERM")
    person.expect("30 100\r\n.*term=dumb\r\n")
    person.setwinsize(40, 120)
    person.sendline("until [ \"$(stty size)\" = '40 120' ]; do sleep 0.1; done; echo re''sized")
    person.expect("resized\r\n")
    person.sendline("echo be''gun; sleep 1000")
    person.expect("begun\r\n")
    person.send("\x03")
    person.sendline("echo stopped=$?")
    person.expect("stopped=130\r\n")
    person.sendline("exit 7")
    person.expect("left with 7\r\n")
    person.expect(pexpect.EOF)
    person.close()
    assert person.exitstatus == 0


def test_connections_are_made_on_the_node_and_end_when_they_end_there(client: Client) -> None:
    server = (
        "import socket\n"
        "s = socket.create_server(('127.0.0.1', 0)); print(s.getsockname()[1], flush=True)\n"
        "for _ in range(2):\n"
        "    c, _ = s.accept(); size = int(c.recv(9)); got = b''\n"
        "    while len(got) < size: got += c.recv(65536)\n"
        "    c.sendall(got[::-1]); c.close()\n"
    )
    read, write = os.pipe()
    serving = threading.Thread(target=client.serve, args=(server, write))
    serving.start()
    with os.fdopen(read) as said:
        port = int(said.readline())
    given = random.Random(5).randbytes(150_000)  # noqa: S311
    for host in ("", "127.0.0.1"):
        with client.sessions.tunnel(client.node, port, host=host) as tunnel:
            tunnel.send(f"{len(given):09d}".encode())
            tunnel.send(given)
            assert b"".join(iter(tunnel.receive, b"")) == given[::-1], host
    serving.join(PATIENCE_S)
    for host, refusal in (("", "nothing answers at that port"), ("127.0.0.1", "Connection refused")):
        with (
            client.sessions.tunnel(client.node, port, host=host) as tunnel,
            pytest.raises(UnavailableError, match=refusal),
        ):
            tunnel.receive()


def test_many_programs_run_at_once_over_one_loop(client: Client) -> None:
    with ThreadPoolExecutor(12) as threads:
        told = list(threads.map(lambda number: client.run("sh", "-c", f"sleep 1; echo {number}"), range(12)))
    assert [int(one.stdout) for one in told] == list(range(12))
