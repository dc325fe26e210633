from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Coroutine
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from hypothesis import given, settings
from hypothesis import strategies as st

from hpctl.sandbox.kube.kubelet import logfiles
from hpctl.sandbox.kube.kubelet.runtime.logs import LONGEST_LINE, ContainerLog, stamp
from hpctl.sandbox.kube.ports import LogOptions
from tests.unit.sandbox.kube.virtual import VirtualLoop

T = TypeVar("T")
Printed = list[tuple[int, bytes]]
_text = st.lists(st.sampled_from([b"a", b"\n", b"\xff\xc3", b" F ", b"x" * (LONGEST_LINE + 3), b"\r"]), max_size=12)
printed = st.lists(st.tuples(st.sampled_from([1, 2]), _text.map(b"".join)), max_size=10)


def written(folder: Path, said: Printed, *, largest: int = 1 << 20, most: int = 5, instance: int = 0) -> None:
    log = ContainerLog(folder, instance, largest=largest, most=most)
    for stream, data in said:
        log.write(stream, data)
    log.close()


def ran(work: Coroutine[Any, Any, T]) -> T:
    """Run something in a loop that opens no socket, and whose clock jumps."""
    loop = VirtualLoop()
    with closing(loop):
        return loop.run_until_complete(work)


def shown(folder: Path, instance: int = 0, **options: object) -> bytes:
    async def whole() -> bytes:
        wanted = LogOptions(**options)  # type: ignore[arg-type]
        return b"".join([part async for part in logfiles.read(folder, instance, wanted, lambda: False)])

    return ran(whole())


@settings(deadline=None)
@given(printed)
def test_one_stream_comes_back_byte_by_byte(said: Printed) -> None:
    whole = b"".join(data for _, data in said)
    with tempfile.TemporaryDirectory() as folder:
        written(Path(folder), [(1, data) for _, data in said], largest=64 * 1024, most=10**6)
        assert shown(Path(folder)) == whole


@settings(deadline=None)
@given(printed)
def test_no_line_of_two_streams_is_lost_and_each_keeps_its_order(said: Printed) -> None:
    marked = [(stream, data.replace(b"a", b"%d" % stream)) for stream, data in said]
    with tempfile.TemporaryDirectory() as folder:
        written(Path(folder), marked)
        rows = [row.split(b" ", 3) for row in Path(folder, "0.000001.log").read_bytes().split(b"\n")[:-1]]
    for stream, name in ((1, b"stdout"), (2, b"stderr")):
        whole = b"".join(data for number, data in marked if number == stream)
        mine = [text + (b"\n" if tag == b"F" else b"") for _, owner, tag, text in rows if owner == name]
        assert b"".join(mine) == whole
    moments = [row[0] for row in rows]
    assert moments == sorted(set(moments))


@settings(deadline=None)
@given(st.integers(0, 60), st.integers(0, 70))
def test_a_tail_is_the_last_lines_over_all_files(count: int, tail: int) -> None:
    lines = [b"%d\n" % number for number in range(count)]
    with tempfile.TemporaryDirectory() as folder:
        written(Path(folder), [(1, line) for line in lines], largest=400, most=99)
        assert shown(Path(folder), tail_lines=tail) == b"".join(lines[-tail:] if tail else [])


@given(st.integers(0, 3000))
def test_a_limit_is_kept_to_the_byte(limit: int) -> None:
    lines = [b"%d\n" % number for number in range(400)]
    with tempfile.TemporaryDirectory() as folder:
        written(Path(folder), [(1, b"".join(lines))])
        assert shown(Path(folder), limit_bytes=limit) == b"".join(lines)[:limit]


def test_only_so_many_files_are_kept(tmp_path: Path) -> None:
    written(tmp_path, [(1, b"%04d\n" % number) for number in range(1000)], largest=1000, most=3)
    assert len(logfiles.files_of(tmp_path, 0)) == 3
    assert shown(tmp_path).endswith(b"0999\n")


def test_lines_from_a_moment_on(tmp_path: Path) -> None:
    written(tmp_path, [(1, b"old\n")])
    path = tmp_path / "0.000001.log"
    path.write_bytes(b"2026-03-04T12:00:00.100000000Z stdout F old\n2026-03-04T12:00:00.500000001Z stdout F new\n")
    half = datetime(2026, 3, 4, 12, 0, 0, 500_000, tzinfo=UTC)
    assert shown(tmp_path, since=half, timestamps=True) == b"2026-03-04T12:00:00.500000001Z new\n"
    assert shown(tmp_path, since=half + timedelta(microseconds=1)) == b""


def test_a_line_in_parts_has_one_moment(tmp_path: Path) -> None:
    written(tmp_path, [(1, b"x" * (LONGEST_LINE + 1) + b"\nshort\n")])
    lines = shown(tmp_path, timestamps=True).splitlines()
    assert [len(line.split(b" ")) for line in lines] == [2, 2]
    assert lines[0].endswith(b"Z " + b"x" * (LONGEST_LINE + 1))


def test_instances_have_logs_of_their_own_and_old_ones_go(tmp_path: Path) -> None:
    for number in range(12):
        written(tmp_path, [(1, b"%d\n" % number)], instance=number)
    assert shown(tmp_path, 1) == b"1\n"
    logfiles.remove_before(tmp_path, 10)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["10.000001.log", "11.000001.log"]


def test_the_last_lines_are_as_they_were_printed(tmp_path: Path) -> None:
    written(tmp_path, [(1, b"one\ntwo\n"), (2, b"three")])
    assert logfiles.last_lines(tmp_path, 0, 2) == b"two\nthree"


def test_a_follower_reads_on_over_files(tmp_path: Path) -> None:
    log, lines = ContainerLog(tmp_path, 0, largest=100, most=99), [b"%03d\n" % number for number in range(60)]
    running, said = True, []

    async def follow() -> None:
        said.extend([part async for part in logfiles.read(tmp_path, 0, LogOptions(follow=True), lambda: running)])

    async def write() -> None:
        nonlocal running
        for line in lines:
            log.write(1, line)
            await asyncio.sleep(0.001)
        log.close()
        running = False

    async def both() -> None:
        await asyncio.gather(follow(), write())

    ran(both())
    assert b"".join(said) == b"".join(lines)
    assert len(said) > 2


def test_a_moment_is_told_to_the_nanosecond() -> None:
    assert stamp(1_772_625_600_000_000_007) == b"2026-03-04T12:00:00.000000007Z"
