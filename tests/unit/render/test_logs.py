"""Lines of containers as a person, a pipe and a program see them."""

from __future__ import annotations

import io
import json
from datetime import UTC
from zoneinfo import ZoneInfo

import pytest

from hpctl.errors import ClosedPipeError
from hpctl.render.logs import LogStyle, show_logs, stamp
from hpctl.render.output import Output
from hpctl.render.terminal import Terminal
from hpctl.report.logs import LogGap, LogLines, LogNote, LogSource, LogStep

ZERO = LogSource("rank 0", 0, "train-0", "main")
TIME_NS = 1_767_225_600_000_000_001


class Tty(io.StringIO):
    def isatty(self) -> bool:
        return True


def shown(*steps: LogStep, style: LogStyle | None = None, output: Output = Output.TABLE) -> tuple[str, str]:
    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="\n")
    terminal = Terminal(io.StringIO(), out, io.StringIO(), {})
    show_logs(steps, terminal, style or LogStyle(), output)
    out.flush()
    return out.buffer.getvalue().decode("utf-8", "surrogateescape"), terminal.stderr.getvalue()  # type: ignore[attr-defined]


def block(*lines: bytes) -> LogLines:
    return LogLines(ZERO, [TIME_NS + number for number in range(len(lines))], lines)


def test_each_line_says_where_it_comes_from() -> None:
    assert shown(block(b"one", b"", b"three\tx")) == ("[rank 0] one\n[rank 0] \n[rank 0] three\tx\n", "")
    assert shown(block(b"one", b"two"), style=LogStyle(prefixed=False)) == ("one\ntwo\n", "")


def test_raw_lines_end_as_they_were_printed() -> None:
    last = LogLines(ZERO, [TIME_NS], [b"two\r"], open_end=True)
    raw = LogStyle(raw=True, prefixed=False)
    assert shown(block(b"one"), last, style=raw)[0] == "one\ntwo\r"
    assert shown(last, last, block(b"one"), style=raw)[0] == "two\r\ntwo\r\none\n"
    assert shown(last)[0] == "[rank 0] two\n"


def test_times_are_whole_and_in_the_zone_that_is_wished() -> None:
    out, _ = shown(block(b"one"), style=LogStyle(timestamps=True))
    assert out == "[rank 0] 2026-01-01T00:00:00.000000001Z one\n"
    assert stamp(TIME_NS, ZoneInfo("Europe/Berlin")) == "2026-01-01T01:00:00.000000001+01:00"
    assert stamp(TIME_NS, UTC) == "2026-01-01T00:00:00.000000001Z"


@pytest.mark.parametrize(
    ("line", "seen"),
    [
        (b"\x1b]0;owned\x07", "\\x1b]0;owned\\x07"),
        (b"[/red][link=x]", "[/red][link=x]"),
        (b"\xff\xfe", "\\xff\\xfe"),
        ("größer 損失 █".encode(), "größer 損失 █"),
        ("\u202e".encode(), "\\u202e"),
        (b"50%\r100%\r", "50%\n[rank 0] 100%"),
        (b"\r", ""),
        (b"dos\r", "dos"),
    ],
)
def test_text_of_others_is_safe_to_look_at(line: bytes, seen: str) -> None:
    assert shown(block(b"before", line, b"after"))[0] == f"[rank 0] before\n[rank 0] {seen}\n[rank 0] after\n"


def test_raw_lines_are_bytes_and_gaps_stand_beside_them() -> None:
    odd = b"\x1b[31m\xff\r"
    gap = LogGap(ZERO, TIME_NS, "rotated")
    out, err = shown(block(odd), gap, block(b"x"), style=LogStyle(raw=True))
    assert out.encode("utf-8", "surrogateescape") == odd + b"\nx\n"
    assert err == "rank 0: --- lines may be missing after 2026-01-01T00:00:00.000000001Z: rotated ---\n"


def test_a_gap_is_marked_in_its_place_and_a_remark_is_told_aside() -> None:
    out, err = shown(block(b"x"), LogGap(ZERO, None, "gone\x1b"), LogNote("was deleted", ZERO), LogNote("waiting"))
    assert out == "[rank 0] x\n[rank 0] --- lines may be missing: gone\\x1b ---\n"
    assert err == "rank 0: was deleted\nwaiting\n"


def test_programs_get_an_object_a_line() -> None:
    out, err = shown(block(b"a\xff\x1b"), LogGap(ZERO, TIME_NS, "r"), LogNote("n"), output=Output.JSONL)
    where = {"rank": 0, "pod": "train-0", "container": "main"}
    time = "2026-01-01T00:00:00.000000001Z"
    assert [json.loads(line) for line in out.splitlines()] == [
        {"type": "line", **where, "time": time, "line": "a\\xff\x1b"},
        {"type": "gap", **where, "after": time, "reason": "r"},
        {"type": "remark", "message": "n"},
    ]
    assert "\x1b" not in out
    assert err == ""


def test_on_a_terminal_the_prefix_is_quieter_than_the_line() -> None:
    terminal = Terminal(io.StringIO(), Tty(), io.StringIO(), {"TERM": "xterm"})
    show_logs([block(b"x")], terminal, LogStyle())
    assert terminal.stdout.getvalue() == "\x1b[2m[rank 0]\x1b[0m x\n"  # type: ignore[attr-defined]


@pytest.mark.parametrize("raw", [False, True])
def test_when_nobody_reads_any_more_it_says_so(raw: bool) -> None:
    class Gone(io.RawIOBase):
        def writable(self) -> bool:
            return True

        def write(self, _data: object) -> int:
            raise BrokenPipeError

    out = io.TextIOWrapper(io.BufferedWriter(Gone(), 1), encoding="utf-8", write_through=True)
    terminal = Terminal(io.StringIO(), out, io.StringIO(), {})
    with pytest.raises(ClosedPipeError):
        show_logs([block(b"x" * 100)], terminal, LogStyle(raw=raw))
    out.detach().detach()
