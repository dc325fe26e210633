"""One sandbox with a cluster on Slurm, whose nodes sessions land on."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any

import pytest

from tests.functional.sandbox.kubelet.clusters import require_namespaces
from tests.functional.sandbox.running import Running, sandbox, until
from tests.functional.sandbox.sessions.channels import Client, said

NAME = "sessions"
SHELL, PIPES, TERMINAL = None, "AWS-StartNonInteractiveCommand", "AWS-StartInteractiveCommand"


@dataclass(frozen=True)
class Nodes:
    """A cluster in service, and words for what tests do with its nodes."""

    aws: Running
    ssm: Any
    sagemaker: Any
    cluster_id: str

    def rows(self, group: str = "workers") -> list[dict[str, Any]]:
        rows = self.sagemaker.list_cluster_nodes(ClusterName=NAME)["ClusterNodeSummaries"]
        return sorted((row for row in rows if row["InstanceGroupName"] == group), key=lambda row: row["InstanceId"])

    def target(self, number: int = 0, group: str = "workers") -> str:
        return f"sagemaker-cluster:{self.cluster_id}_{group}-{self.rows(group)[number]['InstanceId']}"

    def start(self, document: str | None = None, target: str = "", **parameters: str) -> Mapping[str, str]:
        """Start a session, on the first worker unless told."""
        asked: dict[str, Any] = {"Target": target or self.target()}
        if document:
            told = {name: [value] for name, value in parameters.items()}
            asked |= {"DocumentName": document, "Parameters": told}
        found: Mapping[str, str] = self.ssm.start_session(**asked)
        return found

    def run(self, command: str, target: str = "", document: str = PIPES) -> bytes:
        """Run a command and return what it says."""
        return self.have(document, target, command=command).output

    def have(self, document: str, target: str = "", **parameters: str) -> Client:
        """Have a whole session without typing anything."""
        return said(self.start(document, target, **parameters))

    def switch(self, **members: Any) -> dict[str, Any]:
        """Put in force on the channels what is told, and no limit of starts."""
        return _asked(self.aws, "PUT", {"starts_per_second": None, **members})

    def switched(self) -> dict[str, Any]:
        return _asked(self.aws, "GET")


def _asked(aws: Running, method: str, members: Any = None) -> dict[str, Any]:
    connection = HTTPConnection("127.0.0.1", aws.state.side_port, timeout=60)
    try:
        body = None if members is None else json.dumps(members)
        connection.request(method, "/.hpctl/channels", body, {"X-Hpctl-Token": aws.state.token})
        response = connection.getresponse()
        told: dict[str, Any] = json.loads(response.read())
        return {**told, "status": response.status}
    finally:
        connection.close()


def statuses(sagemaker: Any) -> list[str]:
    return [
        row["InstanceStatus"]["Status"]
        for row in sagemaker.list_cluster_nodes(ClusterName=NAME)["ClusterNodeSummaries"]
    ]


@pytest.fixture(scope="session")
def running_nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nodes]:
    with sandbox(tmp_path_factory.mktemp("sessions")) as aws:
        sagemaker = aws.client("sagemaker")
        arn = sagemaker.create_cluster(**aws.on_slurm(NAME))["ClusterArn"]
        # With Continuous provisioning a cluster is in service before its nodes are.
        until(lambda: statuses(sagemaker), lambda found: found == ["Running"] * 3)
        yield Nodes(aws, aws.client("ssm"), sagemaker, arn.rpartition("/")[2])


@pytest.fixture
def nodes(running_nodes: Nodes) -> Iterator[Nodes]:
    """Its nodes, in fair weather and without the limit of starts."""
    running_nodes.switch()
    yield running_nodes
    running_nodes.switch()


@pytest.fixture
def machines(nodes: Nodes) -> Nodes:
    """Its nodes where they are machines of their own."""
    require_namespaces()
    return nodes
