"""What the sandbox says on the wire where no SDK is in between."""

from __future__ import annotations

import http.client
import json
from pathlib import Path
from typing import Any

import pytest

from tests.functional.sandbox.running import Running

SCOPE = "AWS4-HMAC-SHA256 Credential=AKIAXXXXXXXXXXXXXXXX/20260101/us-west-2/{}/aws4_request, Signature=0"


def _send(aws: Running, method: str, path: str, service: str = "", target: str = "", body: str = "") -> Any:
    connection = http.client.HTTPConnection("127.0.0.1", aws.state.port, timeout=45)
    headers = {"Authorization": SCOPE.format(service)} if service else {}
    if target:
        headers |= {"X-Amz-Target": f"SageMaker.{target}", "Content-Type": "application/x-amz-json-1.1"}
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer, text


def test_health_tells_which_sandbox_answers(aws: Running) -> None:
    answer, text = _send(aws, "GET", "/.hpctl/health")
    assert answer.status == 200
    assert json.loads(text) == {
        "name": "test",
        "region": "us-west-2",
        "account": "123456789012",
        "pid": aws.state.pid,
    }


def test_an_operation_that_is_not_there_is_501_in_json(aws: Running) -> None:
    answer, text = _send(aws, "POST", "/", "sagemaker", "SearchTrainingPlanOfferings", "{}")
    assert answer.status == 501
    assert answer.headers["x-amzn-ErrorType"] == "NotImplementedInSandbox"
    assert json.loads(text)["__type"] == "NotImplementedInSandbox"


@pytest.mark.parametrize(
    ("target", "body"),
    [("CreateCluster", "[]"), ("CreateCluster", "{"), ("DescribeCluster", '{"ClusterName": 5}')],
)
def test_a_body_of_another_type_is_no_server_error(aws: Running, target: str, body: str) -> None:
    answer, text = _send(aws, "POST", "/", "sagemaker", target, body)
    assert answer.status == 400
    assert json.loads(text)["__type"] == "SerializationException"


def test_an_unknown_member_is_named(aws: Running) -> None:
    body = json.dumps({"ClusterName": "x", "_comment": "mine"})
    answer, text = _send(aws, "POST", "/", "sagemaker", "DescribeCluster", body)
    assert answer.status == 400
    assert json.loads(text)["__type"] == "ValidationException"
    assert "1 validation error detected: Value at '_comment' failed to satisfy constraint: Member is not known" in text


def test_a_bug_of_moto_is_json_for_a_json_service(aws: Running) -> None:
    # moto takes any body for an object.
    answer, text = _send(aws, "POST", "/", "sagemaker", "ListModels", '["x"]')
    assert answer.status == 500
    assert json.loads(text)["__type"] == "InternalFailure"


def test_motos_switchboard_is_closed(aws: Running) -> None:
    answer, _ = _send(aws, "POST", "/moto-api/reset")
    assert answer.status == 404
    assert aws.client("eks").list_clusters()["clusters"]


def test_a_web_page_gets_no_leave_to_read(aws: Running) -> None:
    answer, _ = _send(aws, "GET", "/.hpctl/health")
    assert "Access-Control-Allow-Origin" not in answer.headers
    answer, _ = _send(aws, "POST", "/", "sagemaker", "ListClusters", "{}")
    assert "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="reads Linux's table of sockets")
def test_it_listens_on_loopback_only(aws: Running) -> None:
    local = [line.split()[1] for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    addresses = {
        address for address, _, port in (entry.partition(":") for entry in local) if int(port, 16) == aws.state.port
    }
    assert addresses == {"0100007F"}
