from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hpctl.adapters.aws.caller import AwsCaller
from hpctl.adapters.local.machine import this_machine
from hpctl.errors import UnavailableError

ANSWERED_AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


class OneAnswer:
    """A session that answers once, with these headers."""

    def __init__(self, headers: dict[str, str]) -> None:
        self._headers = headers

    def call(self, service: str, operation: str, **_params: Any) -> dict[str, Any]:
        assert (service, operation) == ("sts", "GetCallerIdentity")
        return {"ResponseMetadata": {"HTTPHeaders": self._headers}}


def skew_s(now: datetime, **headers: str) -> float:
    session: Any = OneAnswer(headers)
    return AwsCaller(session, now=lambda: now).clock_skew_s()


@pytest.mark.parametrize("ahead_s", [0.0, 400.0, -7200.0])
def test_the_clock_is_compared_with_the_time_of_an_answer(ahead_s: float) -> None:
    now = ANSWERED_AT + timedelta(seconds=ahead_s)
    assert skew_s(now, date="Sun, 01 Mar 2026 12:00:00 GMT") == ahead_s


def test_a_date_without_a_zone_is_in_utc() -> None:
    assert skew_s(ANSWERED_AT, date="Sun, 01 Mar 2026 12:00:00 -0000") == 0.0


@pytest.mark.parametrize("headers", [{}, {"date": "yesterday"}, {"date": ""}])
def test_an_answer_without_a_time_tells_nothing(headers: dict[str, str]) -> None:
    with pytest.raises(UnavailableError, match=r"the answer to `sts:GetCallerIdentity` has no `[Dd]ate`"):
        skew_s(ANSWERED_AT, **headers)


def test_this_machine_tells_its_versions() -> None:
    machine = this_machine()
    assert machine.python.startswith("3.")
    assert int(machine.botocore.split(".")[0]) >= 1
