"""Labels that tell SkyPilot which accelerators nodes have."""

from __future__ import annotations

from typing import Any

import pytest

from hpctl.errors import ConflictError, NotFoundError
from hpctl.facts.kubernetes import KubernetesNode
from hpctl.services.node_labels import SKYPILOT, Wish, apply_labels, plan_labels, row_of
from tests.unit.builders import a_kubernetes_node
from tests.unit.fakes import FakeAccount
from tests.unit.services.jobs import AT

TYPE = "node.kubernetes.io/instance-type"


@pytest.fixture
def account() -> FakeAccount:
    return FakeAccount()


def a_node(name: str = "hyperpod-i-1", instance_type: str | None = "ml.p5.48xlarge", **labels: str) -> KubernetesNode:
    told = {TYPE: instance_type} if instance_type else {}
    return a_kubernetes_node(name, labels={**told, **labels})


@pytest.mark.parametrize(
    ("instance_type", "value"),
    [
        ("ml.p5.48xlarge", "h100"),
        ("ml.p4de.24xlarge", "a100-80gb"),
        ("ml.p4d.24xlarge", "a100"),
        ("ml.trn1.32xlarge", "trainium"),
        ("ml.trn2.48xlarge", "trainium2"),
    ],
)
def test_the_value_is_skypilots_name_in_small_letters(instance_type: str, value: str) -> None:
    row = row_of(a_node(instance_type=instance_type), Wish.LABEL)
    assert (row.change, row.before, row.after) == ("add", None, value)


@pytest.mark.parametrize(
    ("node", "wish", "change", "after", "reason"),
    [
        (a_node(**{SKYPILOT: "h100"}), Wish.LABEL, "keep", "h100", ""),
        (a_node(**{SKYPILOT: "H100"}), Wish.LABEL, "leave", "H100", "is labelled `H100`, and its type has `h100`"),
        (a_node(**{SKYPILOT: "H100"}), Wish.OVERWRITE, "change", "h100", ""),
        (a_node(**{SKYPILOT: "h100"}), Wish.REMOVE, "remove", None, ""),
        (a_node(), Wish.REMOVE, "keep", None, "has no such label"),
        (a_node(instance_type=None), Wish.LABEL, "leave", None, "does not tell its instance type"),
        (a_node(instance_type="ml.c5.4xlarge"), Wish.LABEL, "leave", None, "has no accelerators"),
        (a_node(instance_type="ml.p99.large"), Wish.LABEL, "leave", None, "which hpctl does not know"),
    ],
)
def test_what_becomes_of_a_label(node: KubernetesNode, wish: Wish, change: str, after: Any, reason: str) -> None:
    row = row_of(node, wish)
    assert (row.change, row.after) == (change, after)
    assert reason in row.reason
    assert bool(reason) == bool(row.reason)


def test_only_nodes_whose_label_changes_are_patched(account: FakeAccount) -> None:
    account.kubernetes.joined = [a_node("hyperpod-i-1"), a_node("hyperpod-i-2", **{SKYPILOT: "h100"})]
    plan = plan_labels(AT, (), Wish.LABEL, account.ports)
    assert (plan.result, plan.names()) == ("planned", ("hyperpod-i-1",))
    account.calls.fail_always("jobs.merge", ConflictError("somebody else was faster"))
    with pytest.raises(ConflictError):
        apply_labels(plan, AT, account.ports)
    assert [call[-2] for call in account.calls.of("jobs.merge")] == ["hyperpod-i-1"]


def test_nodes_are_named_by_either_name_and_once(account: FakeAccount) -> None:
    account.kubernetes.joined = [a_node("hyperpod-i-1"), a_node("hyperpod-i-2")]
    plan = plan_labels(AT, ("i-2", "hyperpod-i-2"), Wish.LABEL, account.ports)
    assert [row.node for row in plan.nodes] == ["hyperpod-i-2"]
    with pytest.raises(NotFoundError) as missing:
        plan_labels(AT, ("i-22",), Wish.LABEL, account.ports)
    assert "has no node `i-22`" in missing.value.message
    assert missing.value.hint == "nearest: `i-2`"


def test_where_all_is_as_it_should_be_nothing_is_to_be_done(account: FakeAccount) -> None:
    account.kubernetes.joined = [a_node("hyperpod-i-1", **{SKYPILOT: "h100"})]
    assert plan_labels(AT, (), Wish.LABEL, account.ports).result == "unchanged"
