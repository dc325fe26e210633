"""Who may use a KMS key, over moto's KMS without a wire."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from hpctl.sandbox.iam.principals import Principal
from hpctl.sandbox.keys import KeyUser

ACCOUNT, REGION = "123456789012", "us-west-2"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/nodes"
ALLOW: dict[str, Any] = {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*"}
NAMING = {**ALLOW, "Principal": {"AWS": ROLE}}
VIA_S3 = {"StringEquals": {"kms:ViaService": f"s3.{REGION}.amazonaws.com"}}


@pytest.fixture
def kms() -> Iterator[Any]:
    with mock_aws():
        yield boto3.client("kms", region_name=REGION)


def _arn(kms: Any, *statements: dict[str, Any]) -> str:
    policy = {"Policy": json.dumps({"Statement": statements})} if statements else {}
    return str(kms.create_key(**policy)["KeyMetadata"]["Arn"])


def _may(key_id: str, *statements: dict[str, Any], boundary: dict[str, Any] | None = None) -> bool:
    principal = Principal(({"Statement": list(statements)},), boundary)
    return KeyUser(ROLE, principal, ACCOUNT, REGION).may("kms:Decrypt", key_id)


def test_a_role_may_use_what_its_own_policies_say(kms: Any) -> None:
    key, other = _arn(kms), _arn(kms)
    assert _may(key, {**ALLOW, "Resource": key})
    assert _may(key, {**ALLOW, "Condition": VIA_S3})
    assert not _may(key, {**ALLOW, "Resource": other})
    assert not _may(key)


def test_a_key_that_is_off_serves_nobody(kms: Any) -> None:
    key = _arn(kms, NAMING)
    key_id = key.rpartition("/")[2]
    kms.disable_key(KeyId=key_id)
    assert not _may(key, ALLOW)
    kms.enable_key(KeyId=key_id)
    assert _may(key, ALLOW)


def test_a_key_policy_that_names_the_role_is_as_good(kms: Any) -> None:
    key = _arn(kms, NAMING)
    assert _may(key)
    assert not _may(key, {**ALLOW, "Effect": "Deny"})
    assert not _may(key, boundary={"Statement": []})


def test_a_key_has_an_id_an_arn_and_aliases(kms: Any) -> None:
    key = _arn(kms)
    kms.create_alias(AliasName="alias/scripts", TargetKeyId=key)
    alias = key.partition(":key/")[0] + ":alias/scripts"
    assert all(_may(name, ALLOW) for name in (key, key.rpartition("/")[2], "alias/scripts", alias))


@pytest.mark.parametrize("key_id", ["gone", "alias/gone", f"arn:aws:kms:{REGION}:{ACCOUNT}:key/gone"])
def test_a_key_that_is_not_there_cannot_be_used(kms: Any, key_id: str) -> None:
    assert not _may(key_id, ALLOW)


def test_a_key_of_another_region_cannot_be_used(kms: Any) -> None:
    assert not _may(_arn(kms).replace(REGION, "eu-west-1"), ALLOW)


def test_the_keys_of_aws_are_there_for_everybody(kms: Any) -> None:
    assert _may("alias/aws/s3")
