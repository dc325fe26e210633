"""Faults at the calls of the commands of jobs."""

from __future__ import annotations

import pytest

from tests.faults import job_verbs, recorded
from tests.faults.job_matrix import JobBench
from tests.faults.job_verbs import JobVerb

# Some calls meet twenty faults, with a run or three for each.
pytestmark = pytest.mark.timeout(300)
CALLS = [(verb, call) for verb in job_verbs.ALL for call in recorded.calls(verb.recorded)]


def _named(told: object) -> str:
    return told.label if isinstance(told, JobVerb) else str(told)


@pytest.mark.parametrize("job_bench", job_verbs.ALL, ids=_named, indirect=True)
def test_the_calls_are_those_that_are_recorded(job_bench: JobBench) -> None:
    assert job_bench.found() == recorded.calls(job_bench.verb.recorded)


@pytest.mark.parametrize(("job_bench", "call"), CALLS, ids=_named, indirect=["job_bench"])
def test_each_fault_of_a_call_ends_as_recorded_and_the_same_command_again_is_sound(
    job_bench: JobBench, call: str
) -> None:
    assert job_bench.outcomes(call) == [row for row in recorded.rows(job_bench.verb.recorded) if row["call"] == call]
