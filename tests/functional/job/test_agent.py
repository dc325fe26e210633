"""The agreement of nodes on loopback: what breaks between them, and how long they bear it."""

from __future__ import annotations

import signal
import socket
import subprocess
import time
from pathlib import Path

from tests.functional.job.nodes import PATIENCE_S, Nodes, Relay, nodes


def ended(*members: subprocess.Popen[str]) -> list[int]:
    return [member.wait(PATIENCE_S) for member in members]


def wait_for(path: Path) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not path.exists():
        assert time.monotonic() < deadline, f"{path} does not come"
        time.sleep(0.02)


def last_words(task: Nodes, rank: int) -> str:
    return (task.folder / f"words-{rank}").read_text().splitlines()[0]


def test_two_nodes_set_up_and_run(tmp_path: Path) -> None:
    with nodes(tmp_path, setup="echo setup; cat ips", run="echo; echo run") as task:
        port = task.coordinate(2)
        first, second = task.member(0, port), task.member(1, port)
        assert ended(first, second) == [0, 0]
        for member in (first, second):
            assert member.stdout is not None
            assert member.stdout.read() == "setup\n10.0.0.0\n10.0.0.1\nrun\n"


def test_a_task_without_setup_or_run_ends_well(tmp_path: Path) -> None:
    with nodes(tmp_path) as task:
        port = task.coordinate(2)
        assert ended(task.member(0, port), task.member(1, port)) == [0, 0]


def test_a_connection_that_breaks_costs_nothing(tmp_path: Path) -> None:
    with nodes(tmp_path, run="touch up; while [ ! -f go ]; do sleep 0.05; done; echo once") as task:
        relay = Relay(port := task.coordinate(2))
        first, second = task.member(0, port), task.member(1, relay.port)
        wait_for(tmp_path / "1" / "up")
        for _ in range(3):
            relay.cut()
            time.sleep(0.7)
        (tmp_path / "0" / "go").touch()
        relay.cut()
        (tmp_path / "1" / "go").touch()
        assert ended(first, second) == [0, 0]
        assert second.stdout is not None
        assert second.stdout.read() == "once\n"
        relay.close()


def test_a_node_out_of_reach_for_too_long_ends_the_task(tmp_path: Path) -> None:
    with nodes(tmp_path, run="touch up; sleep 50") as task:
        relay = Relay(port := task.coordinate(2, grace_s=1.0))
        first = task.member(0, port)
        task.member(1, relay.port)
        wait_for(tmp_path / "1" / "up")
        relay.close()
        assert ended(first) == [137]
        assert last_words(task, 0) == "hpctl: first failure: rank=1 phase=lost exit=137"


def test_a_pod_that_is_told_to_end_says_so_and_ends_its_script_in_order(tmp_path: Path) -> None:
    script = "trap 'echo saved; exit 0' TERM; touch up; sleep 50 & wait"
    with nodes(tmp_path, run=script) as task:
        port = task.coordinate(2)
        first, second = task.member(0, port), task.member(1, port)
        wait_for(tmp_path / "0" / "up")
        wait_for(tmp_path / "1" / "up")
        second.send_signal(signal.SIGTERM)
        assert ended(first, second) == [137, 143]
        for rank, member in enumerate((first, second)):
            assert member.stdout is not None
            assert member.stdout.read().splitlines()[0] == "saved"
            assert last_words(task, rank) == "hpctl: first failure: rank=1 phase=run exit=143"


def test_a_script_that_ends_by_a_signal_is_told_as_a_shell_tells_it(tmp_path: Path) -> None:
    with nodes(tmp_path, run='[ "$HPCTL_NODE_RANK" = 0 ] || kill -SEGV $$; sleep 50') as task:
        port = task.coordinate(2)
        assert ended(task.member(0, port), task.member(1, port)) == [137, 139]
        assert last_words(task, 0) == "hpctl: first failure: rank=1 phase=run exit=139"


def test_noise_on_the_port_disturbs_nobody(tmp_path: Path) -> None:
    with nodes(tmp_path, run="true") as task:
        port = task.coordinate(2)
        first = task.member(0, port)
        for noise in (b"GET / HTTP/1.1\r\n\r\n", b"\xff" * 70000, b'{"rank": 1}\n', b"[]\n", b'{"rank": "x"}\n', b""):
            with socket.create_connection(("127.0.0.1", port)) as stranger:
                stranger.sendall(noise)
        assert ended(first, task.member(1, port)) == [0, 0]
