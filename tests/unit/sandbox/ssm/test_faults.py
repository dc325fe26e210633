from __future__ import annotations

from typing import Any

import pytest

from hpctl.errors import UsageError
from hpctl.sandbox.ssm.faults import Weather


def weather(*faults: dict[str, Any], seed: int = 1) -> Weather:
    found = Weather()
    found.set({"faults": list(faults), "seed": seed})
    return found


def struck(found: Weather, direction: str, times: int) -> list[bool]:
    return [found.strikes(direction) is not None for _ in range(times)]


def test_a_fault_strikes_its_direction_after_a_number_and_so_often() -> None:
    found = weather({"fault": "drop", "direction": "out", "after": 2, "count": 3})
    assert struck(found, "in", 4) == [False] * 4
    assert struck(found, "out", 7) == [False, False, True, True, True, False, False]
    assert found.faults[0].struck == 3


def test_the_same_seed_is_the_same_weather() -> None:
    first, second, other = (weather({"fault": "drop", "probability": 0.5}, seed=seed) for seed in (4, 4, 5))
    told = struck(first, "in", 64)
    assert told == struck(second, "in", 64)
    assert told != struck(other, "in", 64)
    assert 16 < sum(told) < 48


def test_a_start_that_ends_at_once_is_no_fault_of_frames() -> None:
    found = weather({"fault": "eof", "count": 1})
    assert struck(found, "out", 3) == [False] * 3
    assert [found.refuses_start() for _ in range(2)] == [True, False]


@pytest.mark.parametrize(
    "told",
    [
        {"faults": {}},
        {"faults": ["drop"]},
        {"faults": [{"fault": "rain"}]},
        {"faults": [{"fault": "drop", "direction": "up"}]},
        {"faults": [{"fault": "drop", "probability": 1.5}]},
        {"faults": [{"fault": "drop", "count": True}]},
        {"faults": [{"fault": "drop", "colour": 1}]},
        {"linger_s": -1},
    ],
)
def test_weather_that_is_none_is_refused(told: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        Weather().set(told)
