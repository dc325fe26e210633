"""What the journal keeps of a request, and what it must not."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from hpctl.sandbox.recording import Recording

FORM = "application/x-www-form-urlencoded; charset=utf-8"


def _environ(method: str = "POST", path: str = "/", body: bytes = b"", **more: Any) -> dict[str, Any]:
    return {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body + b"of the next request"),
        "HTTP_AUTHORIZATION": "AWS4-HMAC-SHA256 Credential=AKIAX/20260101/eu-west-1/ec2/aws4_request, Signature=5ec7e7",
        "HTTP_X_AMZ_SECURITY_TOKEN": "session-token",
        **more,
    }


def test_a_recording_holds_no_secret_and_can_be_answered_again() -> None:
    recording = Recording.of(_environ(body=b"hello", HTTP_X_AMZ_META_A="b"))
    kept = json.dumps(recording.environ)
    assert "5ec7e7" not in kept
    assert "session-token" not in kept
    again = recording.replayable()
    assert again["wsgi.input"].read() == b"hello"
    assert again["HTTP_X_AMZ_META_A"] == "b"
    assert recording.region == "eu-west-1"


def test_a_body_without_a_length_is_read_to_its_end() -> None:
    environ = _environ() | {"wsgi.input": io.BytesIO(b"in chunks"), "wsgi.input_terminated": True}
    recording = Recording.of({**environ, "HTTP_TRANSFER_ENCODING": "chunked"})
    assert recording.body == b"in chunks"
    assert "HTTP_TRANSFER_ENCODING" not in recording.replayable()


def test_an_unsigned_request_has_no_region() -> None:
    assert Recording.of(_environ(HTTP_AUTHORIZATION="")).region is None


@pytest.mark.parametrize(
    ("environ", "mutates"),
    [
        (_environ(HTTP_X_AMZ_TARGET="SageMaker.CreateCluster"), True),
        (_environ(HTTP_X_AMZ_TARGET="SageMaker.DescribeCluster"), False),
        (_environ(HTTP_X_AMZ_TARGET="SageMaker.BatchAddClusterNodes"), True),
        (_environ(body=b"Action=CreateVpc&Version=1", CONTENT_TYPE=FORM), True),
        (_environ(body=b"Action=DescribeVpcs&Version=1", CONTENT_TYPE=FORM), False),
        (_environ("GET", QUERY_STRING="Action=GetCallerIdentity"), False),
        (_environ("GET", "/clusters"), False),
        (_environ("HEAD", "/bucket/key"), False),
        (_environ("PUT", "/bucket/key", b"Action=DescribeVpcs"), True),
        (_environ("DELETE", "/clusters/x"), True),
        (_environ("POST", "/clusters"), True),
    ],
)
def test_what_may_change_something_is_told_from_what_only_reads(environ: dict[str, Any], mutates: bool) -> None:
    assert Recording.of(environ).mutates is mutates
