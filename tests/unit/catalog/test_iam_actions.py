"""The sets of IAM actions: what is asked and what is written as a policy."""

from __future__ import annotations

import json
import re
import string

import pytest

from hpctl.catalog.iam_actions import action_set, action_sets

VALUES = {
    name: name.upper()
    for row in action_sets().values()
    for text in (row.policy, *(part for each in row.statements for part in (each.resource, each.asked)))
    for _literal, name, _format, _conversion in string.Formatter().parse(text)
    if name
}
SETS = list(action_sets())
each_set = pytest.mark.parametrize("set_id", SETS)


def test_what_nodes_in_a_vpc_need_is_complete() -> None:
    wanted = """CreateNetworkInterface CreateNetworkInterfacePermission CreateTags DeleteNetworkInterface
        DeleteNetworkInterfacePermission DescribeDhcpOptions DescribeNetworkInterfaces DescribeSecurityGroups
        DescribeSubnets DescribeVpcs DetachNetworkInterface"""
    assert sorted(action_sets()["vpc"].actions) == [f"ec2:{name}" for name in wanted.split()]


@each_set
def test_actions_are_named_once_with_their_service(set_id: str) -> None:
    actions = action_sets()[set_id].actions
    assert len(set(actions)) == len(actions)
    assert all(re.fullmatch(r"[a-z0-9-]+:[A-Z]\w+", action) for action in actions)


@each_set
def test_a_set_names_its_source_and_who_needs_it(set_id: str) -> None:
    row = action_sets()[set_id]
    assert row.source
    assert row.principal in ("execution", "caller", "scaler", "nobody")


@each_set
def test_a_question_is_about_one_resource_and_nothing_is_left_to_fill(set_id: str) -> None:
    for statement in action_set(set_id, VALUES).statements:
        assert statement.asked == "*" or "*" not in statement.asked
        assert not set("{}") & set(statement.asked + statement.resource)


@each_set
def test_a_policy_allows_every_action_of_the_set_and_fits_its_name(set_id: str) -> None:
    row = action_set(set_id, VALUES)
    document = json.loads(row.document())
    assert document["Version"] == "2012-10-17"
    allowed = [action for statement in document["Statement"] for action in statement["Action"]]
    assert allowed == list(row.actions)
    assert {statement["Effect"] for statement in document["Statement"]} == {"Allow"}
    assert re.fullmatch(r"[\w+=,.@-]{1,128}", row.policy)


@each_set
def test_a_policy_covers_what_is_asked(set_id: str) -> None:
    for statement in action_set(set_id, VALUES).statements:
        pattern = re.escape(statement.resource).replace(r"\*", ".*")
        assert re.fullmatch(pattern, statement.asked)


def test_a_value_that_is_missing_is_a_bug() -> None:
    with pytest.raises(KeyError, match="partition"):
        action_set("lifecycle", {})
