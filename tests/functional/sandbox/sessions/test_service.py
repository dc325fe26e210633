"""Session Manager's operations: what they refuse in AWS's words, who may, how often, and what a token is good for."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress

import pytest
from botocore.exceptions import ClientError
from websockets.exceptions import ConnectionClosed

from tests.functional.sandbox.running import until
from tests.functional.sandbox.sessions.channels import opened, said
from tests.functional.sandbox.sessions.conftest import PIPES, Nodes


def refusal(nodes: Nodes, document: str | None = None, target: str = "", **parameters: str) -> str:
    with pytest.raises(ClientError) as caught:
        nodes.start(document, target, **parameters)
    return str(caught.value.response["Error"]["Code"])


def test_who_is_no_node_of_the_cluster_is_not_connected(nodes: Nodes) -> None:
    first = nodes.target()
    strangers = [
        first.rpartition("-")[2],
        first.replace("_workers-", "_controller-"),
        f"{first}0",
        first.replace(nodes.cluster_id, "abcdefghijkl"),
        f"i-{first.rpartition('-')[2]}",
    ]
    assert {refusal(nodes, None, each) for each in strangers} == {"TargetNotConnected"}


def test_documents_and_their_parameters_are_held_to_what_they_are(nodes: Nodes) -> None:
    assert refusal(nodes, "AWS-StartTea") == "InvalidDocument"
    assert refusal(nodes, PIPES) == "InvalidParameters"
    assert refusal(nodes, PIPES, command="true", colour="red") == "InvalidParameters"
    assert refusal(nodes, "AWS-StartPortForwardingSession", portNumber="65536") == "InvalidParameters"
    assert refusal(nodes, None, "x" * 401) == "ValidationException"


def test_the_fourth_start_within_a_second_is_throttled(nodes: Nodes) -> None:
    nodes.switch(starts_per_second=3)
    target = nodes.target()

    def start() -> str:
        try:
            nodes.start(None, target)
        except ClientError as error:
            return str(error.response["Error"]["Code"])
        return "started"

    # On a machine that is busy four of them may take longer than a second; and others may have started just now.
    found = until(lambda: [start() for _ in range(9)], lambda found: len(set(found)) == 2)
    assert set(found) == {"started", "ThrottlingException"}


def test_a_token_opens_its_channel_once_and_no_other(nodes: Nodes) -> None:
    session, other = nodes.start(PIPES, command="echo once"), nodes.start(PIPES, command="echo other")
    assert said(session).output == b"once\n"

    async def tried(url: str, token: str) -> int | None:
        async with opened({"StreamUrl": url, "TokenValue": token}) as client:
            with suppress(ConnectionClosed):
                await client.hear()
            return client.socket.close_code

    assert asyncio.run(tried(session["StreamUrl"], session["TokenValue"])) == 1008
    assert asyncio.run(tried(other["StreamUrl"], session["TokenValue"])) == 1008
    assert said(other).output == b"other\n"


def test_sessions_are_described_while_they_are_active_and_afterwards(nodes: Nodes) -> None:
    session = nodes.start(PIPES, command="cat")
    filters = [{"key": "SessionId", "value": session["SessionId"]}]
    (row,) = nodes.ssm.describe_sessions(State="Active", Filters=filters)["Sessions"]
    assert (row["Target"], row["DocumentName"], row["Status"]) == (nodes.target(), PIPES, "Connected")

    nodes.ssm.terminate_session(SessionId=session["SessionId"])
    assert nodes.ssm.describe_sessions(State="Active", Filters=filters)["Sessions"] == []
    (row,) = nodes.ssm.describe_sessions(State="History", Filters=filters)["Sessions"]
    assert row["Status"] == "Terminated"
    with pytest.raises(ClientError, match="DoesNotExistException"):
        nodes.ssm.resume_session(SessionId=session["SessionId"])


def test_the_policies_of_a_user_are_asked_about_cluster_and_document(nodes: Nodes) -> None:
    iam, account = nodes.aws.client("iam"), nodes.aws.state.account
    iam.create_user(UserName="visitor")
    allowed = [
        f"arn:aws:sagemaker:*:{account}:cluster/{nodes.cluster_id}",
        f"arn:aws:ssm:*::document/{PIPES}",
    ]
    policy = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "ssm:StartSession", "Resource": allowed}],
    }
    iam.put_user_policy(UserName="visitor", PolicyName="sessions", PolicyDocument=json.dumps(policy))
    key = iam.create_access_key(UserName="visitor")["AccessKey"]
    client = nodes.ssm.meta
    import boto3

    visitor = boto3.client(
        "ssm",
        endpoint_url=client.endpoint_url,
        region_name=client.region_name,
        aws_access_key_id=key["AccessKeyId"],
        aws_secret_access_key=key["SecretAccessKey"],
    )
    target, parameters = nodes.target(), {"command": ["id"]}
    started = visitor.start_session(Target=target, DocumentName=PIPES, Parameters=parameters)
    assert started["SessionId"].startswith("visitor-")
    with pytest.raises(ClientError, match=r"not authorized to perform: ssm:StartSession on resource: .*:document/"):
        visitor.start_session(Target=target, DocumentName="AWS-StartInteractiveCommand", Parameters=parameters)
    stranger = target.replace(nodes.cluster_id, "abcdefghijkl")
    with pytest.raises(ClientError, match=r"ssm:StartSession on resource: arn:aws:sagemaker:.*:cluster/abcdefghijkl"):
        visitor.start_session(Target=stranger, DocumentName=PIPES, Parameters=parameters)


def test_parameters_are_kept_as_before(nodes: Nodes) -> None:
    nodes.ssm.put_parameter(Name="/team/name", Value="blue", Type="String")
    assert nodes.ssm.get_parameter(Name="/team/name")["Parameter"]["Value"] == "blue"


def test_a_switch_that_is_wrong_is_refused_and_changes_nothing(nodes: Nodes) -> None:
    nodes.switch(faults=[{"fault": "drop", "count": 2}], seed=7)
    before = nodes.switched()
    for wrong in ({"faults": [{"fault": "rain"}]}, {"faults": [{"fault": "drop", "probability": 2}]}, {"linger": 1}):
        assert nodes.switch(**wrong)["status"] == 400
    assert nodes.switched() == before
