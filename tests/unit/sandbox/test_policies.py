"""Policies are evaluated as IAM documents it."""

from __future__ import annotations

from typing import Any

import pytest

from hpctl.sandbox.policies import Question, evaluate, names_role, trusts

ALLOW = {"Effect": "Allow", "Action": "s3:Get*", "Resource": "arn:aws:s3:::mine/*"}
PASS = {
    "Effect": "Allow",
    "Action": ["iam:PassRole"],
    "Resource": "*",
    "Condition": {"StringEquals": {"iam:PassedToService": ["sagemaker.amazonaws.com"]}},
}


def _decide(statements: Any, action: str, resource: str = "*", **context: tuple[str, ...]) -> str:
    asked = {key.replace("_", ":").lower(): values for key, values in context.items()}
    return evaluate([{"Statement": statements}], Question(action, resource, asked)).decision


@pytest.mark.parametrize(
    ("statements", "action", "resource", "decision"),
    [
        (ALLOW, "s3:GetObject", "arn:aws:s3:::mine/a/b", "allowed"),
        (ALLOW, "S3:getobject", "arn:aws:s3:::mine/a", "allowed"),
        (ALLOW, "s3:GetObject", "arn:aws:s3:::MINE/a", "implicitDeny"),
        (ALLOW, "s3:GetObject", "*", "implicitDeny"),
        (ALLOW, "s3:PutObject", "arn:aws:s3:::mine/a", "implicitDeny"),
        ([ALLOW, {**ALLOW, "Effect": "Deny"}], "s3:GetObject", "arn:aws:s3:::mine/a", "explicitDeny"),
        ([{"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}], "iam:PassRole", "*", "implicitDeny"),
        ([{"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}], "s3:GetObject", "*", "allowed"),
        (
            [{"Effect": "Allow", "Action": "*", "NotResource": "arn:aws:s3:::x"}],
            "s3:A",
            "arn:aws:s3:::x",
            "implicitDeny",
        ),
        ([{"Effect": "Allow", "Action": "ec2:Create?", "Resource": "*"}], "ec2:CreateA", "*", "allowed"),
        ([], "s3:GetObject", "*", "implicitDeny"),
    ],
)
def test_statements_are_matched(statements: Any, action: str, resource: str, decision: str) -> None:
    assert _decide(statements, action, resource) == decision


def test_a_condition_holds_for_the_value_and_not_without_it() -> None:
    assert _decide(PASS, "iam:PassRole", iam_PassedToService=("sagemaker.amazonaws.com",)) == "allowed"
    assert _decide(PASS, "iam:PassRole", iam_PassedToService=("ec2.amazonaws.com",)) == "implicitDeny"
    answer = evaluate([{"Statement": PASS}], Question("iam:PassRole"))
    assert (answer.decision, answer.missing) == ("implicitDeny", ("iam:PassedToService",))


@pytest.mark.parametrize(
    ("operator", "wanted", "found", "decision"),
    [
        ("StringLike", "a*", ("abc",), "allowed"),
        ("StringNotEquals", "a", ("a",), "implicitDeny"),
        ("StringNotEquals", "a", ("b",), "allowed"),
        ("StringEqualsIgnoreCase", "A", ("a",), "allowed"),
        ("ArnLike", "arn:aws:iam::*:role/x", ("arn:aws:iam::1:role/x",), "allowed"),
        ("Bool", "true", ("True",), "allowed"),
        ("ForAnyValue:StringEquals", "b", ("a", "b"), "allowed"),
        ("Null", "false", ("a",), "allowed"),
    ],
)
def test_operators(operator: str, wanted: str, found: tuple[str, ...], decision: str) -> None:
    statement = {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {operator: {"k": wanted}}}
    assert _decide([statement], "s3:GetObject", k=found) == decision


def test_a_condition_may_hold_without_its_key() -> None:
    statement = {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"StringEqualsIfExists": {"k": "a"}}}
    assert _decide([statement], "s3:GetObject") == "allowed"


TRUST = {"Effect": "Allow", "Principal": {"Service": "sagemaker.amazonaws.com"}, "Action": "sts:AssumeRole"}
DISTRUST = {**TRUST, "Effect": "Deny", "Principal": "*", "Action": "*"}
ELSEWHERE = {"StringEquals": {"aws:SourceAccount": "999999999999"}}


@pytest.mark.parametrize(
    ("statements", "trusted"),
    [
        (TRUST, True),
        ([{**TRUST, "Principal": "*"}], True),
        ([{**TRUST, "Principal": {"AWS": ["*"]}}], True),
        ([{**TRUST, "Action": "sts:*"}], True),
        ([{**TRUST, "Action": "sts:TagSession"}], False),
        ([{**TRUST, "Principal": {"Service": ["ec2.amazonaws.com"]}}], False),
        ([{**TRUST, "Principal": {"AWS": "arn:aws:iam::123456789012:root"}}], False),
        ([{**TRUST, "Condition": ELSEWHERE}], False),
        ([TRUST, DISTRUST], False),
        ([TRUST, {**DISTRUST, "Condition": ELSEWHERE}], True),
    ],
)
def test_trust_policies(statements: Any, trusted: bool) -> None:
    context = {"aws:sourceaccount": ("123456789012",)}
    assert trusts({"Statement": statements}, "sagemaker.amazonaws.com", context) is trusted


ROLE = "arn:aws:iam::123456789012:role/nodes"
KEY_USERS = {"Effect": "Allow", "Principal": {"AWS": [ROLE]}, "Action": ["kms:Decrypt"], "Resource": "*"}
VIA_S3 = {"StringLike": {"kms:ViaService": "s3.*"}}


@pytest.mark.parametrize(
    ("statements", "allowed"),
    [
        (KEY_USERS, True),
        ({**KEY_USERS, "Principal": "*"}, True),
        ({**KEY_USERS, "Principal": {"AWS": "*"}, "Condition": VIA_S3}, True),
        ({**KEY_USERS, "Principal": {"AWS": "arn:aws:iam::123456789012:root"}}, False),
        ({**KEY_USERS, "Principal": {"Service": "s3.amazonaws.com"}}, False),
        ({**KEY_USERS, "Action": "kms:Encrypt"}, False),
        ({**KEY_USERS, "Condition": ELSEWHERE}, False),
        ([KEY_USERS, {**KEY_USERS, "Effect": "Deny"}], False),
        ([], False),
    ],
)
def test_key_policies(statements: Any, allowed: bool) -> None:
    question = Question("kms:Decrypt", "arn:aws:kms:x:1:key/2", {"kms:viaservice": ("s3.x.amazonaws.com",)})
    assert names_role({"Statement": statements}, ROLE, question) is allowed
