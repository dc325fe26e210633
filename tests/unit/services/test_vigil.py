"""Examining until all is well: what is said on the way, and how it ends."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hpctl.errors import HpctlError, NotFoundError, UnavailableError, WaitTimeoutError
from hpctl.report.check import CheckReport
from hpctl.services.create import demand_passed
from hpctl.services.polling import Waiting
from hpctl.services.vigil import Rounds
from hpctl.terms import Outcome
from tests.unit.builders import a_check_report, a_result
from tests.unit.fake_calls import FakeClock

RESUME = "hpctl doctor ml-cluster --wait"
BAD = a_check_report(a_result("live-status", Outcome.FAIL), a_result("kube-token", Outcome.PASS))
WORSE = a_check_report(a_result("live-status", Outcome.FAIL), a_result("kube-token", Outcome.FAIL))
BLIND = a_check_report(a_result("live-status", Outcome.UNKNOWN, blocking=True))
WELL = a_check_report(a_result("live-status", Outcome.PASS))


class Seen:
    """Answers in turn, the last for ever; errors are raised."""

    def __init__(self, *answers: CheckReport | HpctlError) -> None:
        self.looks = 0
        self._answers = answers

    def __call__(self) -> CheckReport:
        answer = self._answers[min(self.looks, len(self._answers) - 1)]
        self.looks += 1
        if isinstance(answer, HpctlError):
            raise answer
        return answer


def rounds(seen: Seen, timeout_s: float = 600) -> Rounds:
    return Rounds(seen, demand_passed, Waiting("ml-cluster", timeout_s, RESUME), FakeClock())


def test_what_is_well_at_once_is_looked_at_once_and_nothing_is_said() -> None:
    seen = Seen(WELL)
    one = rounds(seen)
    assert (list(one.until_well()), one.last, seen.looks) == ([], WELL, 1)


def test_what_is_not_well_is_said_when_it_changes_until_all_is() -> None:
    seen = Seen(WORSE, WORSE, BAD, BLIND, WELL)
    one = rounds(seen)
    said = list(one.until_well())
    assert said == [
        "not well yet: 2 of 2 checks failed: `live-status`, `kube-token`",
        "not well yet: 1 of 2 checks failed: `live-status`",
        "not well yet: a check that must hold could not look: `live-status`",
    ]
    assert (one.last, seen.looks) == (WELL, 5)


def test_time_runs_out_with_the_last_report_kept() -> None:
    one = rounds(Seen(BAD), timeout_s=60)
    with pytest.raises(WaitTimeoutError) as raised:
        drain(one.until_well())
    assert raised.value.message == "cluster `ml-cluster` was not well yet after 60 s; AWS goes on working"
    assert raised.value.hint == f"to go on waiting: {RESUME}"
    assert one.report == BAD


def test_an_outage_of_a_moment_is_borne_and_one_that_lasts_is_told() -> None:
    away = UnavailableError("no answer")
    borne = rounds(Seen(away, away, WELL))
    assert list(borne.until_well()) == []
    with pytest.raises(UnavailableError, match="no answer"):
        drain(rounds(Seen(away)).until_well())


def test_a_cluster_that_is_gone_ends_the_waiting() -> None:
    with pytest.raises(NotFoundError, match="gone"):
        drain(rounds(Seen(BAD, NotFoundError("gone"))).until_well())


def drain(steps: Iterator[str]) -> None:
    for _step in steps:
        pass
