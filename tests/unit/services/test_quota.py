"""`hpctl quota show`: what is needed, used, allowed and waiting, by the count that the checks keep."""

from __future__ import annotations

from typing import Any

import pytest

from hpctl.errors import AccessError, ChecksFailedError, ChecksUnknownError, NotFoundError
from hpctl.facts.quota_requests import QuotaRequest
from hpctl.report.quota import QuotaFacts
from hpctl.services.quota import demand_fits, show_quotas
from hpctl.spec.cluster import ClusterSpec
from tests.unit.builders import NOW, a_group, a_live_group, a_plain_group, a_quota, a_slurm_spec, a_spec
from tests.unit.checks.rows_quota import LARGEST, P5, P5_SPOT, TOTAL, VOLUME, account, other, with_lustre
from tests.unit.fakes import FakeAccount

C5 = "ml.c5.2xlarge for cluster usage"
LUSTRE = "Maximum total FSx Lustre capacity in TiB across SageMaker HyperPod restricted instance groups"
INTERFACES = "Network interfaces per Region"


def rows(made: FakeAccount, spec: ClusterSpec | None = None, *types: str) -> dict[str, QuotaFacts]:
    return {row.quota: row for row in show_quotas(made.world, spec, types).quotas}


def figures(made: FakeAccount, spec: ClusterSpec | None = None, *types: str) -> dict[str, tuple[Any, ...]]:
    """Needed, used, limit and whether it fits, by the name of the quota."""
    return {name: (row.needed, row.used, row.limit, row.fits) for name, row in rows(made, spec, *types).items()}


def test_a_spec_is_set_against_what_others_have_and_what_is_allowed() -> None:
    made = account(other("other"), quotas={P5: 4, TOTAL: 10, VOLUME: 500})
    made.quotas.interfaces = a_quota(INTERFACES, "L-DF5E4CA3", 100)
    assert figures(made, a_spec(a_group(storage=({"ebs": {"volume_size_in_gb": 500}},)))) == {
        P5: (2, 2, 4, True),
        LARGEST: (2, 0, 100, True),
        TOTAL: (2, 2, 10, True),
        VOLUME: (500, 0, 500, True),
        INTERFACES: (64, 10, 100, True),
    }


def test_the_spec_s_own_cluster_is_needed_not_used() -> None:
    made = account(other("ml-cluster"), quotas={P5: 2})
    assert figures(made, a_spec())[P5] == (2, 0, 2, True)


def test_what_does_not_fit_says_what_to_ask_aws_for() -> None:
    made = account(other("other", a_live_group(current=2, target=9)), quotas={P5: 10})
    report = show_quotas(made.world, a_spec())
    row = next(one for one in report.quotas if one.quota == P5)
    command = (
        "aws service-quotas request-service-quota-increase --service-code sagemaker "
        "--quota-code L-8762A75F --desired-value 11 --region us-west-2"
    )
    assert (row.needed, row.used, row.limit, row.fits, row.request) == (2, 9, 10, False, command)
    with pytest.raises(ChecksFailedError, match=f"`{P5}` does not cover what is needed") as caught:
        demand_fits(report)
    hint = "ask AWS for an increase, which takes one to five business days, or for less in the spec"
    assert caught.value.hint == hint


def test_several_that_do_not_fit_are_counted() -> None:
    report = show_quotas(account(quotas={P5: 1, TOTAL: 1}).world, a_spec())
    with pytest.raises(ChecksFailedError, match="2 quotas do not cover what is needed"):
        demand_fits(report)


def test_a_quota_that_is_not_listed_is_unknown_and_no_pass() -> None:
    made = FakeAccount().holding(a_quota(LARGEST, "L-2CE978FC"), a_quota(TOTAL, "L-3308CCC7"))
    report = show_quotas(made.world, a_spec())
    row = next(one for one in report.quotas if one.quota == P5)
    assert (row.limit, row.fits, row.request) == (None, None, None)
    with pytest.raises(ChecksUnknownError, match=f"no quota is named `{P5}`"):
        demand_fits(report)


def test_a_choice_of_types_is_judged_by_all_of_their_quotas() -> None:
    choice: dict[str, Any] = {
        "instance_requirements": {"instance_types": ("ml.p5.48xlarge", "ml.c5.2xlarge")},
        "threads_per_core": None,
    }
    made = account(quotas={P5: 1, C5: 1})
    found = rows(made, a_spec(a_group(**choice)))
    assert (found[P5].needed, found[P5].fits, found[P5].shared_with) == (2, True, (C5,))
    assert (found[C5].needed, found[C5].fits, found[C5].shared_with) == (2, True, (P5,))


def test_what_is_fixed_stands_before_a_choice() -> None:
    choice: dict[str, Any] = {
        "instance_requirements": {"instance_types": ("ml.p5.48xlarge", "ml.c5.2xlarge")},
        "threads_per_core": None,
    }
    made = account(quotas={P5: 1, C5: 2})
    found = rows(made, a_spec(a_group(**choice), a_plain_group(count=2)))
    assert (found[C5].used, found[C5].needed, found[C5].fits) == (0, 4, False)
    assert (found[P5].used, found[P5].needed, found[P5].fits) == (0, 2, False)


def test_volumes_are_told_by_the_largest() -> None:
    disks = tuple({"ebs": {"volume_size_in_gb": size}} for size in (500, 2000))
    assert figures(account(quotas={VOLUME: 1024}), a_spec(a_group(storage=disks)))[VOLUME] == (2000, 0, 1024, False)


def test_restricted_groups_ask_for_lustre() -> None:
    assert figures(account(quotas={LUSTRE: 2}), with_lustre(2400))[LUSTRE] == (3, 0, 2, False)


def test_a_spec_without_a_network_takes_no_interfaces() -> None:
    made = FakeAccount()
    assert INTERFACES not in rows(made, a_slurm_spec(network=None))
    assert made.calls.of("network.interface_count") == []


def test_an_increase_that_waits_is_told() -> None:
    made = account(quotas={P5: 1}).holding(QuotaRequest(P5, "L-8762A75F", 16.0, "CASE_OPENED", NOW, "17"))
    row = rows(made, a_spec())[P5]
    assert (row.pending, row.pending_case, row.fits) == (16.0, "17", False)


def test_types_are_told_with_their_spot_quota_and_what_all_clusters_have() -> None:
    made = account(other("a"), other("b", a_live_group(capacity_type="Spot")), quotas={P5: 4, P5_SPOT: 0})
    assert figures(made, None, "ml.p5.48xlarge", "ml.p5.48xlarge") == {P5: (0, 2, 4, True), P5_SPOT: (0, 2, 0, True)}


def test_a_type_beside_a_spec_is_told_too() -> None:
    found = figures(FakeAccount(), a_spec(), "ml.c5.2xlarge", "ml.p5.48xlarge")
    assert found[C5][0] == 0
    assert found[P5][0] == 2


def test_a_type_that_is_none_names_the_nearest() -> None:
    with pytest.raises(NotFoundError, match=r"`ml\.p5\.48xlrage` is not a HyperPod instance type"):
        show_quotas(FakeAccount().world, None, ["ml.p5.48xlrage"])


def test_without_a_question_accelerators_what_is_in_use_and_the_totals_are_told() -> None:
    made = account(other("other", a_live_group("cpu", instance_type="ml.c5.2xlarge")), quotas={P5: 4, TOTAL: 10})
    found = figures(made)
    assert found[P5] == (0, 0, 4, True)
    assert found[C5] == (0, 2, 100, True)
    assert found[TOTAL] == (0, 2, 10, True)
    assert "ml.g5.xlarge for cluster usage" not in found
    demand_fits(show_quotas(made.world))


def test_names_are_the_codes_that_the_aws_cli_takes() -> None:
    assert show_quotas(FakeAccount().world, None, ["ml.p5.48xlarge"]).names() == ("L-8762A75F", "L-F742E2D7")


def test_aws_is_asked_once_for_everything() -> None:
    made = account(other())
    rows(made, a_spec(), "ml.c5.2xlarge")
    for operation in ("caller.identity", "clusters.summaries", "quotas.sagemaker", "quota_requests.pending"):
        assert len(made.calls.of(operation)) == 1, operation


@pytest.mark.parametrize("operation", ["clusters.summaries", "quotas.sagemaker", "quota_requests.pending"])
def test_who_may_not_look_is_told_the_action(operation: str) -> None:
    made = FakeAccount()
    made.calls.fail_always(operation, AccessError("not allowed to look", action="x:Y"))
    with pytest.raises(AccessError, match="not allowed to look"):
        show_quotas(made.world, a_spec())
