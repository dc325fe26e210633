"""Which calls a fault strikes: its scope, its bounds, its chance, and what of them a restart keeps."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hpctl.errors import NotFoundError
from hpctl.sandbox.proxy.faults import Injection
from hpctl.sandbox.proxy.ledger import Ledger
from tests.unit.sandbox.calls import a_call

ARN = "arn:aws:sagemaker:us-west-2:123456789012:cluster/abc"


@dataclass
class Bench:
    """A ledger on a clock that stands until it is moved, and what the ledger had kept last."""

    now: datetime = datetime(2026, 1, 1, tzinfo=UTC)
    kept: list[str] = field(default_factory=list)

    def ledger(self) -> Ledger:
        return Ledger(lambda: self.now, self.kept.append, self.kept[-1] if self.kept else "")


@pytest.fixture
def bench() -> Bench:
    return Bench()


def _inject(ledger: Ledger, fault: str, **members: Any) -> str:
    return ledger.inject(Injection.read({"fault": fault, **members})).id


def _struck(ledger: Ledger, calls: int, name: str = "sagemaker:DescribeCluster", *clusters: str) -> list[int]:
    """Return the numbers of the calls that are struck, out of so many."""
    return [n for n in range(1, calls + 1) if ledger.judge(a_call(name, *clusters)).struck_by]


@pytest.mark.parametrize(
    ("bounds", "struck"),
    [
        ({}, [1, 2, 3, 4, 5, 6]),
        ({"count": 2}, [1, 2]),
        ({"skip": 2}, [3, 4, 5, 6]),
        ({"skip": 2, "count": 3}, [3, 4, 5]),
        ({"skip": 9}, []),
        ({"share": 0.0}, []),
        ({"share": 1.0}, [1, 2, 3, 4, 5, 6]),
    ],
)
def test_bounds_choose_the_calls(bench: Bench, bounds: dict[str, Any], struck: list[int]) -> None:
    ledger = bench.ledger()
    _inject(ledger, "throttling", **bounds)
    assert _struck(ledger, 6) == struck


@pytest.mark.parametrize(
    ("scope", "call", "concerned"),
    [
        ({"service": "sagemaker"}, "sagemaker:ListClusters", True),
        ({"service": "sagemaker"}, "ec2:DescribeVpcs", False),
        ({"service": "service-quotas"}, "servicequotas:GetServiceQuota", True),
        ({"operation": "ListClusters"}, "sagemaker:ListClusters", True),
        ({"operation": "ListClusters"}, "sagemaker:ListClusterNodes", False),
        ({"service": "eks", "operation": "ListClusters"}, "sagemaker:ListClusters", False),
        ({"cluster": "mine"}, "sagemaker:DescribeCluster", True),
        ({"cluster": "other"}, "sagemaker:DescribeCluster", False),
    ],
)
def test_a_scope_chooses_the_calls(bench: Bench, scope: dict[str, str], call: str, concerned: bool) -> None:
    ledger = bench.ledger()
    _inject(ledger, "reset", **scope)
    assert bool(_struck(ledger, 1, call, "mine")) is concerned


def test_what_is_out_of_scope_uses_nothing_up(bench: Bench) -> None:
    ledger = bench.ledger()
    _inject(ledger, "reset", service="ec2", skip=1, count=1)
    assert _struck(ledger, 5) == []
    assert _struck(ledger, 5, "ec2:DescribeVpcs") == [2]


def test_a_cluster_is_known_by_its_name_and_by_its_arn(bench: Bench) -> None:
    ledger = bench.ledger()
    _inject(ledger, "reset", cluster="mine")
    assert _struck(ledger, 1, "sagemaker:DeleteCluster", ARN) == []
    ledger.learn({"mine", ARN})
    assert _struck(ledger, 1, "sagemaker:DeleteCluster", ARN) == [1]


def test_a_share_is_drawn_the_same_every_time_and_about_right(bench: Bench) -> None:
    rows = []
    for _ in range(2):
        ledger = bench.ledger()
        ledger.clear()
        _inject(ledger, "throttling", share="30%")
        rows.append(_struck(ledger, 1000))
    assert rows[0] == rows[1]
    assert 250 <= len(rows[0]) <= 350
    ledger.clear()
    _inject(ledger, "throttling", share="30%", seed=7)
    assert _struck(ledger, 1000) != rows[0]


def test_a_fault_is_over_when_its_time_is(bench: Bench) -> None:
    ledger = bench.ledger()
    _inject(ledger, "throttling", for_s=10)
    bench.now += timedelta(seconds=9.9)
    assert _struck(ledger, 1) == [1]
    bench.now += timedelta(seconds=0.1)
    assert (_struck(ledger, 1), ledger.active()) == ([], ())


def test_a_restart_keeps_what_is_left_of_every_bound(bench: Bench) -> None:
    ledger = bench.ledger()
    _inject(ledger, "throttling", service="ec2", skip=1, count=3, for_s=60)
    assert _struck(ledger, 2, "ec2:DescribeVpcs") == [2]
    again = bench.ledger()
    assert [(active.seen, active.left) for active in again.active()] == [(2, 2)]
    assert _struck(again, 5, "ec2:DescribeVpcs") == [1, 2]
    assert _inject(bench.ledger(), "reset") == "f2"


def test_time_goes_on_over_a_restart(bench: Bench) -> None:
    _inject(bench.ledger(), "throttling", for_s=60)
    bench.now += timedelta(seconds=61)
    assert bench.ledger().active() == ()


def test_of_two_faults_the_first_strikes_and_the_other_is_not_used_up(bench: Bench) -> None:
    ledger = bench.ledger()
    first, second = _inject(ledger, "throttling", count=1), _inject(ledger, "reset", count=1)
    verdicts = [ledger.judge(a_call()) for _ in range(3)]
    assert [verdict.struck_by and verdict.struck_by.id for verdict in verdicts] == [first, second, None]


def test_latency_adds_to_whatever_else_happens(bench: Bench) -> None:
    ledger = bench.ledger()
    _inject(ledger, "slow", latency_s=2)
    _inject(ledger, "slow", latency_s=1, jitter_s=0.5)
    _inject(ledger, "reset")
    waits = [ledger.judge(a_call()) for _ in range(20)]
    assert all(2.5 <= verdict.wait_s <= 3.5 and verdict.struck_by for verdict in waits)
    assert len({verdict.wait_s for verdict in waits}) > 1


def test_reads_that_lag_by_time_are_dated_back_and_changes_keep_what_they_replace(bench: Bench) -> None:
    ledger = bench.ledger()
    _inject(ledger, "stale-reads", lag_s=30, operation="DescribeCluster")
    assert ledger.judge(a_call("sagemaker:CreateCluster")).past == "keep"
    assert ledger.judge(a_call("sagemaker:DescribeCluster")).past == "30"
    assert ledger.judge(a_call("sagemaker:ListClusters")).past is None


def test_reads_that_lag_by_number_do_not_see_each_change_so_often(bench: Bench) -> None:
    ledger = bench.ledger()
    _inject(ledger, "stale-reads", lag_reads=2)
    names = [
        "ListClusters",
        "CreateCluster",
        "ListClusters",
        "ListClusters",
        "ListClusters",
        "DeleteCluster",
        "ListClusters",
    ]
    assert [ledger.judge(a_call(f"sagemaker:{name}")).past for name in names] == [
        None, "keep", "before-change", "before-change", None, "keep", "before-change",
    ]  # fmt: skip


def test_connections_are_refused_once_the_calls_to_pass_have_passed(bench: Bench) -> None:
    ledger = bench.ledger()
    fault = _inject(ledger, "refuse", skip=2, for_s=10)
    seen = [ledger.refuses()]
    for _ in range(2):
        assert ledger.judge(a_call()).struck_by is None
        seen.append(ledger.refuses())
    assert seen == [False, False, True]
    ledger.clear(fault)
    assert not ledger.refuses()


def test_a_fault_is_cleared_by_its_id_or_with_all_others(bench: Bench) -> None:
    ledger = bench.ledger()
    ids = [_inject(ledger, "reset"), _inject(ledger, "stall"), _inject(ledger, "garbage")]
    assert ledger.clear(ids[1]) == (ids[1],)
    assert ledger.clear() == (ids[0], ids[2])
    with pytest.raises(NotFoundError, match="no fault `f2` is in force"):
        ledger.clear(ids[1])


def test_a_stalled_call_is_held_after_the_last_strike_until_the_fault_is_cleared(bench: Bench) -> None:
    ledger = bench.ledger()
    fault = _inject(ledger, "stall", count=1)
    assert not ledger.holds(fault)
    assert _struck(ledger, 2) == [1]
    assert (ledger.active(), ledger.holds(fault)) == ((), True)
    ledger.clear(fault)
    assert not ledger.holds(fault)
