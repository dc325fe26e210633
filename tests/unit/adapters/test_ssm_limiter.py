"""Moments at which sessions may be started, shared by processes."""

from __future__ import annotations

import json
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hpctl.adapters.ssm.limiter import AT_ONCE, WITHIN_S, StartLimiter, moment
from hpctl.errors import StateError

NOW_S = 1_763_769_600.0


def a_limiter(home: Path, now_s: float = NOW_S) -> StartLimiter:
    return StartLimiter({"HPCTL_STATE_HOME": str(home)}, lambda: now_s)


@given(st.lists(st.floats(0, 2), max_size=60))
def test_no_second_ever_has_more_than_three(pauses: list[float]) -> None:
    now_s, taken = NOW_S, [NOW_S]
    for pause_s in pauses:
        now_s += pause_s
        taken.append(moment(taken[-AT_ONCE:], now_s))
    assert taken == sorted(taken)
    assert all(later - earlier >= 1.0 for earlier, later in zip(taken, taken[AT_ONCE:], strict=False))


def test_three_start_at_once_and_a_fan_out_as_fast_as_aws_allows(tmp_path: Path) -> None:
    waits = [a_limiter(tmp_path).seconds_to_wait("us-west-2") for _ in range(50)]
    assert waits[:AT_ONCE] == [0.0] * AT_ONCE
    assert waits[-1] == pytest.approx(16 * WITHIN_S, abs=0.001)
    assert waits[-1] < 1.2 * 50 / AT_ONCE


def test_processes_share_moments_and_regions_do_not(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as threads:
        waits = list(threads.map(lambda _: a_limiter(tmp_path).seconds_to_wait("us-west-2"), range(30)))
    assert sorted(waits) == pytest.approx([number // AT_ONCE * WITHIN_S for number in range(30)], abs=0.001)
    assert a_limiter(tmp_path).seconds_to_wait("eu-west-1") == 0.0


def test_once_a_second_has_passed_nobody_waits(tmp_path: Path) -> None:
    for _ in range(AT_ONCE):
        a_limiter(tmp_path).seconds_to_wait("us-west-2")
    assert a_limiter(tmp_path, NOW_S + WITHIN_S).seconds_to_wait("us-west-2") == 0.0


@pytest.mark.parametrize("content", [b"", b"{", b"7", b'["x"]', b"\xff", json.dumps([NOW_S + 9e6] * 3).encode()])
def test_a_file_that_makes_no_sense_holds_nobody_up(tmp_path: Path, content: bytes) -> None:
    a_limiter(tmp_path).seconds_to_wait("us-west-2")
    (tmp_path / "sessions" / "us-west-2.starts").write_bytes(content)
    assert a_limiter(tmp_path).seconds_to_wait("us-west-2") == 0.0


def test_the_file_is_its_owners_alone(tmp_path: Path) -> None:
    a_limiter(tmp_path / "home").seconds_to_wait("us-west-2")
    file = tmp_path / "home" / "sessions" / "us-west-2.starts"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_a_place_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "sessions").write_text("")
    with pytest.raises(StateError, match="cannot be kept"):
        a_limiter(tmp_path).seconds_to_wait("us-west-2")
