from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from hpctl.render.words import age, counted, duration, known, listed, moment, time_of_day
from tests.unit.render.cluster_samples import NOW


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (-5, "0s"),
        (0, "0s"),
        (119, "119s"),
        (120, "2m"),
        (7199, "119m"),
        (7200, "2h"),
        (172_799, "47h"),
        (172_800, "2d"),
    ],
)
def test_ages_are_short_like_kubectls(seconds: int, shown: str) -> None:
    assert age(NOW - timedelta(seconds=seconds), NOW) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(-1, "0s"), (59.9, "59s"), (60, "1m 00s"), (185, "3m 05s"), (3600, "1h 00m"), (7320, "2h 02m")],
)
def test_durations_have_two_units_at_most(seconds: float, shown: str) -> None:
    assert duration(seconds) == shown


def test_times_are_utc_to_the_second() -> None:
    berlin = timezone(timedelta(hours=1))
    assert moment(datetime(2026, 3, 1, 13, 0, 5, 999, tzinfo=berlin)) == "2026-03-01T12:00:05Z"
    assert moment(datetime(2026, 3, 1, 12, 0, tzinfo=UTC)) == "2026-03-01T12:00:00Z"


@pytest.mark.scorecard(49)
@pytest.mark.parametrize(
    ("zone", "shown", "offset"),
    [("Asia/Kolkata", "2026-03-01T17:30:05", "+05:30"), ("America/New_York", "2026-03-01T07:00:05", "-05:00")],
)
def test_times_in_a_zone_that_was_asked_for_say_which(zone: str, shown: str, offset: str) -> None:
    there = datetime(2026, 3, 1, 12, 0, 5, 999, tzinfo=UTC).astimezone(ZoneInfo(zone))
    assert (moment(there), time_of_day(there)) == (f"{shown}{offset}", f"{shown[11:]}{offset}")


def test_what_is_not_known_is_a_dash() -> None:
    assert [known(None), known(""), moment(None), age(None, NOW), listed(())] == ["-"] * 5


def test_known_values_read_as_people_write_them() -> None:
    values: list[object] = [0, 2048.0, 191.38, True, False, "x"]
    assert [known(value) for value in values] == ["0", "2048", "191.38", "yes", "no", "x"]


def test_nouns_have_plurals() -> None:
    assert [counted(1, "node"), counted(0, "node"), counted(2, "address")] == ["1 node", "0 nodes", "2 addresses"]
