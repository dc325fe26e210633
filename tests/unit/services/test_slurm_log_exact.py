"""Output files on their way from the node to lines: exact at every drop, whatever becomes of the file."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hpctl.adapters.slurm import log_on_node
from hpctl.adapters.slurm.log_frames import Frames
from hpctl.adapters.slurm.logs import request_of
from hpctl.errors import UnavailableError
from hpctl.facts.slurm_log_ports import AllRead, FileNews, FilePattern, FilesAsked
from hpctl.report.logs import LogGap, LogLines, LogNote, LogSource, LogStep
from hpctl.services.slurm_job import log_text
from hpctl.services.slurm_job.log_text import Desk

RANK = "rank-0.log"


@dataclass
class Follow:
    """Sessions one after the other over a folder, as a follower has them; each ends after so many bytes."""

    folder: Path
    tail: int | None = None
    steps: list[LogStep] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.desk = Desk(lambda path: LogSource(Path(path).name, None, file=path))
        self._open()

    def _open(self) -> None:
        pattern = FilePattern(str(self.folder), r"rank-\d+\.log")
        asked = FilesAsked("ubuntu", (pattern,), self.desk.marks, self.tail)
        self._reader, self._frames = log_on_node.Reader(json.loads(request_of(asked))), Frames()

    def look(self, *, last: bool = False) -> None:
        while news := list(self._told(last=last)):
            self._take(news)
        self._reader.all_was_read()
        self._take([AllRead()])

    def _told(self, *, last: bool) -> Iterator[FileNews]:
        for frame in self._reader.look(last=last):
            yield from self._frames.feed(frame.packed())

    def _take(self, news: Sequence[FileNews]) -> None:
        for each in news:
            self.steps += self.desk.take(each)
            if isinstance(each, AllRead):
                self.tail = None

    def drop(self, at: int) -> None:
        """Look once more and break off after `at` bytes of what is told."""
        told = b"".join(frame.packed() for frame in self._reader.look())
        for size in (1, 7, len(told)):  # pieces of any size
            piece, told, at = told[: min(size, at)], told[size:], max(0, at - size)
            self._take(list(self._frames.feed(piece)))
        self._open()

    def end(self) -> None:
        self._open()
        self.look(last=True)
        self.steps += self.desk.rest()

    def segments(self, name: str = RANK) -> list[bytes]:
        """What was shown of a file, apart where lines may be missing."""
        shown = [b""]
        for step in self.steps:
            if isinstance(step, LogLines) and step.source.label == name:
                shown[-1] += b"\n".join(step.lines) + (b"" if step.open_end else b"\n")
            elif isinstance(step, LogGap) and step.source.label == name:
                shown.append(b"")
        return shown


@pytest.fixture
def follow(tmp_path: Path) -> Follow:
    return Follow(tmp_path)


def append(folder: Path, data: bytes, name: str = RANK) -> None:
    with (folder / name).open("ab") as file:
        file.write(data)


@settings(max_examples=40)
@given(st.lists(st.one_of(st.binary(max_size=300), st.integers(0, 2000), st.none()), max_size=30), st.booleans())
def test_what_is_appended_is_shown_once_and_whole_at_every_drop(acts: list[bytes | int | None], end_it: bool) -> None:
    with TemporaryDirectory() as name:
        folder, written = Path(name), b""
        follow = Follow(folder)
        for act in acts:
            match act:
                case bytes():
                    append(folder, act)
                    written += act
                case int():
                    follow.drop(act)
                case None:
                    follow.look()
        if end_it:
            append(folder, b"last\n")
            written += b"last\n"
        follow.end()
        assert b"".join(follow.segments()) == written
        assert not [step for step in follow.steps if isinstance(step, LogGap)]


@settings(max_examples=40)
@given(st.lists(st.one_of(st.integers(1, 40), st.tuples(st.integers(0, 4000)), st.sampled_from("tlr")), max_size=30))
def test_what_is_emptied_is_marked_and_what_comes_after_is_whole(acts: list[int | tuple[int] | str]) -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        follow, wholes, number = Follow(folder), [b""], 0
        for act in acts:
            match act:
                case int():
                    lines = b"".join(b"run %d line %d\n" % (len(wholes), number + each) for each in range(act))
                    number += act
                    append(folder, lines)
                    wholes[-1] += lines
                case (at,):
                    follow.drop(at)
                case "l":
                    follow.look()
                case "t":
                    (folder / RANK).write_bytes(b"")
                    wholes.append(b"")
                case _:
                    (folder / "new").write_bytes(b"")
                    (folder / "new").replace(folder / RANK)
                    wholes.append(b"")
        follow.end()
        _demand_prefixes(b"".join(follow.segments()), wholes)
        assert b"".join(follow.segments()).endswith(wholes[-1])


def _demand_prefixes(shown: bytes, wholes: list[bytes]) -> None:
    """Each run's lines are shown from its first on, once, and in order."""
    rest = shown
    for number, whole in enumerate(wholes, 1):
        mark = b"run %d line" % number
        count = sum(line.startswith(mark) for line in shown.splitlines())
        part = b"".join(whole.splitlines(keepends=True)[:count])
        assert rest.startswith(part)
        rest = rest[len(part) :]
    assert not rest


def test_a_file_that_grew_past_the_mark_after_it_was_emptied_is_read_anew(follow: Follow) -> None:
    append(follow.folder, b"first 1\nfirst 2\n")
    follow.look()
    follow.drop(0)
    (follow.folder / RANK).write_bytes(b"second 1\nsecond 2\nsecond 3\n")
    follow.end()
    assert follow.segments() == [b"first 1\nfirst 2\n", b"second 1\nsecond 2\nsecond 3\n"]


def test_a_file_that_another_replaced_is_read_to_its_end_first(follow: Follow) -> None:
    append(follow.folder, b"old 1\n")
    follow.look()
    append(follow.folder, b"old 2\n")
    (follow.folder / "new").write_bytes(b"new 1\n")
    (follow.folder / "new").replace(follow.folder / RANK)
    follow.look()
    assert follow.segments() == [b"old 1\nold 2\nnew 1\n"]
    assert [step.message for step in follow.steps if isinstance(step, LogNote)] == [log_text._REPLACED]


def test_a_file_that_was_replaced_between_sessions_leaves_a_gap(follow: Follow) -> None:
    append(follow.folder, b"old\n")
    follow.look()
    (follow.folder / "new").write_bytes(b"new\n")
    (follow.folder / RANK).rename(follow.folder / "aside")  # its inode stays in use
    (follow.folder / "new").replace(follow.folder / RANK)
    follow.end()
    assert follow.segments() == [b"old\n", b"new\n"]


def test_a_file_that_was_removed_is_told_to_its_end(follow: Follow) -> None:
    append(follow.folder, b"one\n")
    follow.look()
    append(follow.folder, b"two\n")
    (follow.folder / RANK).unlink()
    follow.look()
    assert follow.segments() == [b"one\ntwo\n"]


def test_the_last_lines_of_what_is_there_and_all_of_what_comes(tmp_path: Path) -> None:
    append(tmp_path, b"1\n2\n3\n4\n")
    follow = Follow(tmp_path, tail=2)
    follow.look()
    append(tmp_path, b"1\n2\n3\n", "rank-1.log")
    append(tmp_path, b"5\n6\n7\n")
    follow.look()
    follow.look(last=True)
    assert follow.segments() == [b"3\n4\n5\n6\n7\n"]
    assert follow.segments("rank-1.log") == [b"1\n2\n3\n"]


@pytest.mark.parametrize(
    ("content", "tail", "begin"),
    [
        (b"", 3, 0),
        (b"1\n2\n", 0, 4),
        (b"1\n2\n", 1, 2),
        (b"1\n2", 1, 2),
        (b"1\n2\n3\n", 9, 0),
        (b"\n\n\n", 2, 1),
        (b"x" * 200_000 + b"\nlast\n", 1, 200_001),
        (b"first\n" + b"x" * 200_000 + b"\n", 1, 6),
    ],
)
def test_where_the_last_lines_begin(tmp_path: Path, content: bytes, tail: int, begin: int) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    with path.open("rb") as file:
        assert log_on_node._start_of(file.fileno(), len(content), tail) == begin


def test_many_ranks_are_read_in_turns(follow: Follow) -> None:
    for rank in range(12):
        append(follow.folder, b"line\n" * 200_000, f"rank-{rank}.log")
    frames = [*follow._reader.look(), *follow._reader.look()]
    told = [Path(frame.head["p"]).name for frame in frames if frame.head["t"] == "data"]
    assert told == [f"rank-{rank}.log" for rank in range(12)] * 2


def test_what_is_no_file_is_said_once(follow: Follow) -> None:
    os.mkfifo(follow.folder / RANK)
    follow.look()
    follow.look()
    path = follow.folder / RANK
    assert [step.message for step in follow.steps if isinstance(step, LogNote)] == [
        f"`{path}` cannot be read now, trying on: it is no ordinary file"
    ]


def test_a_file_that_went_stale_is_opened_anew(follow: Follow, monkeypatch: pytest.MonkeyPatch) -> None:
    append(follow.folder, b"one\n")
    follow.look()
    real, stale = os.pread, [True]

    def pread(fd: int, size: int, offset: int) -> bytes:
        if stale:
            raise OSError(116, "Stale file handle")
        return real(fd, size, offset)

    monkeypatch.setattr(os, "pread", pread)
    append(follow.folder, b"two\n")
    follow._take(list(follow._told(last=False)))
    stale.clear()
    follow.look()
    assert follow.segments() == [b"one\ntwo\n"]
    assert "Stale file handle" in str(follow.steps)


def test_a_line_that_never_ends_does_not_fill_the_memory(follow: Follow, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_text, "LONGEST_LINE", 1000)
    append(follow.folder, b"before\n" + b"x" * 300_000 + b"\nafter\n")
    follow.look()
    assert [bytes(line) for step in follow.steps if isinstance(step, LogLines) for line in step.lines] == [
        b"before",
        b"x" * 1000,
        b"after",
    ]
    assert "299000 bytes of it are not shown" in str(follow.steps)


def test_news_that_do_not_go_on_where_the_last_ended_are_not_believed() -> None:
    desk = Desk(lambda path: LogSource(path, None, file=path))
    frames = Frames()
    told = [
        log_on_node.Frame("begun", p="/x", i=1, o=0, y="found"),
        log_on_node.Frame("data", b"one\n", p="/x", o=4, w=0),
    ]
    news = [each for frame in told for each in frames.feed(frame.packed())]
    with pytest.raises(UnavailableError, match="from byte 4 on instead of 0"):
        [step for each in news for step in desk.take(each)]


def test_a_line_without_an_end_is_shown_before_what_is_written_anew(follow: Follow) -> None:
    append(follow.folder, b"one\nhalf")
    follow.look()
    (follow.folder / RANK).write_bytes(b"anew\n")
    follow.end()
    assert follow.segments() == [b"one\nhalf", b"anew\n"]
