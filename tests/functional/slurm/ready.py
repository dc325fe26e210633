"""A Slurm cluster that is ready, for all tests of a process: a controller, and two nodes of eight GPUs."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import Any
from unittest import mock

import pytest

from hpctl.adapters.aws.session import AwsSession
from hpctl.adapters.local.clock import SystemClock
from hpctl.adapters.ssm.sessions import SsmSessions
from hpctl.facts.session_ports import Ran, Target
from hpctl.sandbox.environment import applied, environment
from hpctl.sandbox.kube.kubelet.cri import namespaced
from hpctl.sandbox.slurm import installed
from tests.functional.sandbox.running import Running, sandbox, until

NAME = "ready-slurm"
CONTROLLER, WORKERS = "controller", "workers"
PARTITION = "train"


@dataclass(frozen=True)
class SlurmCluster:
    """A cluster on a real Slurm, and words for what tests do with it."""

    running: Running
    name: str = NAME

    @property
    def environ(self) -> dict[str, str]:
        """The environment of a command that is to find it."""
        return applied(environment(self.running.state), dict(os.environ))

    def nodes(self, group: str = WORKERS) -> list[dict[str, Any]]:
        """Return what DescribeClusterNode says of a group's nodes."""
        aws = self.running.client("sagemaker")
        rows = aws.list_cluster_nodes(ClusterName=self.name)["ClusterNodeSummaries"]
        found = []
        for row in rows:
            if row["InstanceGroupName"] == group and row["InstanceId"]:
                # It may be replaced between the two calls.
                with suppress(aws.exceptions.ResourceNotFound):
                    found.append(aws.describe_cluster_node(ClusterName=self.name, NodeId=row["InstanceId"]))
        found = [answer["NodeDetails"] for answer in found]
        return sorted(found, key=lambda node: str(node["PrivatePrimaryIp"]))

    def names(self) -> list[str]:
        """Return the names of the nodes in Slurm."""
        return [slurm_name(node) for node in self.nodes()]

    def run(self, *words: str, on: dict[str, Any] | None = None, stdin: bytes = b"", user: str = "") -> Ran:
        """Run a program on a node, the controller unless told, through hpctl's own sessions."""
        node = on or self.nodes(CONTROLLER)[0]
        arn = self.running.client("sagemaker").describe_cluster(ClusterName=self.name)["ClusterArn"]
        target = Target(arn.rpartition("/")[2], node["InstanceGroupName"], node["InstanceId"])
        command: Sequence[str] = ("runuser", "-u", user, "--", *words) if user else words
        return sessions(tuple(self.environ.items()), self.running.state.region).run(target, command, stdin=stdin)

    def says(self, *words: str, **more: Any) -> str:
        """Run a program that must succeed; returns what it printed."""
        ran = self.run(*words, **more)
        assert ran.exit_code == 0, (words, ran.exit_code, ran.stdout, ran.stderr)
        return ran.stdout.decode()

    def states(self) -> dict[str, str]:
        """Return the state of each node in Slurm, as `sinfo` has it."""
        lines = self.says("sinfo", "--noheader", "--Node", "--format=%N %T").splitlines()
        return dict(line.split() for line in lines)


@cache
def sessions(environ: tuple[tuple[str, str], ...], region: str) -> SsmSessions:
    """Return the sessions of an environment, one for all of a process: their event loop goes on to its end."""
    with mock.patch.dict(os.environ, dict(environ), clear=True):
        found = SsmSessions(AwsSession(profile=None, region=region), dict(environ), SystemClock())
        # Credentials and the endpoint are read now, and not later from another environment.
        found._aws._client("ssm")
    return found


def slurm_name(node: dict[str, Any]) -> str:
    """Return a node's name in Slurm."""
    return f"ip-{node['PrivatePrimaryIp'].replace('.', '-')}"


def require_slurm() -> None:
    """Skip where there is no Slurm for the sandbox; in CI on Linux that is a failure."""
    why = None if namespaced() else "Slurm needs nodes with namespaces: run the tests as root on Linux"
    packages = (*installed.missing(), *installed.missing_for_options())
    if why is None and packages:
        why = f"Slurm is not installed: apt-get install --no-install-recommends {' '.join(packages)}"
    if why is None:
        return
    if os.environ.get("CI") == "true" and os.uname().sysname == "Linux":
        pytest.fail(why)
    pytest.skip(why)


def created(running: Running, name: str, **members: Any) -> SlurmCluster:
    """Create a cluster and wait until all of its nodes run."""
    workers = running.group(SlurmConfig={"NodeType": "Compute", "PartitionNames": [PARTITION]})
    request = running.on_slurm(name, **members)
    request["InstanceGroups"] = members.get("InstanceGroups") or [request["InstanceGroups"][0], workers]
    running.client("sagemaker").create_cluster(**request)
    wanted = sum(group["InstanceCount"] for group in request["InstanceGroups"])
    until(lambda: statuses(running, name), lambda found: found == ["Running"] * wanted)
    return SlurmCluster(running, name)


def statuses(running: Running, name: str) -> list[str]:
    """Return the status of each node of a cluster."""
    rows = running.client("sagemaker").list_cluster_nodes(ClusterName=name)["ClusterNodeSummaries"]
    return [row["InstanceStatus"]["Status"] for row in rows]


@pytest.fixture(scope="session")
def ready_slurm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SlurmCluster]:
    """A cluster that tests share: leave its nodes idle, its queue empty, and nothing of a name of yours."""
    require_slurm()
    with sandbox(tmp_path_factory.mktemp("slurm")) as running:
        yield created(running, NAME)
