"""A cluster that could not be created: kept with the next commands, or deleted when this run made it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hpctl.errors import AccessError, ClusterFailedError, ConflictError, ExitCode, HpctlError, NotFoundError
from hpctl.plan.create import plan_create
from hpctl.plan.tags import PROTECTION_TAG, RUN_ID_TAG
from hpctl.report.plan import PlanReport
from hpctl.report.progress import Progress
from hpctl.services.failure import OnFailure, settled
from tests.unit.builders import CLUSTER_ARN, a_check_report, a_cluster, a_spec
from tests.unit.fakes import FakeAccount

FAILED = ClusterFailedError("it cannot get into service", cause="no capacity", hint="wait for capacity")
KEPT = (
    "the cluster stays as it is; to look at it: hpctl cluster describe ml-cluster\n"
    "what happened to it: hpctl cluster events ml-cluster\n"
    "to delete it: hpctl cluster delete ml-cluster\n"
    "to create it again, once it is deleted: AGAIN"
)
GONE = NotFoundError("there is no cluster `ml-cluster`")


def planned(account: FakeAccount) -> PlanReport:
    return plan_create(a_spec(), account.world, run_id="run-1", checks=a_check_report())


def failing() -> Iterator[Progress]:
    yield from ()
    raise FAILED


def an_account(status: str = "Failed", **tags: str) -> FakeAccount:
    account = FakeAccount()
    account.clusters.add(a_cluster(status), **{RUN_ID_TAG: "run-1", **tags})
    return account


def end(account: FakeAccount, policy: OnFailure = OnFailure.DELETE) -> tuple[ClusterFailedError, list[str]]:
    told: list[str] = []
    with pytest.raises(ClusterFailedError) as raised:
        told.extend(
            step.type for step in settled(failing(), planned(FakeAccount()), account.ports, policy, again="AGAIN")
        )
    assert (raised.value.message, raised.value.cause) == (FAILED.message, FAILED.cause)
    assert raised.value.exit_code is ExitCode.CHECKS_FAILED
    return raised.value, told


def test_a_cluster_is_kept_with_the_next_commands() -> None:
    account = an_account()
    error, _ = end(account, OnFailure.KEEP)
    assert error.hint == f"wait for capacity\n{KEPT}"
    assert account.calls.made == []


def test_what_went_well_passes() -> None:
    account = an_account()
    assert list(settled(iter(()), planned(FakeAccount()), account.ports, OnFailure.DELETE, again="AGAIN")) == []


def test_what_this_run_made_is_deleted_and_it_is_still_a_failure() -> None:
    account = an_account()
    account.clusters.play(a_cluster("Failed"), a_cluster("Deleting"), GONE)
    error, _ = end(account)
    assert error.hint == "wait for capacity\nthe cluster is deleted; to create it again: AGAIN"
    assert account.calls.of("clusters.delete") == [(CLUSTER_ARN,)]
    assert [line["run_id"] for line in account.state.journals["123456789012.us-west-2.ml-cluster"]] == [
        "run-1-undo"
    ] * 3
    assert account.state.entries == ["intent", "effect", "done"]


def test_a_cluster_that_aws_still_works_on_is_deleted_once_it_is_settled() -> None:
    account = an_account()
    account.calls.fail("clusters.delete", ConflictError("busy"), ConflictError("busy"))
    account.clusters.play(*[a_cluster("Failed")] * 3, a_cluster("Deleting"), GONE)
    error, _ = end(account)
    assert "the cluster is deleted" in (error.hint or "")
    assert len(account.calls.of("clusters.delete")) == 3


@pytest.mark.parametrize(
    ("tags", "why"),
    [
        ({RUN_ID_TAG: "another"}, "this run did not make it"),
        ({PROTECTION_TAG: "true"}, "it is protected (tag `hpctl:protection`)"),
    ],
)
def test_what_is_not_ours_or_protected_stays(tags: dict[str, str], why: str) -> None:
    account = an_account(**tags)
    error, _ = end(account)
    assert error.hint == f"wait for capacity\nit is not deleted: {why}\n{KEPT}"
    assert account.calls.of("clusters.delete") == []


@pytest.mark.parametrize("operation", ["clusters.describe", "clusters.tags", "clusters.delete"])
def test_what_keeps_it_from_being_deleted_is_said(operation: str) -> None:
    account = an_account()
    error_of_aws: HpctlError = AccessError("denied")
    account.calls.fail(operation, error_of_aws)
    error, _ = end(account)
    assert error.hint == f"wait for capacity\nit is not deleted: denied\n{KEPT}"


def test_what_is_gone_already_is_deleted() -> None:
    error, _ = end(FakeAccount())
    assert error.hint == "wait for capacity\nthe cluster is deleted; to create it again: AGAIN"
