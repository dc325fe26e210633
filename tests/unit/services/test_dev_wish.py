"""What is said of a development pod becomes a wish that fits the cluster, and never moves its files."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from hpctl.compile.dev import dev_job
from hpctl.errors import ConflictError, UsageError
from hpctl.facts.dev import DevRecord, DevWish
from hpctl.facts.jobs import STORAGE_CLASS
from hpctl.services.dev.wish import Said, changed_wish, demand_own, demand_same, named, new_wish
from tests.unit.fakes import FakeAccount
from tests.unit.services.jobs import AT

DEV = DevWish("dev")


def a_record(wish: DevWish = DEV, user: str = "ana") -> DevRecord:
    return DevRecord("team", wish, user, "uid-1", datetime(2026, 11, 1, tzinfo=UTC))


@pytest.fixture
def account() -> FakeAccount:
    return FakeAccount()


def with_default_class(account: FakeAccount) -> None:
    metadata = {"name": "gp3", "annotations": {"storageclass.kubernetes.io/is-default-class": "true"}}
    account.jobs.held[STORAGE_CLASS.qualified, "", "gp3"] = {"metadata": metadata}


def test_files_are_kept_where_the_cluster_can_keep_them(account: FakeAccount) -> None:
    assert new_wish(Said(DEV), AT, account.ports).claim is None
    with_default_class(account)
    wish = new_wish(Said(DEV), AT, account.ports)
    assert (wish.claim, wish.claim_gib) == ("dev-workdir", 100)
    assert new_wish(Said(DEV, ephemeral=True), AT, account.ports).claim is None


def test_a_claim_that_others_use_too_gets_a_folder_for_the_pod(account: FakeAccount) -> None:
    wish = new_wish(Said(replace(DEV, claim="fsx")), AT, account.ports)
    assert (wish.claim, wish.claim_folder, wish.claim_gib) == ("fsx", "hpctl-dev/dev", None)
    assert '"subPath": "hpctl-dev/dev"' in (dev_job(wish).pod_config or "")


def test_an_idle_stop_loses_no_files_unasked(account: FakeAccount) -> None:
    idle = replace(DEV, idle_stop_s=3600)
    with pytest.raises(UsageError, match="would lose its files") as caught:
        new_wish(Said(idle), AT, account.ports)
    assert "--claim NAME" in str(caught.value.hint)
    assert new_wish(Said(idle, ephemeral=True), AT, account.ports).idle_stop_s == 3600
    with_default_class(account)
    assert new_wish(Said(idle), AT, account.ports).claim == "dev-workdir"


@pytest.mark.parametrize("other", [{"claim_gib": 5}, {"storage_class": "gp3"}])
def test_one_place_for_the_files_is_enough(account: FakeAccount, other: dict[str, object]) -> None:
    with pytest.raises(UsageError, match="`--claim` and `--storage` exclude each other"):
        new_wish(Said(replace(DEV, claim="fsx", **other)), AT, account.ports)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="exclude each other"):
        new_wish(Said(replace(DEV, claim="fsx"), ephemeral=True), AT, account.ports)


def test_a_stopped_pod_may_become_another_one_but_keeps_its_files(account: FakeAccount) -> None:
    known = a_record(replace(DEV, accelerators="H100:1", claim="dev-workdir", claim_gib=100))
    wish = changed_wish(known, Said(replace(DEV, accelerators="H100:2")), AT, account.ports)
    assert wish == replace(known.wish, accelerators="H100:2")
    with pytest.raises(ConflictError, match="is in claim `dev-workdir`, and stays there"):
        changed_wish(known, Said(replace(DEV, claim="fsx")), AT, account.ports)
    with pytest.raises(ConflictError, match="stays there"):
        changed_wish(known, Said(DEV, ephemeral=True), AT, account.ports)


def test_a_pod_that_runs_becomes_no_other_one() -> None:
    known = a_record(replace(DEV, accelerators="H100:1"))
    demand_same(known, known.wish, AT)
    with pytest.raises(ConflictError, match="`--accelerators` is `H100:1`, not `H100:2`"):
        demand_same(known, replace(known.wish, accelerators="H100:2"), AT)


def test_a_name_of_somebody_else_is_refused() -> None:
    demand_own(a_record(), "ana", AT)
    with pytest.raises(ConflictError, match="is `ana`'s"):
        demand_own(a_record(), "ben", AT)


def test_a_bare_number_is_of_the_only_kind_that_there_is(account: FakeAccount) -> None:
    assert named("H100:2", AT, account.ports) == "H100:2"
    assert named(None, AT, account.ports) is None
    account.kubernetes.joined = []
    with pytest.raises(UsageError, match="has no accelerators"):
        named("2", AT, account.ports)


def test_a_wish_outlives_its_writing_and_later_members_are_passed_over() -> None:
    wish = replace(DEV, accelerators="H100:1", cpus=2.5, idle_stop_s=60)
    assert DevWish.read(wish.text) == wish
    assert DevWish.read('{"name": "dev", "from_a_later_release": 1}') == DEV


def test_what_is_wished_reaches_the_job() -> None:
    spec = dev_job(replace(DEV, accelerators="H100:2", cpus=3, memory_gib=7, idle_stop_s=90, claim="dev-workdir"))
    (choice,) = spec.choices
    assert (choice.cpus, choice.memory_gib, choice.accelerator) == (3, 7, choice.accelerator)
    assert choice.accelerator is not None
    assert (choice.accelerator.name, choice.accelerator.count) == ("H100", 2)
    assert (spec.run or "").startswith("HPCTL_DEV_IDLE_S=90\n")
    assert [(mount.path, mount.claim) for mount in spec.mounts] == [("/workdir", "dev-workdir")]
    assert spec.labels["hpctl/dev"] == "dev"
    with pytest.raises(UsageError, match="no HyperPod instance type"):
        dev_job(replace(DEV, accelerators="H1OO"))
