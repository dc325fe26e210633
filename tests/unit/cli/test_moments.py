"""What `--since` takes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from hpctl.cli.moments import since
from hpctl.errors import UsageError

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("90s", NOW - timedelta(seconds=90)),
        ("45m", NOW - timedelta(minutes=45)),
        ("1.5h", NOW - timedelta(minutes=90)),
        ("3d", NOW - timedelta(days=3)),
        ("99999999d", datetime.min.replace(tzinfo=UTC)),
        ("2026-11-21T11:30:00Z", NOW - timedelta(minutes=30)),
        ("2026-11-21T12:30:00+01:00", NOW - timedelta(minutes=30)),
        ("2026-11-21T11:30", NOW - timedelta(minutes=30)),
        ("2026-11-21", NOW - timedelta(hours=12)),
    ],
)
def test_a_moment_is_how_long_ago_or_a_time_in_utc(text: str, moment: datetime) -> None:
    assert since(text, NOW) == moment


@pytest.mark.parametrize(
    "text", ["", "90", "yesterday", "-5m", "2h30m", "2026-13-01", "11:30", "0001-01-01T00:00+14:00"]
)
def test_anything_else_is_refused_with_what_to_write(text: str) -> None:
    with pytest.raises(UsageError) as raised:
        since(text, NOW)
    assert raised.value.message == f"`--since {text}` is neither a duration nor a time"
    assert raised.value.hint == ("write how long ago, as 90s, 45m, 2h or 3d, or a time in UTC, as 2026-11-21T14:30:00Z")


def test_what_is_yet_to_come_is_refused() -> None:
    with pytest.raises(UsageError) as raised:
        since("2026-11-22", NOW)
    assert raised.value.message == "`--since 2026-11-22` is yet to come"
    assert raised.value.hint == "now it is 2026-11-21T12:00:00Z"
