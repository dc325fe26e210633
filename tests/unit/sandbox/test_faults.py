"""What an injection may say, and what is said about one that may not."""

from __future__ import annotations

import pytest

from hpctl.errors import UsageError
from hpctl.sandbox.proxy.faults import CLUSTER_FAULTS, Fault, Injection, members_of, read_injections


def test_an_injection_comes_back_as_it_was_told() -> None:
    told = {"fault": "throttling", "service": "sagemaker", "operation": "CreateCluster", "skip": 1, "count": 2}
    assert Injection.read(told).members() == told


def test_a_share_is_a_number_or_a_percentage() -> None:
    shares = [Injection.read({"fault": "reset", "share": share}).share for share in ("30%", 0.3, 1)]
    assert shares == [0.3, 0.3, 1.0]


@pytest.mark.parametrize(
    ("told", "count"),
    [
        ({"fault": "reset"}, 1),
        ([{"fault": "reset"}, {"fault": "stall"}], 2),
        ({"faults": [{"fault": "reset"}]}, 1),
        ([], 0),
    ],
)
def test_data_are_one_injection_or_several(told: object, count: int) -> None:
    assert len(read_injections(told)) == count


@pytest.mark.parametrize(
    ("told", "message", "hint"),
    [
        ({}, "a fault has no name", '{"fault": "throttling"}'),
        ("reset", "`reset` is no fault", '{"fault": "throttling"}'),
        ({"fault": "trottling"}, "there is no fault `trottling`", "did you mean `throttling`?"),
        ({"fault": "reset", "conut": 1}, "a fault has no member `conut`", "did you mean `count`?"),
        ({"fault": "reset", "group": "a"}, "`reset` takes no `group`", "`service`"),
        ({"fault": "efa", "operation": "X"}, "`efa` takes no `operation`", "`group`"),
        ({"fault": "refuse", "count": 1}, "`refuse` takes no `count`", "`for_s`"),
        ({"fault": "reset", "count": "1"}, "`count` is a whole number, not `1`", None),
        ({"fault": "reset", "count": True}, "`count` is a whole number, not `True`", None),
        ({"fault": "reset", "count": 0}, "a count of 0 strikes nothing", "no bound"),
        ({"fault": "reset", "skip": -1}, "`skip` cannot be `-1`", "0 or more"),
        ({"fault": "reset", "share": 1.5}, "a share cannot be `1.5`", "30%"),
        ({"fault": "server-error", "status": 404}, "`server-error` does not answer `404`", "500 or 503"),
        ({"fault": "stale-reads"}, "`stale-reads` needs one lag: seconds or reads", "`lag_s` or `lag_reads`"),
        ({"fault": "stale-reads", "lag_s": 1, "lag_reads": 1}, "`stale-reads` needs one lag: seconds or reads", "lag"),
        ({"fault": "slow"}, "`slow` needs a latency", "`latency_s`"),
        ({"fault": "hardware", "node": "i-1"}, "a node is named together with its cluster", "`cluster`"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_with_its_reason(told: object, message: str, hint: str | None) -> None:
    with pytest.raises(UsageError) as refused:
        Injection.read(told)
    assert refused.value.message == message
    assert (hint or "") in (refused.value.hint or "")


def test_every_fault_has_a_meaning_and_a_bound_in_time() -> None:
    assert all(fault.meaning and "for_s" in members_of(fault) for fault in Fault)
    assert {fault.value for fault in CLUSTER_FAULTS} == {"no-capacity", "efa", "lifecycle", "hardware"}
