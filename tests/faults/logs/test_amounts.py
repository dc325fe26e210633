"""Much to read: memory stays small, a slow reader makes everybody wait, one who has seen enough ends it all."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from threading import Event, Thread

import pytest

from hpctl.report.logs import LogStep
from hpctl.services.job.logs import LogWish, follow_logs
from tests.conftest import REPOSITORY
from tests.faults.logs import client
from tests.faults.logs.server import SECOND, START_NS, LogServer, lines
from tests.faults.logs.test_drops import growing

MIB = 1 << 20
Show = Callable[..., subprocess.Popen[bytes]]


@pytest.fixture
def show(server: LogServer, tmp_path: Path) -> Show:
    """Start following in a process of its own."""
    described = tmp_path / "cluster.json"
    described.write_text(json.dumps(asdict(server.cluster)))

    def start(*words: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", "tests.faults.logs.show", str(described), *words],
            cwd=REPOSITORY,
            env={**os.environ, "PYTHONPATH": f"{REPOSITORY}/src:{REPOSITORY}"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    return start


def by_rank(output: bytes) -> dict[bytes, list[bytes]]:
    found: dict[bytes, list[bytes]] = {}
    for line in output.splitlines():
        prefix, _, text = line.partition(b"] ")
        found.setdefault(prefix.removeprefix(b"[rank "), []).append(text)
    return found


@pytest.mark.timeout(120)
def test_64_ranks_with_5000_lines_each_are_shown_whole_in_little_memory(server: LogServer, show: Show) -> None:
    for rank in range(64):
        text = f"rank {rank} step {{}} loss 0.123456789 lr 0.0001 tokens/s 123456 mfu 0.42"
        server.pod(rank, lines(5_000, text=text))
    server.finish_all()
    output, errors = show().communicate(timeout=100)
    found = by_rank(output)
    for container in server.containers:
        assert found[b"%d" % container.rank] == [line for _, line in container.now.lines]
    took = json.loads(errors.splitlines()[-1])
    assert took["rss_mib"] <= 200, took


@pytest.mark.timeout(120)
def test_lines_of_a_mebibyte_from_64_ranks_stay_within_the_same_memory(server: LogServer, show: Show) -> None:
    long = b"z" * MIB
    for rank in range(64):
        server.pod(rank, [(START_NS + number * SECOND, long) for number in range(3)])
    server.finish_all()
    process = show()
    counted = 0
    assert process.stdout is not None
    assert process.stderr is not None
    while data := process.stdout.read(MIB):
        counted += data.count(b"z")
    assert counted == 64 * 3 * MIB
    took = json.loads(process.stderr.read().splitlines()[-1])
    assert process.wait() == 0
    process.stdout.close()
    process.stderr.close()
    assert took["rss_mib"] <= 200, took


def test_whoever_reads_one_line_and_goes_ends_it_silently(server: LogServer, show: Show) -> None:
    for rank in range(8):
        server.pod(rank, lines(2_000))
    process = show()
    assert process.stdout is not None
    assert process.stderr is not None
    assert process.stdout.readline().startswith(b"[rank ")
    process.stdout.close()
    thread = growing(server, server.containers)
    assert process.wait(20) == 141
    thread.join()
    assert process.stderr.read() == b""
    process.stderr.close()


def test_a_slow_reader_makes_the_connections_wait(server: LogServer) -> None:
    for rank in range(4):
        server.pod(rank, [(START_NS + number * 1000, b"q" * 1000) for number in range(5_000)])
    ports = client.ports()
    steps = follow_logs(client.job(server.cluster, ports), server.cluster, ports, LogWish(follow=True))
    next(steps)
    waiting = [0]
    for _ in range(400):
        server.over.wait(0.05)
        waiting.append(_waiting_bytes(steps))
        if waiting[-1] == waiting[-2] > 6 * MIB:
            break
    steps.close()
    assert 6 * MIB < waiting[-1] <= 8 * MIB


def _waiting_bytes(steps: object) -> int:
    return int(steps.gi_frame.f_locals["follower"].pipe._bytes)  # type: ignore[attr-defined]


def test_closing_lets_go_of_every_connection_at_once(server: LogServer) -> None:
    for rank in range(8):
        server.pod(rank, lines(10))
    ports = client.ports()
    steps = follow_logs(client.job(server.cluster, ports), server.cluster, ports, LogWish(follow=True))
    done = Event()

    def read() -> list[LogStep]:
        found = [next(steps) for _ in range(8)]
        steps.close()
        done.set()
        return found

    thread = Thread(target=read)
    thread.start()
    assert done.wait(5)
    thread.join()
