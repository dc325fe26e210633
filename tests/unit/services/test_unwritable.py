"""Records that cannot be written are no conflict at AWS: what the disk says reaches the person, and nothing waits."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from hpctl.errors import ClusterFailedError, StateError
from hpctl.facts.ports import Ports
from hpctl.plan.create import plan_create
from hpctl.plan.delete import plan_delete
from hpctl.plan.software import SoftwareWish
from hpctl.plan.tags import RUN_ID_TAG
from hpctl.plan.update import plan_update
from hpctl.report.plan import PlanReport
from hpctl.report.progress import Progress
from hpctl.services import delete, software, update
from hpctl.services.failure import OnFailure, settled
from tests.unit.builders import a_check_report, a_cluster, a_group, a_spec, an_identity
from tests.unit.fakes import FakeAccount
from tests.unit.plan.test_plan_update import account_with

FULL = StateError("hpctl's records cannot be kept in `x`: No space left on device", hint="free some space on the disk")
Carry = Callable[[PlanReport, Ports], Iterator[Progress]]


def to_update(account: FakeAccount) -> PlanReport:
    return plan_update(a_spec(a_group(count=4)), account.world, run_id="run-2", checks=a_check_report())


def to_delete(_: FakeAccount) -> PlanReport:
    return plan_delete(a_cluster(), an_identity(), run_id="run-2")


def to_patch(account: FakeAccount) -> PlanReport:
    return software.plan("ml-cluster", SoftwareWish(), account.world, run_id="run-2")


@pytest.mark.parametrize(
    ("decide", "carry"), [(to_update, update.update), (to_delete, delete.delete), (to_patch, software.update)]
)
def test_an_unwritable_journal_is_told_as_what_it_is(decide: Callable[[FakeAccount], PlanReport], carry: Carry) -> None:
    account = account_with(a_spec())
    plan = decide(account)
    account.calls.fail_always("state.append", FULL)
    with pytest.raises(StateError) as raised:
        list(carry(plan, account.ports))
    assert (raised.value.code, raised.value.message, raised.value.hint) == ("state", FULL.message, FULL.hint)


def test_a_failed_cluster_whose_deletion_cannot_be_written_down_stays_and_nobody_waits() -> None:
    account = FakeAccount()
    account.clusters.add(a_cluster("Failed"), **{RUN_ID_TAG: "run-1"})
    account.calls.fail_always("state.append", FULL)
    plan = plan_create(a_spec(), FakeAccount().world, run_id="run-1", checks=a_check_report())
    with pytest.raises(ClusterFailedError) as raised:
        list(settled(failing(), plan, account.ports, OnFailure.DELETE, again="AGAIN"))
    assert f"it is not deleted: {FULL.message}\n" in (raised.value.hint or "")
    assert account.clock.slept == []


def failing() -> Iterator[Progress]:
    yield from ()
    raise ClusterFailedError("it cannot get into service")
