from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hpctl.sandbox.kube.kubelet.probes import Kind, Rhythm, Tally


def test_a_probe_has_the_defaults_of_the_api() -> None:
    assert Rhythm.of({"exec": {}}) == Rhythm(0, 10, 1, 1, 3)
    told = {
        "initialDelaySeconds": 4,
        "periodSeconds": 2,
        "timeoutSeconds": 3,
        "successThreshold": 5,
        "failureThreshold": 6,
    }
    assert Rhythm.of(told) == Rhythm(4, 2, 3, 5, 6)


def test_a_verdict_needs_as_many_results_in_a_row() -> None:
    tally = Tally(Rhythm(0, 1, 1, successes=2, failures=3))
    results = [True, True, False, False, True, False, False, False, False, True]
    assert [tally.count(each) for each in results] == [None, True, None, None, None, None, None, False, False, None]


@given(st.lists(st.booleans(), max_size=40), st.integers(1, 4), st.integers(1, 4))
def test_a_verdict_is_what_the_last_results_all_said(results: list[bool], successes: int, failures: int) -> None:
    tally = Tally(Rhythm(0, 1, 1, successes, failures))
    for index, result in enumerate(results):
        wanted = successes if result else failures
        row = results[max(0, index - wanted + 1) : index + 1]
        assert tally.count(result) is (result if row == [result] * wanted else None)


def test_events_begin_with_the_kind() -> None:
    assert [kind.word for kind in Kind] == ["Startup", "Liveness", "Readiness"]
