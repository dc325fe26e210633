from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from hpctl.sandbox.kube.ports import LogOptions
from hpctl.sandbox.kube.status import StatusError
from tests.functional.sandbox.kubelet.clusters import Cluster, processes, require_namespaces, run

pytestmark = pytest.mark.functional
_STAMP = len("2026-03-04T12:00:00.000000000Z ")


@pytest.fixture(params=["apart", "shared"])
def apart(request: pytest.FixtureRequest) -> bool:
    if request.param == "apart":
        require_namespaces()
    return bool(request.param == "apart")


def test_a_command_gets_input_and_gives_both_outputs_and_its_status(tmp_path: Path, *, apart: bool) -> None:
    async def scenario(made: Cluster) -> tuple[dict[int, bytes], int]:
        made.shell("a", "sleep 96")
        await made.phase("a", "Running")
        command = ["/bin/sh", "-c", "cat; echo wrong >&2; exit 42"]
        running = await made.kubelet.execute(made.get("a"), "main", command, tty=False)
        sent = b"x" * 300_000

        async def send() -> None:
            await running.write(sent)
            await running.end_input()

        sending = asyncio.create_task(send())
        said = {1: b"", 2: b""}
        async for stream, data in running.output():
            said[stream] += data
        await sending
        return said, await running.ended()

    said, status = run(scenario, tmp_path, apart=apart)
    assert said == {1: b"x" * 300_000, 2: b"wrong\n"}
    assert status == 42


def test_a_command_may_have_a_terminal(tmp_path: Path, *, apart: bool) -> None:
    async def scenario(made: Cluster) -> tuple[bytes, int]:
        made.shell("a", "sleep 96")
        await made.phase("a", "Running")
        script = "tty >/dev/null && echo yes; read x; stty size; read y; exit 3"
        running = await made.kubelet.execute(made.get("a"), "main", ["/bin/sh", "-c", script], tty=True)
        await running.resize(132, 43)
        await running.write(b"\n")
        await running.write(b"last\n")
        said = b"".join([data async for _, data in running.output()])
        return said, await running.ended()

    said, status = run(scenario, tmp_path, apart=apart)
    assert b"yes\r\n" in said
    assert b"43 132\r\n" in said
    assert status == 3


def test_a_command_that_nobody_waits_for_any_more_ends(tmp_path: Path, *, apart: bool) -> None:
    async def scenario(made: Cluster) -> int:
        made.shell("a", "sleep 96")
        await made.phase("a", "Running")
        running = await made.kubelet.execute(made.get("a"), "main", ["sleep", "95.75"], tty=False)
        assert processes("sleep 95.75")
        running.kill()
        return await running.ended()

    assert run(scenario, tmp_path, apart=apart) == 137
    assert not processes("sleep 95.75")


def test_what_cannot_be_run_is_refused(tmp_path: Path, *, apart: bool) -> None:
    async def scenario(made: Cluster) -> list[str]:
        made.shell("a", "true")
        await made.phase("a", "Succeeded")
        made.shell("b", "sleep 96")
        await made.phase("b", "Running")
        refused = []
        for name, command in (("a", "true"), ("b", "pyhton3")):
            with pytest.raises(StatusError) as told:
                await made.kubelet.execute(made.get(name), "main", [command], tty=False)
            refused.append(told.value.message)
        return refused

    ended, typo = run(scenario, tmp_path, apart=apart)
    assert ended == 'container not found ("main")'
    assert 'exec: "pyhton3": executable file not found in $PATH' in typo


def test_a_connection_leads_into_the_pod(tmp_path: Path, *, apart: bool) -> None:
    server = (
        "import socket; s = socket.create_server(('127.0.0.1', 18433)); c, a = s.accept(); c.sendall(c.recv(9)[::-1])"
    )

    async def scenario(made: Cluster) -> tuple[bytes, str]:
        made.pod("a", "python3", "-c", server)
        await made.phase("a", "Running")
        for _ in range(500):
            try:
                reader, writer = await made.kubelet.connect(made.get("a"), 18433)
                break
            except StatusError:
                await asyncio.sleep(0.01)
        writer.write(b"forward")
        answer = await reader.read()
        writer.close()
        with pytest.raises(StatusError) as refused:
            await made.kubelet.connect(made.get("a"), 18434)
        return answer, refused.value.message

    answer, refused = run(scenario, tmp_path, apart=apart)
    assert answer == b"drawrof"
    assert refused.startswith("failed to connect to localhost:18434 inside namespace of pod a")


def test_a_log_is_what_was_printed(tmp_path: Path, *, apart: bool) -> None:
    script = "printf 'one\\ntwo\\nthree \\377\\376\\n'; echo wrong >&2; printf 'no end'"

    async def scenario(made: Cluster) -> list[bytes]:
        made.shell("a", script)
        await made.phase("a", "Succeeded")
        stamped = await made.log("a", timestamps=True)
        late = datetime.now(UTC) + timedelta(seconds=1)
        options: list[dict[str, Any]] = [
            {},
            {"tail_lines": 2},
            {"limit_bytes": 5},
            {"since": late},
            {"tail_lines": 0},
            {"follow": True},
        ]
        return [stamped, *[await made.log("a", **each) for each in options]]

    stamped, whole, tail, limited, late, none, followed = run(scenario, tmp_path, apart=apart)
    assert sorted(whole.split(b"\n")) == sorted([b"one", b"two", b"three \xff\xfe", b"wrong", b"no end"])
    assert followed == whole
    assert (tail.count(b"\n"), len(limited), late, none) == (1, 5, b"", b"")
    assert whole.endswith(tail)
    moments = [line[: _STAMP - 1] for line in stamped.splitlines()]
    assert moments == sorted(set(moments))
    assert all(datetime.fromisoformat(each.decode()[:26] + "+00:00") for each in moments)


def test_a_log_that_is_followed_ends_with_the_container(tmp_path: Path, *, apart: bool) -> None:
    async def scenario(made: Cluster) -> list[bytes]:
        made.shell("a", "echo one; sleep 0.4; echo two; sleep 0.4; echo three", restartPolicy="Always")
        await made.phase("a", "Running")
        return [part async for part in made.kubelet.log(made.get("a"), "main", LogOptions(follow=True))]

    parts = run(scenario, tmp_path, apart=apart)
    assert b"".join(parts) == b"one\ntwo\nthree\n"
    assert len(parts) == 3


def test_a_slow_reader_loses_nothing_and_holds_nobody_up(tmp_path: Path, *, apart: bool) -> None:
    count = 400_000

    async def scenario(made: Cluster) -> bytes:
        made.shell("a", f"seq 1 {count}")
        await made.phase("a", "Running", "Succeeded")
        following = made.kubelet.log(made.get("a"), "main", LogOptions(follow=True))
        first = await anext(following)
        # Nobody reads on, and yet the container ends.
        await made.phase("a", "Succeeded")
        return first + b"".join([part async for part in following])

    said = run(scenario, tmp_path, apart=apart)
    assert said.split() == [b"%d" % number for number in range(1, count + 1)]


def test_an_old_log_makes_room_for_a_new_one(tmp_path: Path, *, apart: bool) -> None:
    async def scenario(made: Cluster) -> tuple[int, bytes]:
        made.pod(
            "a",
            "python3",
            "-c",
            "import sys\nfor n in range(70): sys.stdout.write(('%09d ' % n + 'x' * 990 + '\\n') * 1000)",
        )
        await made.phase("a", "Succeeded")
        size = sum(each.stat().st_size for each in (made.folder / "pods").rglob("*.log"))
        return size, await made.log("a", tail_lines=1)

    size, last = run(scenario, tmp_path, apart=apart)
    assert 40 << 20 < size < 51 << 20
    assert last.startswith(b"000000069 x")


def test_there_is_no_log_of_what_has_not_run(tmp_path: Path, *, apart: bool) -> None:
    async def scenario(made: Cluster) -> list[str]:
        made.pod("a", image="unknown")
        await made.until("a", lambda _: "message" in made.status("a")["state"]["waiting"])
        refused = []
        for previous in (False, True):
            with pytest.raises(StatusError) as told:
                await made.log("a", previous=previous)
            refused.append(told.value.message)
        return refused

    assert run(scenario, tmp_path, apart=apart) == [
        'container "main" in pod "a" is waiting to start: CreateContainerError',
        'previous terminated container "main" in pod "a" not found',
    ]
