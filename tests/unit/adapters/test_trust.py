from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import pytest

from hpctl.adapters.aws.trust import trusted_services
from tests.unit.builders import a_role

ACCOUNT = "111122223333"
SAGEMAKER = "sagemaker.amazonaws.com"
ALLOW: dict[str, Any] = {"Effect": "Allow", "Principal": {"Service": SAGEMAKER}, "Action": "sts:AssumeRole"}
DENY = {**ALLOW, "Effect": "Deny"}


def policy(*statements: object) -> dict[str, object]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def on(operator: str, key: str, *values: str) -> dict[str, object]:
    return {"Condition": {operator: {key: values[0] if len(values) == 1 else list(values)}}}


@pytest.mark.parametrize(
    "document",
    [
        policy(ALLOW),
        {"Statement": ALLOW},
        json.dumps(policy(ALLOW)),
        quote(json.dumps(policy(ALLOW))),
        policy({**ALLOW, "Principal": {"Service": ["ec2.amazonaws.com", SAGEMAKER], "AWS": "*"}}),
        policy({**ALLOW, "Action": ["sts:TagSession", "sts:assumerole"]}),
        policy({**ALLOW, "Action": "sts:*"}),
        policy({**ALLOW, "Action": "*"}),
        policy({**ALLOW, "Action": None, "NotAction": "iam:*"}),
        policy({**ALLOW, **on("StringEquals", "aws:SourceAccount", ACCOUNT)}),
        policy({**ALLOW, **on("StringEquals", "aws:SourceAccount", "999999999999", ACCOUNT)}),
        policy({**ALLOW, **on("StringLike", "AWS:SOURCEACCOUNT", "1111*")}),
        policy({**ALLOW, **on("ArnLike", "aws:SourceArn", f"arn:aws:sagemaker:*:{ACCOUNT}:*")}),
        policy({**ALLOW, **on("ArnLike", "aws:SourceArn", "arn:aws:sagemaker:*")}),
        policy({**ALLOW, **on("ArnLike", "aws:SourceArn", "*")}),
        policy({**ALLOW, **on("StringEqualsIfExists", "sts:ExternalId", "x")}),
        policy({**ALLOW, **on("StringEquals", "aws:SomethingNew", "x")}),
        policy({**ALLOW, **on("StringNotEquals", "aws:SourceAccount", "999999999999")}),
        policy(ALLOW, {**DENY, **on("StringNotEquals", "aws:SourceAccount", ACCOUNT)}),
        policy(ALLOW, {**DENY, "Principal": {"Service": "ec2.amazonaws.com"}}),
        policy(ALLOW, {**DENY, "Action": "sts:TagSession"}),
        policy({**ALLOW, **on("StringEquals", "sts:ExternalId", "x")}, ALLOW),
    ],
)
def test_a_service_that_may_assume_the_role_is_trusted(document: Any) -> None:
    assert SAGEMAKER in trusted_services(document, ACCOUNT)


@pytest.mark.parametrize(
    "document",
    [
        policy(),
        {},
        policy(DENY),
        policy(ALLOW, DENY),
        policy(ALLOW, {**DENY, "Principal": "*"}),
        policy({**ALLOW, "Principal": "*"}, {**DENY, "Principal": {"AWS": ["*"]}}),
        policy({**ALLOW, "Principal": {"Service": "ec2.amazonaws.com"}}),
        policy({**ALLOW, "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}}),
        policy({**ALLOW, "Principal": None, "NotPrincipal": {"Service": "ec2.amazonaws.com"}}),
        policy({**ALLOW, "Action": "sts:AssumeRoleWithWebIdentity"}),
        policy({**ALLOW, "Action": None}),
        policy({**ALLOW, "NotAction": "sts:*"}),
        policy({**ALLOW, **on("StringEquals", "aws:SourceAccount", "999999999999")}),
        policy({**ALLOW, **on("StringLike", "aws:SourceAccount", "9*")}),
        policy({**ALLOW, **on("ArnLike", "aws:SourceArn", "arn:aws:sagemaker:eu-west-1:999999999999:*")}),
        policy({**ALLOW, **on("StringEquals", "sts:ExternalId", "x")}),
        policy({**ALLOW, **on("ForAnyValue:StringEquals", "sts:ExternalId", "x")}),
        policy({**ALLOW, **on("Bool", "aws:MultiFactorAuthPresent", "true")}),
    ],
)
def test_a_service_that_may_not_or_never_can_assume_the_role_is_not_trusted(document: Any) -> None:
    assert SAGEMAKER not in trusted_services(document, ACCOUNT)


@pytest.mark.parametrize("principal", ["*", {"AWS": "*"}, {"AWS": ["*"], "Service": SAGEMAKER}])
def test_a_role_that_trusts_everybody_trusts_services(principal: object) -> None:
    services = trusted_services(policy({**ALLOW, "Principal": principal}), ACCOUNT)
    assert a_role(trusted_services=services).trusts(SAGEMAKER)


@pytest.mark.parametrize("document", ["", "no JSON", "[]", "null"])
def test_a_policy_that_cannot_be_read_is_no_policy_without_trust(document: str) -> None:
    with pytest.raises(ValueError, match=r"Expecting value|no JSON object"):
        trusted_services(document, ACCOUNT)
