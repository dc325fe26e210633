from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import pytest

from hpctl.adapters.aws.iam import AwsIam
from hpctl.errors import AccessError, NotFoundError, RefusedError, UnavailableError
from hpctl.facts.records import Role, Verdict
from tests.unit.adapters.wire import ByOperation, Reply, Wire, connect, iam_error, xml

ARN = "arn:aws:iam::111122223333:role/teams/ml/hyperpod-execution"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": ["sagemaker.amazonaws.com", "ec2.amazonaws.com"]},
            "Action": "sts:AssumeRole",
        }
    ],
}


def a_role(policy: str | None = None) -> Reply:
    document = quote(json.dumps(TRUST)) if policy is None else policy
    return xml(
        "<GetRoleResponse><GetRoleResult><Role><Path>/teams/ml/</Path><RoleName>hyperpod-execution</RoleName>"
        f"<Arn>{ARN}</Arn><AssumeRolePolicyDocument>{document}</AssumeRolePolicyDocument>"
        "</Role></GetRoleResult></GetRoleResponse>"
    )


def a_result(action: str, decision: str = "allowed", resource: str = "*", more: str = "") -> str:
    return (
        f"<member><EvalActionName>{action}</EvalActionName><EvalResourceName>{resource}</EvalResourceName>"
        f"<EvalDecision>{decision}</EvalDecision>{more}</member>"
    )


def simulated(*results: str, marker: str | None = None) -> Reply:
    end = f"<IsTruncated>true</IsTruncated><Marker>{marker}</Marker>" if marker else "<IsTruncated>false</IsTruncated>"
    rows = f"<EvaluationResults>{''.join(results)}</EvaluationResults>{end}"
    inner = f"<SimulatePrincipalPolicyResult>{rows}</SimulatePrincipalPolicyResult>"
    return xml(f"<SimulatePrincipalPolicyResponse>{inner}</SimulatePrincipalPolicyResponse>")


def listed(parameters: Mapping[str, Any], name: str) -> list[str]:
    return [parameters[key] for key in parameters if key.startswith(f"{name}.member.")]


def test_a_role_is_read_with_the_services_it_trusts() -> None:
    wire = Wire(a_role())
    assert AwsIam(connect(wire)).role("hyperpod-execution") == Role(
        "hyperpod-execution", ARN, frozenset({"sagemaker.amazonaws.com", "ec2.amazonaws.com"})
    )
    assert wire.sent[0].parameters["RoleName"] == "hyperpod-execution"


def test_a_role_that_is_not_there_is_not_found() -> None:
    wire = Wire(iam_error("NoSuchEntity", "The role with name ghost cannot be found."))
    with pytest.raises(NotFoundError) as caught:
        AwsIam(connect(wire)).role("ghost")
    assert caught.value.message == ("`iam:GetRole` for `ghost` found nothing: The role with name ghost cannot be found")


@pytest.mark.parametrize("policy", ["no JSON", "[]"])
def test_a_trust_policy_that_cannot_be_read_is_not_one_that_trusts_nobody(policy: str) -> None:
    with pytest.raises(UnavailableError, match="the trust policy of role `hyperpod-execution` cannot be read"):
        AwsIam(connect(Wire(a_role(policy)))).role("hyperpod-execution")


def test_every_action_gets_its_verdict_for_every_resource_in_the_order_asked() -> None:
    specific = (
        "<ResourceSpecificResults>"
        "<member><EvalResourceName>b</EvalResourceName><EvalResourceDecision>allowed</EvalResourceDecision></member>"
        "<member><EvalResourceName>a</EvalResourceName><EvalResourceDecision>explicitDeny</EvalResourceDecision>"
        "</member></ResourceSpecificResults>"
    )
    wire = Wire(
        simulated(a_result("S3:getobject", "allowed", "a"), marker="more"),
        simulated(
            a_result("s3:GetObject", "implicitDeny", "b"), a_result("s3:ListBucket", "explicitDeny", "*", specific)
        ),
    )
    assert AwsIam(connect(wire)).simulate(ARN, ["s3:ListBucket", "s3:GetObject"], ["a", "b"]) == (
        Verdict("s3:ListBucket", "a", allowed=False, decision="explicitDeny"),
        Verdict("s3:ListBucket", "b", allowed=True, decision="allowed"),
        Verdict("s3:GetObject", "a", allowed=True, decision="allowed"),
        Verdict("s3:GetObject", "b", allowed=False, decision="implicitDeny"),
    )
    first, second = (sent.parameters for sent in wire.sent)
    assert first["PolicySourceArn"] == ARN
    assert listed(first, "ActionNames") == ["s3:ListBucket", "s3:GetObject"]
    assert listed(first, "ResourceArns") == ["a", "b"]
    assert second["Marker"] == "more"


def test_without_a_resource_the_question_is_about_all() -> None:
    wire = Wire(simulated(a_result("ec2:DescribeVpcs")))
    (verdict,) = AwsIam(connect(wire)).simulate(ARN, ["ec2:DescribeVpcs"], [])
    assert verdict.resource == "*"
    assert listed(wire.sent[0].parameters, "ResourceArns") == ["*"]


def test_the_context_of_real_requests_goes_along() -> None:
    wire = Wire(simulated(a_result("iam:PassRole")))
    AwsIam(connect(wire)).simulate(ARN, ["iam:PassRole"], ["*"])
    told = wire.sent[0].parameters
    numbers = range(1, 1 + sum(key.endswith(".ContextKeyName") for key in told))
    entry = "ContextEntries.member.{}."
    context = {
        told[f"{entry.format(n)}ContextKeyName"]: told[f"{entry.format(n)}ContextKeyValues.member.1"] for n in numbers
    }
    assert context == {
        "aws:PrincipalAccount": "111122223333",
        "aws:RequestedRegion": "eu-west-1",
        "aws:ResourceAccount": "111122223333",
        "aws:SecureTransport": "true",
        "cloudwatch:namespace": "/aws/sagemaker/Clusters",
        "iam:PassedToService": "sagemaker.amazonaws.com",
        "kms:CallerAccount": "111122223333",
        "kms:GrantIsForAWSResource": "true",
    }


@pytest.mark.parametrize(("action", "via"), [("kms:Decrypt", ["s3.eu-west-1.amazonaws.com"]), ("kms:CreateGrant", [])])
def test_what_is_decrypted_comes_through_s3(action: str, via: list[str]) -> None:
    wire = Wire(simulated(a_result(action)))
    AwsIam(connect(wire)).simulate(ARN, [action], ["*"])
    told = wire.sent[0].parameters
    named = [key.removesuffix("ContextKeyName") for key, value in told.items() if value == "kms:ViaService"]
    assert [told[f"{entry}ContextKeyValues.member.1"] for entry in named] == via


def test_a_denial_by_the_organization_and_context_that_was_missing_are_told() -> None:
    scp = "<OrganizationsDecisionDetail><AllowedByOrganizations>false</AllowedByOrganizations>"
    missing = "<MissingContextValues><member>aws:SourceVpc</member></MissingContextValues>"
    wire = Wire(
        simulated(
            a_result("a:A", "explicitDeny", more=f"{scp}</OrganizationsDecisionDetail>"),
            a_result("a:B", "implicitDeny", more=missing),
            a_result("a:C", "allowed", more=f"{scp}</OrganizationsDecisionDetail>"),
            a_result("a:D", "somethingNew"),
        )
    )
    verdicts = AwsIam(connect(wire)).simulate(ARN, ["a:A", "a:B", "a:C", "a:D"], ["*"])
    assert [verdict.allowed for verdict in verdicts] == [False] * 4
    assert [verdict.by_organization for verdict in verdicts] == [True, False, True, False]
    assert [verdict.missing_context for verdict in verdicts] == [(), ("aws:SourceVpc",), (), ()]


def test_a_permissions_boundary_that_does_not_allow_is_told() -> None:
    boundary = "<PermissionsBoundaryDecisionDetail><AllowedByPermissionsBoundary>{}</AllowedByPermissionsBoundary>"
    bounds = [boundary.format(allowed) + "</PermissionsBoundaryDecisionDetail>" for allowed in ("false", "true")]
    rows = [a_result(f"a:{number}", "implicitDeny", more=more) for number, more in enumerate((*bounds, ""))]
    verdicts = AwsIam(connect(Wire(simulated(*rows)))).simulate(ARN, ["a:0", "a:1", "a:2"], ["*"])
    assert [verdict.by_boundary for verdict in verdicts] == [True, False, False]


def test_more_than_a_hundred_actions_are_asked_for_in_turns() -> None:
    actions = [f"ec2:Action{number}" for number in range(150)]
    results = [a_result(action) for action in actions]
    wire = Wire(simulated(*results[:100]), simulated(*results[100:]))
    assert [verdict.action for verdict in AwsIam(connect(wire)).simulate(ARN, actions, ["*"])] == actions
    assert [len(listed(sent.parameters, "ActionNames")) for sent in wire.sent] == [100, 50]


def test_an_action_without_a_verdict_is_not_allowed_to_pass_by() -> None:
    with pytest.raises(UnavailableError, match="the answer to `iam:SimulatePrincipalPolicy` has no `EvalDecision` on"):
        AwsIam(connect(Wire(simulated(a_result("a:A"))))).simulate(ARN, ["a:A", "a:B"], ["*"])


def test_a_session_of_a_role_is_simulated_as_the_role_with_its_path() -> None:
    wire = ByOperation(GetRole=a_role(), SimulatePrincipalPolicy=simulated(a_result("a:A")))
    session = "arn:aws:sts::111122223333:assumed-role/hyperpod-execution/ada@example.org"
    AwsIam(connect(wire)).simulate(session, ["a:A"], ["*"])
    assert [sent.operation for sent in wire.sent] == ["GetRole", "SimulatePrincipalPolicy"]
    assert wire.sent[0].parameters["RoleName"] == "hyperpod-execution"
    assert wire.sent[1].parameters["PolicySourceArn"] == ARN


@pytest.mark.parametrize(
    "principal", ["arn:aws:iam::111122223333:root", "arn:aws:sts::111122223333:federated-user/ada"]
)
def test_whom_iam_cannot_simulate_gets_no_verdict(principal: str) -> None:
    wire = Wire()
    with pytest.raises(RefusedError) as caught:
        AwsIam(connect(wire)).simulate(principal, ["a:A"], ["*"])
    assert caught.value.message == (
        f"IAM cannot simulate the policies of `{principal}`: it is neither a user nor a role"
    )
    assert wire.sent == []


def test_who_may_not_simulate_learns_the_action() -> None:
    denied = iam_error("AccessDenied", "User: arn:x is not authorized to perform: iam:SimulatePrincipalPolicy", 403)
    with pytest.raises(AccessError) as caught:
        AwsIam(connect(Wire(denied))).simulate(ARN, ["a:A"], ["*"])
    assert caught.value.action == "iam:SimulatePrincipalPolicy"
