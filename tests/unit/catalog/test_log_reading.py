"""A log is read in one pass: the same is found as line by line, in bounded memory, whatever its lines are like."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hpctl.catalog.failures import known_failures
from hpctl.catalog.log_reading import Reading, read_log
from hpctl.catalog.matching import sightings
from tests.unit.catalog.harmless import LOGS

SAMPLES = [" ".join(sample.split()) for row in known_failures() for sample in row.samples]
OOM = "torch.OutOfMemoryError: CUDA out of memory."


def found(reading: Reading) -> list[tuple[str, int]]:
    return [(one.failure.id, one.line) for one in reading.sightings]


def pieces(text: bytes, size: int) -> Iterator[bytes]:
    return (text[start : start + size] for start in range(0, len(text), size))


def test_every_sample_is_found_in_a_log_as_in_a_text() -> None:
    wrong = []
    for sample in SAMPLES:
        line = f"2026-07-01 10:00:00 {sample}"
        told = [(one.failure.id, 2) for one in sightings(line)]
        if not told or found(read_log([f"step 1\n{line}\nstep 2\n".encode()])) != told:
            wrong.append(sample)
    assert wrong == []


LINES = st.lists(st.sampled_from([*LOGS[:20], *SAMPLES]), max_size=40)


@settings(max_examples=25, deadline=None)
@given(lines=LINES, size=st.integers(1, 5000))
def test_a_log_tells_the_same_however_it_comes(lines: list[str], size: int) -> None:
    text = "step 0\n" * 12 + "".join(f"{line}\n" for line in lines)
    expected = [(one.failure.id, one.line) for one in sightings(text.removesuffix("\n"))]
    reading = read_log(pieces(text.encode(), size))
    assert found(reading) == expected
    assert reading.lines == 12 + len(lines)


def test_an_empty_log_has_no_lines() -> None:
    assert read_log([]) == Reading((), 0, ())


def test_the_last_line_needs_no_end_and_the_last_lines_are_kept() -> None:
    reading = read_log([b"\n".join(b"line %d" % number for number in range(1, 101))])
    assert reading.lines == 100
    assert reading.last[-1] == "line 100"
    assert len(reading.last) == 40


def test_colours_and_bad_bytes_hide_nothing() -> None:
    text = b"\xff\xfe\n\x1b[31mtorch.OutOfMemoryError: CUDA\x1b[0m out of\x1b[1m memory\x1b[0m\xff\n"
    assert found(read_log([text])) == [("job-device-memory", 2)]


@pytest.mark.parametrize("before", [0, 16_300, 100_000, 1_100_000])
def test_a_line_of_any_length_is_searched_to_its_end_and_counts_once(before: int) -> None:
    text = b"first\n" + b"x" * before + b" " + OOM.encode() + b"y" * 50_000 + b"\nlast\n"
    reading = read_log(pieces(text, 65_536))
    assert found(reading) == [("job-device-memory", 2)]
    assert reading.lines == 3


def test_a_failure_among_many_lines_of_its_shape_is_found() -> None:
    lines = [f"NVRM: Xid (PCI:0000:53:00): {code}, pid=1" for code in (*[99] * 150, 79)]
    assert found(read_log(["\n".join(lines).encode()])) == [("job-device-fault", 151)]


def storm(lines: int) -> Iterator[bytes]:
    for start in range(0, lines, 5000):
        numbers = range(start, min(start + 5000, lines))
        yield "".join(
            f"10:00:{number} retry {number}: connection refused by 10.0.0.{number}\n" for number in numbers
        ).encode()
    yield f"{OOM}\n".encode()


def test_a_line_that_comes_again_and_again_costs_little_and_is_kept_once() -> None:
    tracemalloc.start()
    try:
        started = time.process_time()
        reading = read_log(storm(30_000))
        spent = time.process_time() - started
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert found(reading) == [("job-connection-refused", 1), ("job-device-memory", 30_001)]
    assert most < 30_000_000
    assert spent < 10
