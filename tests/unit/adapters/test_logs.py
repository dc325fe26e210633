from __future__ import annotations

import pytest

from hpctl.adapters.aws.logs import AwsLogs
from hpctl.errors import UnavailableError
from tests.unit.adapters.wire import Wire, connect, ok

NAME = "/aws/sagemaker/Clusters/train/abcdefghijkl"
GROUPS = ok({"logGroups": [{"logGroupName": NAME}]})


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
