"""The policies of the catalog against the checks, against the sets of actions, and against what was really called."""

from __future__ import annotations

import json
import re

import pytest

from hpctl.adapters.aws import models
from hpctl.catalog.iam_actions import action_sets
from hpctl.catalog.iam_policies import MOST_CHARACTERS, document, grants, uncalled
from hpctl.checks.catalogue import CHECKS
from tests.calls_made import actions, forbidden, recorded

LOOKS = re.compile(r"[a-z0-9-]+:(Describe|Get|List|Simulate)[A-Za-z]+")
READ_OF_S3_BY_A_KEY = "kms:Decrypt"
FEATURES = frozenset({"eks", "fsx", "plan", "volume-key", "vpc"})
VALUES = {
    "partition": ["aws-us-gov"],
    "account": ["123456789012"],
    "region": ["us-gov-west-1"],
    "clusters": ["ml"],
    "eks_clusters": ["arn:aws-us-gov:eks:us-gov-west-1:123456789012:cluster/training"],
    "eks_names": ["training"],
    "roles": ["arn:aws-us-gov:iam::123456789012:role/a", "arn:aws-us-gov:iam::123456789012:role/b"],
    "buckets": ["scripts"],
    "folders": ["scripts/lc/"],
    "volume_keys": ["arn:aws-us-gov:kms:us-gov-west-1:123456789012:key/k"],
}
POLICIES = ("caller", "doctor", "doctor-fix", "execution-role")


def _actions(policy: str) -> frozenset[str]:
    return frozenset(action for one in grants() if policy in one.policies for action in one.actions)


def _granted() -> frozenset[str]:
    return _actions("caller") | _actions("doctor-fix")


def _callable() -> frozenset[str]:
    prefixes = {"service-quotas": "servicequotas"}
    return actions(
        {
            f"{prefixes.get(service, service)}:{operation}"
            for service, operations in models.OPERATIONS.items()
            for operation in operations
        }
    )


def _statement(policy: str, sid: str) -> dict[str, object]:
    found = document(policy, VALUES, FEATURES)["Statement"]
    return next(one for one in found if one["Sid"] == sid)


@pytest.mark.scorecard(56)
def test_every_call_that_was_made_is_allowed() -> None:
    assert recorded()
    assert actions(recorded()) - _actions("caller") - _actions("doctor-fix") == set()


def test_a_call_that_no_policy_allows_is_complained_about_at_the_end_of_a_run() -> None:
    assert forbidden(recorded()) == []
    assert forbidden({"ec2:RunInstances", "s3:HeadBucket", "sts:GetCallerIdentity"}) == ["ec2:RunInstances"]


def test_what_was_called_hpctl_has_an_adapter_for() -> None:
    assert actions(recorded()) - _callable() == set()


def test_every_call_that_hpctl_can_make_is_allowed() -> None:
    assert _callable() - _granted() == set()


def test_what_is_allowed_and_hpctl_cannot_call_is_named_with_a_reason() -> None:
    assert _granted() - _callable() == set(uncalled())
    assert all(len(reason) > 20 for reason in uncalled().values())


def test_doctor_may_look_at_all_that_checks_read() -> None:
    read = {action for one in CHECKS for action in one.reads if not action.startswith(("kubernetes:", "https"))}
    # A session is root on a node: whoever may open one may do more than look, and doctor says what it did not see.
    assert read - _actions("doctor") == {"ssm:StartSession", "sts:GetCallerIdentity"}


def test_doctor_changes_nothing_and_the_caller_may_do_all_that_doctor_may() -> None:
    assert [action for action in _actions("doctor") if not LOOKS.fullmatch(action)] == [READ_OF_S3_BY_A_KEY]
    assert _actions("doctor") < _actions("caller")


def test_nobody_is_allowed_by_a_wildcard() -> None:
    assert [action for policy in POLICIES for action in _actions(policy) if "*" in action] == []


def test_the_policies_have_what_the_checks_ask_for() -> None:
    by_principal = {"caller": "caller", "execution": "execution-role"}
    for one in action_sets().values():
        if one.principal in by_principal and one.id != "script-key":
            assert set(one.actions) <= _actions(by_principal[one.principal]), one.id


@pytest.mark.parametrize("policy", POLICIES)
def test_a_policy_is_in_form_and_small_enough_to_be_managed(policy: str) -> None:
    made = document(policy, VALUES, FEATURES)
    sids = [one["Sid"] for one in made["Statement"]]
    assert made["Version"] == "2012-10-17"
    assert len(set(sids)) == len(sids)
    assert all(re.fullmatch("[A-Za-z0-9]+", sid) for sid in sids)
    assert len(json.dumps(made, separators=(",", ":"))) <= MOST_CHARACTERS
    assert "{" not in re.sub(r"\$\{aws:\w+\}", "", "".join(map(str, _resources(made))))


def _resources(made: dict[str, list[dict[str, list[str]]]]) -> list[str]:
    return [resource for one in made["Statement"] for resource in one["Resource"]]


def test_what_stands_in_braces_is_filled_once_for_each_value() -> None:
    assert _statement("caller", "PassRoles")["Resource"] == VALUES["roles"]
    assert _statement("doctor", "ReadLifecycleScripts")["Resource"] == ["arn:aws-us-gov:s3:::scripts/lc/*"]
    assert _statement("doctor", "LookAtTheRegion")["Condition"] == {
        "StringEquals": {"aws:RequestedRegion": ["us-gov-west-1"]}
    }


def test_what_is_iams_own_to_fill_stays() -> None:
    resources = _statement("caller", "EndOwnSessions")["Resource"]
    assert resources == [
        f"arn:aws-us-gov:ssm:us-gov-west-1:123456789012:session/${{aws:{who}}}-*" for who in ("userid", "username")
    ]


def test_a_statement_on_nothing_is_left_out() -> None:
    made = document("execution-role", {**VALUES, "buckets": [], "folders": []}, FEATURES)
    assert {"ListTheBucketOfScripts", "ReadTheScripts"} & {one["Sid"] for one in made["Statement"]} == set()


def test_a_statement_for_what_a_cluster_has_not_is_left_out() -> None:
    sids = {one["Sid"] for one in document("execution-role", VALUES, {"vpc"})["Statement"]}
    assert {"JoinTheVpc", "TagInterfaces"} <= sids
    assert sids & {"GivePodsAddresses", "PullImages", "MountFileSystems", "UseTheKeysOfVolumes"} == set()
