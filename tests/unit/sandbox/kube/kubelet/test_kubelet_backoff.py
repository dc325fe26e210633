from __future__ import annotations

from hpctl.sandbox.kube.kubelet.backoff import Backoff


def test_the_first_restart_is_at_once_and_each_later_one_twice_as_late() -> None:
    backoff, now, waits = Backoff(), 0.0, []
    for _ in range(8):
        wait = backoff.due(now, now)
        waits.append(wait)
        now += wait
        backoff.started(now)
        now += 1
    assert waits == [0, 10, 20, 40, 80, 160, 300, 300]


def test_time_that_has_passed_since_the_end_counts() -> None:
    backoff = Backoff()
    backoff.started(0)
    assert backoff.due(5, 12) == 3
    assert backoff.due(5, 20) == 0


def test_a_container_that_ran_for_long_begins_anew() -> None:
    backoff = Backoff()
    for moment in (0, 10, 30):
        backoff.started(moment)
    assert backoff.delay_s == 40
    backoff.started(30 + 600)
    assert backoff.delay_s == 80
    backoff.started(630 + 600.5)
    assert backoff.delay_s == 10
