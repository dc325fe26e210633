from __future__ import annotations

from typing import Any

import pytest

from hpctl.adapters.aws.storage import AwsStorage
from hpctl.errors import AccessError, HpctlError, NotFoundError, RefusedError, UnavailableError
from hpctl.facts.records import StoredObject
from tests.unit.adapters.wire import Reply, Wire, connect, s3_error, xml

MIB = 1024 * 1024
LISTED = xml(
    "<ListBucketResult><Name>b</Name><IsTruncated>false</IsTruncated><EncodingType>url</EncodingType>"
    "<Contents><Key>base/on%20create.sh</Key><Size>12</Size><ETag>&quot;0a&quot;</ETag></Contents></ListBucketResult>"
)
LOCATED = xml("<LocationConstraint>eu-west-1</LocationConstraint>")


def stored(content: bytes, **headers: str) -> Reply:
    return Reply(200, content, {"content-length": str(len(content)), **headers})


def test_objects_are_listed_over_all_pages_with_their_true_names() -> None:
    first = xml(
        "<ListBucketResult><Name>b</Name><IsTruncated>true</IsTruncated>"
        "<NextContinuationToken>more</NextContinuationToken><EncodingType>url</EncodingType>"
        "<Contents><Key>base/a.sh</Key><Size>0</Size></Contents></ListBucketResult>"
    )
    wire = Wire(first, LISTED)
    assert AwsStorage(connect(wire)).objects("b-one", "base/") == (
        StoredObject("base/a.sh", 0),
        StoredObject("base/on create.sh", 12, '"0a"'),
    )
    assert "list-type=2" in wire.sent[0].url
    assert "prefix=base%2F" in wire.sent[0].url
    assert "max-keys=1000" in wire.sent[0].url
    assert "continuation-token=more" in wire.sent[1].url


def test_a_prefix_without_objects_is_empty() -> None:
    empty = xml("<ListBucketResult><Name>b</Name><IsTruncated>false</IsTruncated></ListBucketResult>")
    assert AwsStorage(connect(Wire(empty))).objects("b-one", "base/") == ()


def test_a_proxy_that_redirects_everything_is_no_bug() -> None:
    with pytest.raises(UnavailableError) as caught:
        AwsStorage(connect(Wire(Reply(302, b"", {"location": "http://login.example/"})))).objects("b-one", "base/")
    assert caught.value.message == "`s3:ListObjectsV2` for `b-one` was redirected again and again by AWS in `eu-west-1`"
    assert caught.value.hint == "is a proxy answering in place of AWS?"


@pytest.mark.parametrize("content", [b"", b"#!/bin/bash\r\n\xff\x00", b"x" * MIB])
def test_an_object_is_read_as_it_is(content: bytes) -> None:
    wire = Wire(stored(content))
    assert AwsStorage(connect(wire)).read("b-one", "base/on_create.sh") == content
    assert wire.sent[0].url.partition("?")[0].endswith("/base/on_create.sh")


@pytest.mark.parametrize(
    "reply",
    [
        Reply(200, b"nobody reads this", {"content-length": str(MIB + 1)}),
        Reply(200, b"x" * (MIB + 1), {"transfer-encoding": "chunked"}),
    ],
)
def test_an_object_above_a_mebibyte_is_not_read(reply: Reply) -> None:
    with pytest.raises(RefusedError) as caught:
        AwsStorage(connect(Wire(reply))).read("b-one", "model.bin")
    assert caught.value.message == "`s3:GetObject` for `model.bin` has more than the 1048576 bytes that hpctl reads"
    assert caught.value.aws_code == "EntityTooLarge"


def test_an_object_cut_short_is_not_read() -> None:
    with pytest.raises(
        UnavailableError, match="`s3:GetObject` for `on_create` lost the connection to AWS in `eu-west-1`"
    ):
        AwsStorage(connect(Wire(stored(b"#!/bin", **{"content-length": "500"})))).read("b-one", "on_create")


@pytest.mark.parametrize(
    ("answer", "region"),
    [
        ("<LocationConstraint>eu-west-1</LocationConstraint>", "eu-west-1"),
        ('<LocationConstraint xmlns="http://s3.amazonaws.com/doc/2006-03-01/"/>', "us-east-1"),
        ("<LocationConstraint>EU</LocationConstraint>", "eu-west-1"),
    ],
)
def test_the_region_of_a_bucket_is_told_in_its_name_of_today(answer: str, region: str) -> None:
    assert AwsStorage(connect(Wire(xml(f'<?xml version="1.0"?>\n{answer}')))).bucket_region("b-one") == region


def encrypted(by: str, key: str | None = None) -> Reply:
    """HeadObject's answer: headers alone."""
    about = {} if key is None else {"x-amz-server-side-encryption-aws-kms-key-id": key}
    return Reply(200, b"", {"etag": '"1"', "content-length": "12", "x-amz-server-side-encryption": by, **about})


@pytest.mark.parametrize(
    ("reply", "key"),
    [
        (encrypted("aws:kms", "arn:aws:kms:eu-west-1:111122223333:key/1"), "arn:aws:kms:eu-west-1:111122223333:key/1"),
        (encrypted("aws:kms:dsse", "1"), "1"),
        (encrypted("aws:kms"), None),
        (encrypted("AES256"), None),
        (Reply(200, b"", {"etag": '"1"'}), None),
    ],
)
def test_the_key_of_an_object_is_kms_s(reply: Reply, key: str | None) -> None:
    wire = Wire(reply)
    assert AwsStorage(connect(wire)).encryption_key("b-one", "base/on_create.sh") == key
    assert (wire.sent[0].method, wire.sent[0].operation) == ("HEAD", "HeadObject")


@pytest.mark.parametrize(("status", "kind"), [(404, NotFoundError), (403, AccessError)])
def test_a_head_is_refused_without_words(status: int, kind: type[HpctlError]) -> None:
    with pytest.raises(kind, match="`s3:HeadObject` for `k`") as caught:
        AwsStorage(connect(Wire(Reply(status, b"", {})))).encryption_key("b-one", "k")
    assert not isinstance(caught.value, AccessError) or caught.value.action == "s3:GetObject"


def test_an_answer_without_s3_s_headers_is_none() -> None:
    with pytest.raises(UnavailableError, match="the answer to `s3:HeadObject` has no `ETag`"):
        AwsStorage(connect(Wire(Reply(200, b"", {})))).encryption_key("b-one", "k")


ASKS: dict[str, Any] = {
    "ListObjectsV2": lambda storage: storage.objects("b-one", ""),
    "GetObject": lambda storage: storage.read("b-one", "k"),
    "GetBucketLocation": lambda storage: storage.bucket_region("b-one"),
}


@pytest.mark.parametrize("operation", ASKS)
@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [("NoSuchBucket", 404, NotFoundError), ("NoSuchKey", 404, NotFoundError), ("AccessDenied", 403, AccessError)],
)
def test_s3_s_refusals_are_told_apart(operation: str, code: str, status: int, kind: type[HpctlError]) -> None:
    with pytest.raises(kind, match=f"`s3:{operation}` for `[bk]"):
        ASKS[operation](AwsStorage(connect(Wire(s3_error(code, "AWS says so.", status)))))


def test_a_denied_listing_names_the_action_as_iam_does() -> None:
    with pytest.raises(AccessError) as caught:
        AwsStorage(connect(Wire(s3_error("AccessDenied", "Access Denied", 403)))).objects("b-one", "")
    assert caught.value.action == "s3:ListBucket"


@pytest.mark.parametrize("operation", ["ListObjectsV2", "GetBucketLocation"])
@pytest.mark.parametrize("status", [200, 403, 500])
@pytest.mark.parametrize("body", ["<html><body>Log in</body></html>", "<a/>", "", "{}"])
def test_a_document_that_is_not_s3_s_is_no_answer(
    operation: str, status: int, body: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda seconds: None)
    with pytest.raises((UnavailableError, AccessError), match=f"`s3:{operation}` for `b-one`"):
        ASKS[operation](AwsStorage(connect(Wire(xml(body, status)))))


@pytest.mark.parametrize(
    ("endpoint", "url"),
    [
        (None, "https://b-one.s3.eu-west-1.amazonaws.com/"),
        ("http://127.0.0.1:5000", "http://127.0.0.1:5000/b-one"),
        ("http://localhost:5000", "http://localhost:5000/b-one"),
    ],
)
def test_a_bucket_is_part_of_aws_s_host_name_and_of_another_server_s_path(
    endpoint: str | None, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if endpoint:
        monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    wire = Wire(LISTED)
    AwsStorage(connect(wire)).objects("b-one", "")
    assert wire.sent[0].url.partition("?")[0] == url


def test_a_bucket_in_another_region_is_followed_there() -> None:
    elsewhere = s3_error("PermanentRedirect", "use the other endpoint", 301)
    moved = Reply(301, elsewhere.body, {**elsewhere.headers, "x-amz-bucket-region": "us-east-2"})
    wire = Wire(moved, LISTED)
    assert len(AwsStorage(connect(wire)).objects("b-one", "")) == 1
    assert [sent.url.partition("?")[0] for sent in wire.sent] == [
        "https://b-one.s3.eu-west-1.amazonaws.com/",
        "https://b-one.s3.us-east-2.amazonaws.com/",
    ]


def test_a_redirect_that_does_not_say_where_is_followed_by_a_head() -> None:
    wire = Wire(
        s3_error("PermanentRedirect", "use the other endpoint", 301),
        Reply(200, b"", {"x-amz-bucket-region": "us-east-2", "content-length": "40"}),
        LISTED,
    )
    assert len(AwsStorage(connect(wire)).objects("b-one", "")) == 1
    assert [sent.operation for sent in wire.sent] == ["ListObjectsV2", "HeadBucket", "ListObjectsV2"]
