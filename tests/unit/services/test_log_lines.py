"""Bytes of a log become lines with times, however they are cut."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hpctl.services.job.log_lines import LONGEST_LINE, Lines, Splitter

SECOND = 10**9
EPOCH_2026 = 1_767_225_600 * SECOND


def fed(data: bytes, *cuts: int) -> Lines:
    splitter, whole, at = Splitter(), Lines(), 0
    for cut in (*sorted(cuts), len(data)):
        part, at = splitter.feed(data[at:cut]), cut
        whole.times_ns += part.times_ns
        whole.lines += part.lines
        whole.strays += part.strays
        whole.cut_bytes += part.cut_bytes
    rest = splitter.end()
    return Lines(whole.times_ns + rest.times_ns, whole.lines + rest.lines, whole.strays + rest.strays, whole.cut_bytes)


@pytest.mark.parametrize(
    ("stamp", "time_ns"),
    [
        (b"2026-01-01T00:00:00.000000001Z", EPOCH_2026 + 1),
        (b"2026-01-01T00:00:00.5Z", EPOCH_2026 + SECOND // 2),
        (b"2026-01-01T00:00:00Z", EPOCH_2026),
        (b"2026-01-01T02:00:00.000000007+02:00", EPOCH_2026 + 7),
        (b"2025-12-31T16:00:00.123456789-08:00", EPOCH_2026 + 123_456_789),
    ],
)
def test_every_form_of_a_stamp_is_read_to_the_nanosecond(stamp: bytes, time_ns: int) -> None:
    assert fed(stamp + b" text\n") == Lines([time_ns], [b"text"])


@pytest.mark.parametrize(
    "stray",
    [b"no stamp", b"2026-13-01T00:00:00.000000001Z x", b"2026-01-01T00:00:00.000000001Zx", b"2026-01-01 00:00:00 x"],
)
def test_what_has_no_stamp_is_no_line(stray: bytes) -> None:
    assert fed(stray + b"\n") == Lines(strays=[stray])


def test_a_second_that_was_read_before_is_not_taken_for_another() -> None:
    stamps = [f"2026-01-01T00:00:0{second}.{nanos:09d}Z".encode() for second in (0, 1, 0) for nanos in (1, 999_999_999)]
    found = fed(b"".join(stamp + b" x\n" for stamp in stamps))
    seconds = [0, 0, 1, 1, 0, 0]
    nanos = [1, 999_999_999] * 3
    assert found.times_ns == [EPOCH_2026 + s * SECOND + n for s, n in zip(seconds, nanos, strict=True)]


def test_an_empty_line_is_a_line() -> None:
    assert fed(b"2026-01-01T00:00:00.000000001Z \n") == Lines([EPOCH_2026 + 1], [b""])
    assert fed(b"2026-01-01T00:00:00.000000001Z\n") == Lines([EPOCH_2026 + 1], [b""])


@given(st.lists(st.binary(max_size=40).filter(lambda line: b"\n" not in line), max_size=12), st.randoms())
def test_lines_are_the_same_wherever_the_bytes_were_cut(lines: list[bytes], chance: random.Random) -> None:
    data = b"".join(b"2026-01-01T00:00:00.%09dZ " % number + line + b"\n" for number, line in enumerate(lines))
    cuts = [chance.randint(0, len(data)) for _ in range(5)]
    expected = Lines([EPOCH_2026 + number for number in range(len(lines))], lines)
    assert fed(data, *cuts) == expected


def test_of_a_line_without_end_the_beginning_is_kept_and_the_rest_counted() -> None:
    splitter = Splitter()
    head = b"2026-01-01T00:00:00.000000001Z "
    for part in (head, *(b"x" * 65_536 for _ in range(100))):
        assert splitter.feed(part) == Lines()
    assert splitter.held_bytes == LONGEST_LINE
    found = splitter.feed(b"y\n2026-01-01T00:00:00.000000002Z next\n")
    assert [len(line) for line in found.lines] == [LONGEST_LINE - len(head), 4]
    assert found.cut_bytes == 100 * 65_536 + 1 - (LONGEST_LINE - len(head))
