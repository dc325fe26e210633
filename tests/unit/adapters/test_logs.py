from __future__ import annotations

import pytest

from hpctl.adapters.aws.logs import AwsLogs
from hpctl.errors import NotFoundError, UnavailableError
from tests.unit.adapters.wire import Wire, connect, error, ok

NAME = "/aws/sagemaker/Clusters/train/abcdefghijkl"
GROUPS = ok({"logGroups": [{"logGroupName": NAME}]})
STREAM = "LifecycleConfig/workers/i-0a1b2c3d4e5f60718"
STREAMS = ok({"logStreams": [{"logStreamName": STREAM}]})
EVENTS = ok({"events": [{"timestamp": 1, "message": "one"}, {"timestamp": 2, "message": "two"}]})


@pytest.mark.parametrize(("name", "there"), [(NAME, True), (NAME[:-1], False)])
def test_a_log_group_is_there_under_exactly_that_name(name: str, there: bool) -> None:
    wire = Wire(GROUPS)
    assert AwsLogs(connect(wire)).group_exists(name) is there
    assert wire.sent[0].parameters == {"logGroupNamePrefix": name, "limit": 50}


def test_the_name_is_looked_for_on_all_pages() -> None:
    wire = Wire(ok({"logGroups": [{"logGroupName": f"{NAME}-old"}], "nextToken": "t"}), GROUPS)
    assert AwsLogs(connect(wire)).group_exists(NAME)


def test_no_group_is_no_error() -> None:
    assert not AwsLogs(connect(Wire(ok({})))).group_exists(NAME)


def test_a_group_without_a_name_is_no_answer() -> None:
    with pytest.raises(UnavailableError, match="the answer to `logs:DescribeLogGroups` has no `logGroupName`"):
        AwsLogs(connect(Wire(ok({"logGroups": [{}]})))).group_exists(NAME)


def test_the_streams_of_a_group_are_listed_page_by_page() -> None:
    wire = Wire(ok({"logStreams": [{"logStreamName": f"{STREAM}-old"}], "nextToken": "t"}), STREAMS)
    assert AwsLogs(connect(wire)).streams(NAME, "LifecycleConfig/") == (f"{STREAM}-old", STREAM)
    assert wire.sent[0].parameters == {
        "logGroupName": NAME,
        "logStreamNamePrefix": "LifecycleConfig/",
        "limit": 50,
    }


def test_the_last_lines_of_a_stream_are_asked_for_in_one_call() -> None:
    wire = Wire(EVENTS)
    assert AwsLogs(connect(wire)).last_lines(NAME, STREAM) == ("one", "two")
    told = {"logGroupName": NAME, "logStreamName": STREAM, "limit": 10_000, "startFromHead": False}
    assert wire.sent[0].parameters == told


def test_a_group_that_is_not_there_is_said_so() -> None:
    missing = error("ResourceNotFoundException", "The specified log group does not exist.")
    with pytest.raises(NotFoundError):
        AwsLogs(connect(Wire(missing))).streams(NAME, "LifecycleConfig/")
