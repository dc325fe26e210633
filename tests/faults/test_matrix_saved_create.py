"""Faults at every call of a create from a saved plan."""

from __future__ import annotations

import pytest

from tests.faults import commands, recorded
from tests.faults.matrix import Bench

# Some calls meet eighteen faults, with a run or three for each.
pytestmark = pytest.mark.timeout(300)
COMMAND = commands.SAVED_CREATE


def test_the_calls_are_those_that_are_recorded(bench: Bench) -> None:
    assert recorded.in_order(bench.found()) == recorded.in_order(recorded.calls(COMMAND.file))


@pytest.mark.parametrize("call", recorded.calls(COMMAND.file))
def test_each_fault_of_a_call_ends_as_recorded_and_the_same_command_again_converges(bench: Bench, call: str) -> None:
    assert bench.outcomes(call) == [row for row in recorded.rows(COMMAND.file) if row["call"] == call]


def test_credentials_that_expire_at_any_call_end_it_with_code_4_and_the_next_run_goes_on(bench: Bench) -> None:
    bench.demand_expiry_is_survived()
