"""Exec and port-forward, as the Python client speaks them; kubectl's way is tested with kubectl."""

from __future__ import annotations

import json
from contextlib import closing
from typing import Any

import pytest
from kubernetes.client import CoreV1Api
from kubernetes.client.exceptions import ApiException
from kubernetes.stream import portforward, stream
from kubernetes.stream.ws_client import ERROR_CHANNEL

from tests.contract.kubernetes.objects import ONE, a_container, a_pod
from tests.contract.kubernetes.space import Space, until
from tests.contract.kubernetes.test_pods import ready

ECHO = """
import socket
server = socket.create_server(("127.0.0.1", 18090))
while True:
    peer, _ = server.accept()
    with peer:
        while data := peer.recv(65536):
            peer.sendall(data.swapcase())
"""


LISTENS = "import socket; socket.create_connection(('127.0.0.1', 18090)).close()"


@pytest.fixture(scope="module")
def house(room: Space) -> Space:
    """A namespace with a pod whose two containers wait, one of them answering on a port."""
    pod = a_pod("exec sleep 600", container={"env": [{"name": "A", "value": "b c"}], "workingDir": "/tmp"})
    serve = a_container("", "echo")
    probe = {"exec": {"command": ["python3", "-c", LISTENS]}, "periodSeconds": 1}
    pod["spec"]["containers"].append({**serve, "command": ["python3", "-c", ECHO], "readinessProbe": probe})
    room.make("pods", pod)
    ready(room)
    return room


def run(space: Space, *command: str, **options: Any) -> Any:
    api = CoreV1Api(space.cluster.python)
    asked = {"command": list(command), "stdout": True, "stderr": True, "_preload_content": False, **options}
    return stream(api.connect_get_namespaced_pod_exec, ONE, space.name, container="main", **asked)


def done(running: Any) -> tuple[str, str, int]:
    running.run_forever(timeout=60)
    told = running.read_stdout(timeout=0.1), running.read_stderr(timeout=0.1), running.returncode
    shut(running)
    return told


def shut(running: Any) -> None:
    """Close a stream, and its socket, which the client leaves open where the server has closed first."""
    running.close()
    running.sock.shutdown()


def stop(forwarded: Any, port: int) -> str | None:
    """Close a forwarded port when its thread has let go of it; returns what was said of it."""
    forwarded.close()
    until(forwarded.local_ports[port].python.fileno, lambda number: number == -1)
    forwarded.websocket.shutdown()
    error: str | None = forwarded.error(port)
    return error


def test_a_command_tells_what_it_says_and_how_it_ends(house: Space) -> None:
    assert done(run(house, "sh", "-c", "echo out; echo err >&2; exit 3")) == ("out\n", "err\n", 3)


def test_a_command_is_in_the_container(house: Space) -> None:
    out, _, code = done(run(house, "sh", "-c", 'echo "$A"; pwd; hostname; ls /tmp > /dev/null'))
    assert (out.splitlines(), code) == (["b c", "/tmp", ONE], 0)


def test_words_are_not_split(house: Space) -> None:
    assert done(run(house, "printf", "[%s]", "a b", "$HOME", "", "ü;'"))[0] == "[a b][$HOME][][ü;']"


def test_input_is_heard(house: Space) -> None:
    running = run(house, "sh", "-c", 'read line; echo "heard $line"; exit 4', stdin=True)
    running.write_stdin("hello\n")
    assert done(running) == ("heard hello\n", "", 4)


def test_a_terminal_is_one(house: Space) -> None:
    out, err, code = done(
        run(house, "sh", "-c", "test -t 0 && test -t 1 && echo yes; echo err >&2", tty=True, stdin=True)
    )
    assert (out, err, code) == ("yes\r\nerr\r\n", "", 0)


def test_much_output_comes_whole(house: Space) -> None:
    out, _, code = done(run(house, "seq", "1", "50000"))
    assert (len(out.splitlines()), out.splitlines()[-1], code) == (50000, "50000", 0)


def test_a_program_that_there_is_none_of_fails(house: Space) -> None:
    running = run(house, "no-such-program")
    running.run_forever(timeout=60)
    told = json.loads(running.read_channel(ERROR_CHANNEL))
    shut(running)
    assert (told["status"], told["reason"]) == ("Failure", "InternalError")
    assert "no-such-program" in told["message"]


@pytest.mark.parametrize(("name", "code"), [("none", 404), (ONE, 400)])
def test_what_is_not_there_runs_nothing(house: Space, name: str, code: int) -> None:
    api = CoreV1Api(house.cluster.python)
    with pytest.raises(ApiException) as refused:
        stream(api.connect_get_namespaced_pod_exec, name, house.name, container="none", command=["true"])
    assert refused.value.status in {0, code}
    assert str(code) in str(refused.value)


def test_a_port_is_reached_through_the_api(house: Space) -> None:
    api = CoreV1Api(house.cluster.python)
    forwarded = portforward(api.connect_get_namespaced_pod_portforward, ONE, house.name, ports="18090")
    with closing(forwarded.socket(18090)) as peer:
        peer.settimeout(20)
        peer.sendall(b"Hello")
        assert peer.recv(64) == b"hELLO"
        whole = b"x" * 200_000
        peer.sendall(whole)
        back = b""
        while len(back) < len(whole):
            back += peer.recv(65536)
    assert back == whole.swapcase()
    assert stop(forwarded, 18090) is None


def test_a_port_that_nobody_listens_on_is_told(house: Space) -> None:
    api = CoreV1Api(house.cluster.python)
    forwarded = portforward(api.connect_get_namespaced_pod_portforward, ONE, house.name, ports="18091")
    with closing(forwarded.socket(18091)) as peer:
        peer.settimeout(20)
        assert peer.recv(64) == b""
    assert "18091" in str(stop(forwarded, 18091))
