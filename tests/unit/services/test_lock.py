"""Working on a cluster alone, and going on with what an earlier command left."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hpctl.errors import ExitCode, LockedError, StateError
from hpctl.facts.records import Holder
from hpctl.plan.delete import plan_delete
from hpctl.plan.journal import Journal, close
from hpctl.services.lock import Claim, claimed
from tests.unit.builders import NOW, a_cluster, an_identity
from tests.unit.fakes import FakeAccount

KEY = "123456789012.us-west-2.ml-cluster"


def claim_on(account: FakeAccount, purpose: str = "delete") -> Claim:
    with claimed("ml-cluster", purpose, an_identity(), account.ports, new_run_id="new") as claim:  # type: ignore[arg-type]
        assert account.state.locked == [KEY]
        return claim


def with_unfinished_delete() -> FakeAccount:
    account = FakeAccount()
    plan = plan_delete(a_cluster(), an_identity(), run_id="old")
    Journal(plan, account.ports).intent(plan.actions[0])
    return account


def test_where_nobody_was_before_a_run_is_new_and_nothing_is_said() -> None:
    account = FakeAccount()
    claim = claim_on(account)
    assert claim == Claim("new")
    assert list(claim.notices()) == []
    assert account.state.locked == []


def test_an_unfinished_run_of_the_same_purpose_is_gone_on_with() -> None:
    claim = claim_on(with_unfinished_delete())
    assert claim.run_id == "old"
    assert list(claim.notices()) == ["going on with the delete that began at 2026-03-01T12:00:00Z (run old)"]


def test_what_is_finished_or_for_something_else_is_not() -> None:
    assert claim_on(with_unfinished_delete(), "create") == Claim("new")
    account = with_unfinished_delete()
    close(plan_delete(a_cluster(), an_identity(), run_id="old"), "delete", account.ports)
    assert claim_on(account) == Claim("new")


def test_a_lock_that_a_dead_process_held_is_said() -> None:
    account = FakeAccount()
    account.state.dead = Holder(4711, "laptop", NOW - timedelta(hours=1))
    assert list(claim_on(account).notices()) == [
        "taking over the lock of a process that is gone (process 4711 on `laptop`, since 2026-03-01T11:00:00Z)"
    ]


def test_a_lock_that_a_living_process_holds_is_said_with_what_to_do() -> None:
    account = FakeAccount()
    account.calls.fail("state.lock", LockedError("another hpctl works on cluster `ml-cluster`: process 4711"))
    with pytest.raises(LockedError) as raised:
        claim_on(account)
    assert raised.value.message == "another hpctl works on cluster `ml-cluster`: process 4711"
    assert raised.value.hint == (
        "wait until it is done, then run the same command again\n"
        "to see how far it is: hpctl cluster describe ml-cluster"
    )
    assert raised.value.exit_code is ExitCode.CONFLICT


@pytest.mark.parametrize("operation", ["state.lock", "state.lines"])
def test_records_that_cannot_be_read_stop_before_anything_is_done(operation: str) -> None:
    account = FakeAccount()
    account.calls.fail(operation, StateError("line 2 of hpctl's journal `x` cannot be read"))
    with pytest.raises(StateError, match="line 2"):
        claim_on(account)
    assert account.state.locked == []


def test_an_error_in_the_block_frees_the_lock() -> None:
    account = FakeAccount()
    with (
        pytest.raises(ValueError, match="mine"),
        claimed("ml-cluster", "create", an_identity(), account.ports, new_run_id="new"),
    ):
        raise ValueError("mine")
    assert account.state.locked == []
