"""What is left out of a bundle, and that what stands for it has the same shape everywhere."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hpctl.checks.secret_words import SECRET_NAME, SECRET_VALUE
from hpctl.services.redaction import redaction


def redacted(data: object) -> object:
    return redaction(data).of(data)


def test_accounts_are_numbered_in_their_own_order_wherever_they_stand() -> None:
    data = ["arn:aws:iam::999988887777:role/a", {"account": "111122223333"}, "bucket-999988887777-us-west-2"]
    assert redacted(data) == [
        "arn:aws:iam::000000000002:role/a",
        {"account": "000000000001"},
        "bucket-000000000002-us-west-2",
    ]


@pytest.mark.parametrize("text", ["i-0123456789012abcd", "1234567890123", "2026-11-22T12:00:00Z", "vpc-123456789012a"])
def test_what_only_looks_like_an_account_stays(text: str) -> None:
    assert redacted([text]) == [text]


def test_people_are_numbered() -> None:
    data = ["arn:aws:sts::111122223333:assumed-role/Admin/zoe@corp.example", "ana.b@corp.example, zoe@corp.example"]
    assert redacted(data) == [
        "arn:aws:sts::000000000001:assumed-role/Admin/person-0002@example.com",
        "person-0001@example.com, person-0002@example.com",
    ]


@pytest.mark.scorecard(55)
@pytest.mark.parametrize(
    ("text", "left"),
    [
        (
            "export HF_TOKEN=hf_abcdefghijklmnopqrstuvwxyzABCDEF12",
            "export HF_TOKEN=hf_aaaaaaaaaaaaaaaaaaaaaaaaaaAAAAAA00",
        ),
        ("key: AKIAIOSFODNN7EXAMPLE", "key: AKIAAAAAAAAA0AAAAAAA"),
        ("curl -u me:ghp_abcdefghijklmnopqrstuvwxyz0123456789", "curl -u me:ghp_aaaaaaaaaaaaaaaaaaaaaaaaaa0000000000"),
        ("db_password='Tr0ub4dor&3'", "db_password='Aa0aa0aaa&3'"),
        ("PASSWORD: hunter22", "PASSWORD: aaaaaa00"),
        ('{"api_key": "Abc123"}', '{"api_key": "Aaa000"}'),
        ('{"api_key":"Abc123"}', '{"api_key":"Aaa000"}'),
        ("pip install -i https://me:Abc123@pypi.corp/simple", "pip install -i https://me:Aaa000@pypi.corp/simple"),
        ("-----BEGIN RSA PRIVATE KEY-----\nMIIabc12\n-----END", "-----BEGIN RSA PRIVATE KEY-----\nAAAaaa00\n-----END"),
    ],
)
def test_secrets_in_scripts_are_hidden_and_keep_their_shape(text: str, left: str) -> None:
    assert redacted([text]) == [left]


@pytest.mark.parametrize(
    "text",
    [
        "export HF_TOKEN=$(aws secretsmanager get-secret-value --secret-id hf)",
        'TOKEN="${TOKEN}"',
        "token_file=/run/secrets/token",
        "arn:aws:secretsmanager:us-west-2:x:secret:hf-AbCdEf",
        "secretsmanager:GetSecretValue, sts:GetSessionToken",
        "next_token: arn:aws:secretsmanager:us-west-2:x:secret:y",
    ],
)
def test_where_a_secret_is_kept_is_none(text: str) -> None:
    assert redacted([text]) == [text]


def test_a_value_whose_name_is_a_secret_s_is_hidden_in_objects_of_both_kinds() -> None:
    assert redacted({"tags": {"api_key": "Abc1", "team": "ml"}}) == {"tags": {"api_key": "Aaa0", "team": "ml"}}
    assert redacted({"map": [["WANDB_API_KEY", "Abc1"], ["team", "ml"]]}) == {
        "map": [["WANDB_API_KEY", "Aaa0"], ["team", "ml"]]
    }
    env = {"map": [["name", "HF_TOKEN"], ["value", "Abc1"]]}
    assert redacted(env) == {"map": [["name", "HF_TOKEN"], ["value", "Aaa0"]]}


def test_numbers_and_lists_that_only_look_like_pairs_stay() -> None:
    data = {"tuple": ["my-secrets", "controller"], "limit": 123456789012}
    assert redacted(data) == data


@pytest.mark.scorecard(55)
@given(st.from_regex(SECRET_VALUE, fullmatch=True))
def test_a_hidden_secret_is_still_found_and_is_another_one(secret: str) -> None:
    hidden = redaction([secret]).text(secret)
    assert SECRET_VALUE.fullmatch(hidden)
    assert not re.search(r"[b-zB-Z1-9]", re.sub(r"^(?:AKIA|ASIA|gh[pousr]_|hf_|sk-|xox[abprs]-)", "", hidden))


@example("A_secret=000000000000")
@example("A_secret=123456789012")
@given(st.from_regex(rf"\A[A-Z]{{1,4}}_(?:{SECRET_NAME.pattern})=[A-Za-z0-9]{{4,20}}\Z"))
def test_what_is_hidden_once_is_hidden_for_good(text: str) -> None:
    once = redacted([text])
    assert redacted(once) == once
    assert once != [text] or re.fullmatch(r"[aA0]*", text.partition("=")[2])
