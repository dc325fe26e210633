"""What checks offer to mend is what their remedies say, call by call."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from hpctl.catalog.left_alone import why_left_alone
from hpctl.checks.catalogue import CHECKS
from hpctl.checks.fixes import admit_members
from hpctl.facts.network import Direction
from hpctl.report.action import Action, Upload, Verb
from hpctl.report.check import Finding
from tests.in_turn import in_turn
from tests.unit.checks.row import judge
from tests.unit.checks.rows_live import live_account
from tests.unit.checks.test_live_table import ROWS as LIVE_ROWS
from tests.unit.checks.test_live_table import judge as judge_live
from tests.unit.checks.test_table import ROWS

MENDABLE = (
    "network-sg-self-ref",
    "network-dns",
    "network-endpoint-dns",
    "network-endpoints-complete",
    "network-s3-gateway",
    "eks-auth-mode",
    "iam-exec-vpc",
    "iam-exec-eks-cni",
    "iam-exec-logs",
    "iam-exec-lifecycle-read",
    "iam-exec-kms",
    "lifecycle-prefix-exists",
    "lifecycle-entrypoint-present",
    "lifecycle-line-endings",
)
LIVE = ("kube-access-entry",)


def mended() -> Iterator[tuple[str, Finding]]:
    """Yield every finding of every row that carries a fix."""
    for row in ROWS:
        if row.check in MENDABLE:
            yield from ((row.check, found) for found in judge(row.check, row.spec, row.account).findings if found.fix)
    for live in LIVE_ROWS:
        if live.check in LIVE:
            found_live = judge_live(live.check, live_account(live.happen)).findings
            yield from ((live.check, found) for found in found_live if found.fix)


Request = Mapping[str, Any]
Words = Iterator[tuple[str, str]]
LOOKED_UP = re.compile(r"--role-name (\S+)")
ROLE = re.compile(r"/([^/]+)$")
MENDED = tuple(mended())
ACTIONS = [(check, found, fix) for check, found in MENDED for fix in found.fix if isinstance(fix, Action)]


def flags(action: Action) -> dict[str, str]:
    """Return what the AWS CLI is told for an action, flag by flag."""
    return dict(WORDS[action.verb](action.request))


def _members(told: Request) -> Words:
    (rule,) = told["IpPermissions"]
    yield "group-id", told["GroupId"]
    yield "protocol", rule["IpProtocol"]
    yield "source-group", rule["UserIdGroupPairs"][0]["GroupId"]


def _members_outward(told: Request) -> Words:
    (rule,) = told["IpPermissions"]
    peer = f"UserIdGroupPairs=[{{GroupId={rule['UserIdGroupPairs'][0]['GroupId']}}}]"
    yield "group-id", told["GroupId"]
    yield "ip-permissions", f"IpProtocol={rule['IpProtocol']},{peer}"


def _dns(told: Request) -> Words:
    (attribute,) = told.keys() - {"VpcId"}
    assert told[attribute] == {"Value": True}
    yield "vpc-id", told["VpcId"]
    yield {"EnableDnsSupport": "enable-dns-support", "EnableDnsHostnames": "enable-dns-hostnames"}[attribute], ""


def _endpoint(told: Request) -> Words:
    yield "vpc-endpoint-id", told["VpcEndpointId"]
    if "AddRouteTableIds" in told:
        yield "add-route-table-ids", " ".join(told["AddRouteTableIds"])
    if told.get("PrivateDnsEnabled"):
        yield "private-dns-enabled", ""


def _mode(told: Request) -> Words:
    yield "name", told["name"]
    yield "access-config", f"authenticationMode={told['accessConfig']['authenticationMode']}"


def _policy(told: Request) -> Words:
    yield "role-name", told["RoleName"]
    yield "policy-name", told["PolicyName"]
    yield "policy-document", told["PolicyDocument"]


def _entry(told: Request) -> Words:
    yield "cluster-name", told["clusterName"]
    yield "principal-arn", told["principalArn"].rpartition("/")[2]
    if "policyArn" in told:
        yield "policy-arn", told["policyArn"]
        yield "access-scope", f"type={told['accessScope']['type']}"


WORDS: Mapping[Verb, Callable[[Request], Words]] = {
    "authorize-security-group-ingress": _members,
    "authorize-security-group-egress": _members_outward,
    "modify-vpc-attribute": _dns,
    "modify-vpc-endpoint": _endpoint,
    "update-cluster-config": _mode,
    "put-role-policy": _policy,
    "create-access-entry": _entry,
    "associate-access-policy": _entry,
}


def _name_in(principal: str) -> str:
    found = LOOKED_UP.search(principal) or ROLE.search(principal)
    return found[1] if found else principal


def typed(remedy: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield the verb and the flags of every command of the AWS CLI in a remedy, but for the Region."""
    for line in remedy.splitlines():
        words = shlex.split(line) if line.startswith("aws ") else []
        told: dict[str, str] = {}
        for word in words[3:]:
            if word.startswith("--"):
                flag = word.removeprefix("--")
                told[flag] = ""
            else:
                told[flag] = f"{told[flag]} {word}".strip()
        told.pop("region", None)
        if principal := told.get("principal-arn"):  # of a session the command looks the role up
            told["principal-arn"] = _name_in(principal)
        if words:
            yield words[2], told


@in_turn("check_id", [*MENDABLE, *LIVE])
def test_a_check_that_can_be_mended_is_shown_to_offer_it(check_id: str) -> None:
    assert check_id in {check for check, _found in MENDED}


@pytest.mark.parametrize(
    ("check_id", "found", "action"),
    [pytest.param(*one, id=f"{one[0]}-{number}") for number, one in enumerate(ACTIONS) if one[2].verb != "put-object"],
)
def test_a_fix_is_what_the_remedy_says(check_id: str, found: Finding, action: Action) -> None:
    assert (action.verb, flags(action)) in list(typed(found.remedy or "")), check_id
    assert action.does


def test_a_fix_that_differs_from_its_remedy_is_seen() -> None:
    remedy = "aws ec2 authorize-security-group-ingress --group-id sg-1 --protocol -1 --source-group sg-2"
    action = admit_members("sg-1", Direction.IN)
    assert (action.verb, flags(action)) not in list(typed(remedy))


def test_every_command_that_changes_something_beside_a_fix_is_in_it() -> None:
    for check_id, found in MENDED:
        made = [(one.verb, flags(one)) for one in found.fix if isinstance(one, Action) and one.verb != "put-object"]
        if made:
            assert made == list(typed(found.remedy or "")), check_id


def test_scripts_with_the_line_ends_of_windows_are_stored_without_them() -> None:
    stored = [(found, one) for check, found, one in ACTIONS if one.verb == "put-object"]
    assert stored
    for found, action in stored:
        assert action.content is not None
        assert b"\r" not in action.content
        assert not action.content.startswith(b"\xef\xbb\xbf")
        assert action.request["IfMatch"], "another object than the one that was seen may be there by then"
        assert f"s3://{action.request['Bucket']}/{action.request['Key']}" in (found.remedy or "")


def test_scripts_are_uploaded_to_the_place_that_lacks_them() -> None:
    for check, found in MENDED:
        for fix in found.fix:
            if isinstance(fix, Upload):
                assert check in ("lifecycle-prefix-exists", "lifecycle-entrypoint-present")
                assert fix.runs
                told = found.remedy or ""
                assert f"s3://{fix.bucket}/{fix.prefix}" in told or told.startswith(
                    ("on_create: ", "on_init_complete: ")
                )


def test_content_is_in_no_report() -> None:
    for _check, found in MENDED:
        assert "content" not in json.dumps(found.model_dump(mode="json")["fix"])


@in_turn("check_id", [one.id for one in CHECKS])
def test_every_check_says_why_its_findings_are_left_alone(check_id: str) -> None:
    assert why_left_alone(check_id)
