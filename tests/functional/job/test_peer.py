"""What stands beside a training's script, on loopback: a rank 0, and peers whose scripts this test plays."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.functional.job.nodes import PATIENCE_S, Relay, nodes

RANK_0 = """
import sys
sys.path.insert(0, sys.argv[1])
from agent.coordinator import Coordinator, listening
from agent.roll import Roll
listener = listening(0)
print(listener.getsockname()[1], flush=True)
Coordinator(listener, Roll(int(sys.argv[2]), sys.argv[3], 30.0), int(sys.argv[2]), b"token", 0.5).serve()
"""
PEER = """
import os, socket, sys
sys.path.insert(0, sys.argv[1])
from agent import peer

def connected(*words, connect=socket.create_connection):
    if os.path.exists(sys.argv[1] + "/unreachable"):
        raise OSError("no route to host")
    return connect(*words)

socket.create_connection = connected
peer.CHANCE_S, peer.LOST_S, peer.DELIVER_S, peer.HURRY_S = 0.3, 1.0, 2.0, 0.2
peer.Peer(os.environ, int(sys.argv[2])).serve()
"""
# Stands for start.sh, and tells when it is asked to end its script.
SCRIPT = "trap 'echo asked; exit' USR1; while :; do sleep 0.05; done"


@dataclass
class Training:
    """A rank 0 that listens, and peers with their scripts by rank."""

    folder: Path
    started: list[subprocess.Popen[str]] = field(default_factory=list)
    scripts: dict[int, subprocess.Popen[str]] = field(default_factory=dict)

    def listen(self, ranks: int, failure: str = "ends") -> int:
        """Start what listens on rank 0, and return its port."""
        listening = self._start(sys.executable, "-c", RANK_0, str(self.folder), str(ranks), failure)
        assert listening.stdout is not None
        return int(listening.stdout.readline())

    def peer(self, rank: int, port: int, failure: str = "ends") -> subprocess.Popen[str]:
        """Start the peer of a rank, with a script."""
        self.scripts[rank] = self._start("/bin/bash", "-c", SCRIPT)
        (self.folder / str(rank)).mkdir()
        told = {"HPCTL_STATE": str(self.folder / str(rank)), "HPCTL_SCRIPTS": str(self.folder)}
        told |= {"HPCTL_NODE_RANK": str(rank), "HPCTL_FIRST": "127.0.0.1", "HPCTL_FAILURE": failure}
        told |= {"HPCTL_START": str(self.scripts[rank].pid)}
        return self._start(sys.executable, "-c", PEER, str(self.folder), str(port), **told)

    def has(self, rank: int, name: str) -> Callable[[], bool]:
        """Whether a peer has left a file for its script."""
        return (self.folder / str(rank) / name).exists

    def _start(self, *words: str, **env: str) -> subprocess.Popen[str]:
        pipe = subprocess.PIPE
        started = subprocess.Popen(words, stdin=pipe, stdout=pipe, text=True, env={"PATH": os.environ["PATH"], **env})
        self.started.append(started)
        return started


@pytest.fixture
def training(tmp_path: Path) -> Iterator[Training]:
    with nodes(tmp_path):
        made = Training(tmp_path)
        yield made
        for each in made.started:
            each.kill()
            each.communicate()


def until(holds: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)


def say(peer: subprocess.Popen[str], line: str) -> None:
    assert peer.stdin is not None
    peer.stdin.write(f"{line}\n")
    peer.stdin.flush()


def was_asked(training: Training, rank: int) -> bool:
    script = training.scripts[rank]
    assert script.stdout is not None
    return script.stdout.readline() == "asked\n"


def test_the_others_are_ended_and_who_failed_is_not(training: Training) -> None:
    port = training.listen(3)
    peers = [training.peer(rank, port) for rank in range(3)]
    until(training.has(0, "heard"))
    say(peers[1], "run 3")
    assert [peer.wait(PATIENCE_S) for peer in peers] == [0, 0, 0]
    for rank in (0, 2):
        assert was_asked(training, rank)
        assert (training.folder / str(rank) / "stopped").read_text() == "1 run 3\n"
    assert training.scripts[1].poll() is None
    assert not training.has(1, "stopped")()


def test_a_rank_that_fails_a_moment_after_another_ends_by_itself(training: Training) -> None:
    port = training.listen(2)
    peers = [training.peer(rank, port) for rank in range(2)]
    until(training.has(0, "heard"))
    say(peers[1], "run 3")
    until(training.has(0, "stopped"))
    say(peers[0], "run 1")
    assert peers[0].wait(PATIENCE_S) == 0
    assert training.scripts[0].poll() is None


def test_a_rank_0_that_is_gone_without_a_word_is_lost_where_nothing_starts_it_again(training: Training) -> None:
    port = training.listen(3)
    peers = [training.peer(1, port), training.peer(2, port, "restarts")]
    until(lambda: training.has(1, "heard")() and training.has(2, "heard")())
    training.started[0].kill()
    time.sleep(2.2)
    assert peers[0].poll() is None, "its machine refuses to connect: only nobody listens there"
    (training.folder / "unreachable").touch()
    assert peers[0].wait(PATIENCE_S) == 0
    assert was_asked(training, 1)
    assert (training.folder / "1" / "stopped").read_text() == "0 lost 137\n"
    assert peers[1].poll() is None


def test_ranks_are_started_again_with_a_rank_0_that_was_without_a_word(training: Training) -> None:
    first, second = training.listen(2, "restarts"), training.listen(2, "restarts")
    relay = Relay(first)
    peer = training.peer(1, relay.port, "restarts")
    until(training.has(1, "heard"))
    relay.cut()
    time.sleep(0.7)
    assert peer.poll() is None, "it is the same one"
    relay.turn(second)
    assert peer.wait(PATIENCE_S) == 0
    assert was_asked(training, 1)


def test_a_peer_says_farewell_when_the_first_rank_ends_well(training: Training) -> None:
    port = training.listen(2)
    peers = [training.peer(rank, port) for rank in range(2)]
    until(training.has(0, "heard"))
    say(peers[0], "run 0")
    assert [peer.wait(PATIENCE_S) for peer in peers] == [0, 0]
    assert training.scripts[1].poll() is None


def test_a_job_whose_port_another_one_has_goes_on_alone(training: Training) -> None:
    port = training.listen(2)
    (training.folder / "token").write_text("of another job")
    peer = training.peer(1, port)
    assert peer.wait(PATIENCE_S) == 0
    assert training.scripts[1].poll() is None


def test_the_end_of_the_script_s_pod_is_that_of_its_peer(training: Training) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        peer = training.peer(1, silent.getsockname()[1])
        assert peer.stdin is not None
        peer.stdin.close()
        assert peer.wait(PATIENCE_S) == 0
        peer.stdin = None


def test_a_report_that_nobody_hears_is_given_up(training: Training) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        for rank, line in ((1, "run 3"), (2, "away 143")):
            peer = training.peer(rank, silent.getsockname()[1])
            say(peer, line)
            assert peer.wait(PATIENCE_S) == 0
            assert training.scripts[rank].poll() is None
