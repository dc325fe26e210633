from __future__ import annotations

import pytest

from hpctl.adapters.aws.scriptstore import AwsScriptStore
from hpctl.errors import ConflictError, UnavailableError
from hpctl.facts.script_ports import KeptScript
from tests.unit.adapters.test_storage import LISTED
from tests.unit.adapters.wire import Reply, Wire, connect, s3_error, xml

TAKEN = s3_error("PreconditionFailed", "At least one of the pre-conditions you specified did not hold", 412)


def test_what_is_kept_comes_with_its_etag() -> None:
    assert AwsScriptStore(connect(Wire(LISTED))).kept("b-one", "base/") == (
        KeptScript("base/on create.sh", 12, '"0a"'),
    )


def test_an_object_without_an_etag_was_not_listed_by_s3() -> None:
    row = xml("<ListBucketResult><Contents><Key>a</Key><Size>1</Size></Contents></ListBucketResult>")
    with pytest.raises(UnavailableError, match="the answer to `s3:ListObjectsV2` has no `ETag`"):
        AwsScriptStore(connect(Wire(row))).kept("b-one", "")


@pytest.mark.parametrize(
    ("replaces", "condition"), [(None, ("if-none-match", "*")), ('"0a"', ("if-match", '"0a"'))], ids=["new", "known"]
)
def test_an_object_is_put_under_a_condition_and_with_its_checksum(
    replaces: str | None, condition: tuple[str, str]
) -> None:
    wire = Wire(Reply(200, b"", {"etag": '"1b"'}))
    AwsScriptStore(connect(wire)).put("b-one", "base/a.sh", b"#!/bin/sh\n", replaces=replaces)
    headers = {name.lower(): value for name, value in wire.sent[0].headers.items()}
    assert wire.sent[0].method == "PUT"
    assert {name: headers[name] for name in headers if name.startswith("if-")} == dict([condition])
    assert headers["x-amz-checksum-sha256"] == "qAdtPSjSHgIBKyDq99v3VAmmJ3E0Q5Al8oLjaOMwWr8="
    assert wire.sent[0].body == b"#!/bin/sh\n"


def test_what_somebody_else_put_there_meanwhile_is_a_conflict() -> None:
    with pytest.raises(ConflictError) as caught:
        AwsScriptStore(connect(Wire(TAKEN))).put("b-one", "base/a.sh", b"", replaces=None)
    assert caught.value.message == (
        "`s3:PutObject` for `base/a.sh` is in conflict with what is there: "
        "At least one of the pre-conditions you specified did not hold"
    )


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (Reply(200, b"", {}), "the answer to `s3:PutObject` has no `ETag`"),
        (Reply(200, b"<html>sign in</html>", {}), "got an answer that cannot be read from AWS in `eu-west-1`"),
    ],
    ids=["silence", "page"],
)
def test_who_answers_in_s3s_place_has_stored_nothing(reply: Reply, said: str) -> None:
    with pytest.raises(UnavailableError, match=said):
        AwsScriptStore(connect(Wire(reply))).put("b-one", "base/a.sh", b"", replaces=None)
