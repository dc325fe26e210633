from __future__ import annotations

from datetime import UTC, datetime

import pytest

from hpctl.adapters.local.clock import SystemClock


def test_the_clock_tells_utc() -> None:
    before = datetime.now(UTC)
    now = SystemClock().now()
    assert now.tzinfo is UTC
    assert before <= now <= datetime.now(UTC)


def test_the_clock_waits_as_long_as_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    naps: list[float] = []
    monkeypatch.setattr("time.sleep", naps.append)
    SystemClock().sleep(1.5)
    assert naps == [1.5]
