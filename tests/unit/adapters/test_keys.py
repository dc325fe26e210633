from __future__ import annotations

import json
from typing import Any

import pytest

from hpctl.adapters.aws.keys import AwsKeys
from hpctl.errors import NotFoundError, UnavailableError
from hpctl.facts.records import KmsKey
from tests.unit.adapters.wire import Reply, Wire, connect, error, ok

ARN = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
ROLE = "arn:aws:iam::111122223333:role/hyperpod-execution"
ROOT = "arn:aws:iam::111122223333:root"
DESCRIBED = ok({"KeyMetadata": {"KeyId": ARN[-36:], "Arn": ARN, "KeyManager": "CUSTOMER", "KeyState": "Enabled"}})
NAMING: dict[str, Any] = {
    "Effect": "Allow",
    "Principal": {"AWS": [ROOT, ROLE]},
    "Action": ["kms:Decrypt", "kms:Describe*"],
    "Resource": "*",
}


def a_policy(*statements: dict[str, Any]) -> Reply:
    return ok({"Policy": json.dumps({"Version": "2012-10-17", "Statement": statements})})


@pytest.mark.parametrize(("manager", "by_aws"), [("CUSTOMER", False), ("AWS", True)])
def test_a_key_is_read_with_who_manages_it(manager: str, by_aws: bool) -> None:
    told = {"KeyId": "1", "Arn": ARN, "KeyManager": manager, "KeyState": "Disabled", "KeySpec": "RSA_2048"}
    wire = Wire(ok({"KeyMetadata": told}))
    wanted = KmsKey(ARN, managed_by_aws=by_aws, state="Disabled", spec="RSA_2048")
    assert AwsKeys(connect(wire)).key("alias/scripts") == wanted
    assert wire.sent[0].parameters == {"KeyId": "alias/scripts"}


def test_a_key_that_is_not_there_is_not_found() -> None:
    words = "Alias arn:aws:kms:eu-west-1:111122223333:alias/x is not found."
    with pytest.raises(NotFoundError, match="`kms:DescribeKey` for `alias/x` found nothing"):
        AwsKeys(connect(Wire(error("NotFoundException", words, 400)))).key("alias/x")


@pytest.mark.parametrize(
    ("statement", "actions"),
    [
        (NAMING, {"kms:Decrypt", "kms:Describe*"}),
        ({**NAMING, "Principal": "*", "Action": "kms:*"}, {"kms:*"}),
        ({**NAMING, "Principal": {"AWS": "*"}}, {"kms:Decrypt", "kms:Describe*"}),
        ({**NAMING, "Condition": {"StringEquals": {"kms:CallerAccount": "1"}}}, {"kms:Decrypt", "kms:Describe*"}),
        ({**NAMING, "Principal": {"AWS": ROOT}}, set()),
        ({**NAMING, "Principal": {"Service": "s3.amazonaws.com"}}, set()),
        ({**NAMING, "Effect": "Deny"}, set()),
        ({"Effect": "Allow", "Principal": {"AWS": ROLE}, "NotAction": "kms:Decrypt"}, set()),
    ],
)
def test_a_key_policy_speaks_of_the_role_it_names(statement: dict[str, Any], actions: set[str]) -> None:
    wire = Wire(a_policy(statement))
    assert AwsKeys(connect(wire)).actions_by_policy(ARN, ROLE) == actions
    assert wire.sent[0].parameters == {"KeyId": ARN, "PolicyName": "default"}


@pytest.mark.parametrize("text", ["no JSON", "[]"])
def test_a_key_policy_that_cannot_be_read_does_not_say_no(text: str) -> None:
    with pytest.raises(UnavailableError, match=f"the policy of key `{ARN}` cannot be read"):
        AwsKeys(connect(Wire(ok({"Policy": text})))).actions_by_policy(ARN, ROLE)
