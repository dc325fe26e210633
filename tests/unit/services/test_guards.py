"""What must outlive a cluster is looked at before it is deleted."""

from __future__ import annotations

import pytest

from hpctl.errors import AccessError, ConflictError, ExitCode
from hpctl.facts.records import Cluster
from hpctl.plan.tags import PROTECTION_TAG
from hpctl.services.guards import STACK_TAG, demand_unprotected, unsettled, warnings
from tests.unit.builders import CLUSTER_ARN, ROLE, a_cluster, a_live_group, a_role
from tests.unit.fakes import FakeAccount


def told(account: FakeAccount, cluster: Cluster | None = None) -> list[str]:
    account.clusters.tags_of.setdefault(CLUSTER_ARN, {})
    return list(warnings(cluster or a_cluster(), account.world))


def test_a_whole_role_and_network_need_no_word() -> None:
    assert told(FakeAccount()) == []


def test_a_role_that_is_gone_is_warned_about_once() -> None:
    cluster = a_cluster("InService", a_live_group(), a_live_group("system"))
    (warning,) = told(FakeAccount().holding(a_role("another")), cluster)
    assert warning == (
        "execution role `hyperpod-execution` is gone: the cluster would stay in `Deleting`; make it again first, "
        "allowed ec2:DeleteNetworkInterface and ec2:DeleteNetworkInterfacePermission"
    )


@pytest.mark.parametrize("action", ["ec2:DeleteNetworkInterface", "ec2:DeleteNetworkInterfacePermission"])
def test_a_role_that_lacks_a_permission_is_warned_about(action: str) -> None:
    account = FakeAccount()
    account.iam.deny(action)
    role = "execution role `hyperpod-execution`"
    assert told(account) == [f"{role} is not allowed {action}: the cluster would stay in `Deleting`; allow it first"]
    assert account.calls.of("iam.simulate")[0][0] == ROLE


@pytest.mark.parametrize("operation", ["iam.role", "iam.simulate"])
def test_a_role_that_cannot_be_looked_at_is_said_to_be(operation: str) -> None:
    account = FakeAccount()
    account.calls.fail(operation, AccessError("denied"))
    assert told(account) == [
        "whether execution role `hyperpod-execution` can remove network interfaces cannot be seen: denied"
    ]


def test_subnets_and_groups_that_are_gone_are_named() -> None:
    cluster = a_cluster("InService", a_live_group(subnet_ids=("subnet-9",)), security_group_ids=("sg-nodes", "sg-gone"))
    assert told(FakeAccount(), cluster) == [
        "`subnet-9`, `sg-gone` of the cluster's network is gone: the deletion may hang"
    ]


@pytest.mark.parametrize("operation", ["network.subnets", "network.security_groups"])
def test_a_network_that_cannot_be_looked_at_is_said_to_be(operation: str) -> None:
    account = FakeAccount()
    account.calls.fail(operation, AccessError("denied"))
    assert told(account) == ["whether the cluster's network is whole cannot be seen: denied"]


def test_in_the_service_s_own_network_nothing_is_asked() -> None:
    account = FakeAccount()
    assert told(account, a_cluster(subnet_ids=(), security_group_ids=())) == []
    assert account.calls.operations == ["clusters.tags"]


@pytest.mark.parametrize("tags", [{}, {PROTECTION_TAG: "false"}, {"protection": "true"}])
def test_what_is_not_protected_may_go(tags: dict[str, str]) -> None:
    account = FakeAccount()
    account.clusters.add(a_cluster(), **tags)
    demand_unprotected(a_cluster(), account.world)


def test_what_is_protected_may_not_and_it_is_said_how_to_lift_that() -> None:
    account = FakeAccount()
    account.clusters.add(a_cluster(), **{PROTECTION_TAG: "true"})
    with pytest.raises(ConflictError) as raised:
        demand_unprotected(a_cluster(), account.world)
    assert raised.value.message == (
        "cluster `ml-cluster` is protected by its tag `hpctl:protection`; nothing was deleted"
    )
    assert raised.value.hint == (
        "to lift it, set `protection: false` in its spec: hpctl cluster update -f FILE\n"
        f"or take the tag away: aws sagemaker delete-tags --resource-arn {CLUSTER_ARN} --tag-keys hpctl:protection"
    )
    assert raised.value.exit_code is ExitCode.CONFLICT


def test_protection_that_cannot_be_read_is_no_permission() -> None:
    account = FakeAccount()
    account.clusters.add(a_cluster())
    account.calls.fail("clusters.tags", AccessError("denied"))
    with pytest.raises(AccessError, match="denied"):
        demand_unprotected(a_cluster(), account.world)


def owned(account: FakeAccount, **tags: str) -> FakeAccount:
    account.clusters.tags_of[CLUSTER_ARN] = tags
    return account


def test_a_stack_that_owns_the_cluster_is_named() -> None:
    account = owned(FakeAccount(), **{STACK_TAG: "team-hyperpod", "team": "nlp"})
    assert told(account) == [
        "CloudFormation stack `team-hyperpod` owns the cluster and will not know of this: change its template instead"
    ]


def test_tags_that_cannot_be_read_say_nothing_of_an_owner() -> None:
    account = FakeAccount()
    account.calls.fail("clusters.tags", AccessError("denied"))
    assert told(account) == ["whether a CloudFormation stack owns the cluster cannot be seen: denied"]


@pytest.mark.parametrize("status", ["Creating", "Updating", "SystemUpdating"])
def test_a_cluster_that_is_being_changed_is_said_to_be(status: str) -> None:
    (warning,) = unsettled(a_cluster(status), owned(FakeAccount()).world)
    assert warning == (
        f"the cluster is `{status}`, and AWS refuses changes meanwhile: "
        "wait for it first, with `hpctl doctor ml-cluster --wait --fail-on warn`"
    )


@pytest.mark.parametrize("status", ["InService", "Failed", "Deleting"])
def test_of_others_nothing_is_said(status: str) -> None:
    assert list(unsettled(a_cluster(status), owned(FakeAccount()).world)) == []
