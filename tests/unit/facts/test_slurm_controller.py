"""Which node of a Slurm cluster is its controller."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from hpctl.errors import NotFoundError, UnavailableError, UsageError
from hpctl.facts.s3_folders import bucket_and_prefix
from hpctl.facts.session_ports import Ran
from hpctl.facts.slurm_controller import controller_of
from tests.unit.builders import a_cluster, a_live_group, a_node
from tests.unit.fake_sessions import FakeSessions
from tests.unit.fakes import FakeAccount

HEAD, WORKER = "i-0000000000000000a", "i-0000000000000000b"
ID = "abcdefghij12"


class Slurm:
    """A Slurm cluster with a group `head` and a group `workers`, a node each; roles as a test says."""

    def __init__(self, *roles: str | None, file: object = None) -> None:
        self.account = FakeAccount()
        self.sessions = FakeSessions(self.account.calls)
        names = ("head", "workers")
        groups = [
            replace(a_live_group(name=name), slurm_node_type=role)
            for name, role in zip(names, roles or (None, None), strict=True)
        ]
        cluster = replace(a_cluster("InService", *groups), orchestrator="slurm", eks_cluster_arn=None)
        self.account.clusters.add(cluster)
        self.cluster = cluster
        nodes = [a_node(node_id=HEAD, instance_group="head"), a_node(node_id=WORKER, instance_group="workers")]
        self.account.clusters.nodes_of[cluster.name] = nodes
        self.account.clusters.requests[cluster.name] = {
            "InstanceGroups": [{"LifeCycleConfig": {"SourceS3Uri": "s3://sagemaker-x/slurm/"}}] * 2
        }
        if file is not None:
            held = self.account.storage.buckets["sagemaker-x"]
            held["slurm/provisioning_parameters.json"] = json.dumps(file).encode()

    def controller(self) -> str:
        account = self.account
        target = controller_of(self.cluster.name, account.clusters, account.storage, self.sessions)
        assert target.cluster_id == self.cluster.cluster_id
        return f"{target.instance_group}/{target.instance_id}"

    def head_is(self, status: str) -> None:
        nodes = self.account.clusters.nodes_of[self.cluster.name]
        nodes[0] = replace(nodes[0], status=status)


def test_the_group_with_the_role_is_it_and_no_file_is_read() -> None:
    slurm = Slurm("Controller", "Compute", file={"controller_group": "workers"})
    assert slurm.controller() == f"head/{HEAD}"
    assert "storage.read" not in slurm.account.calls.operations


def test_without_roles_the_file_beside_the_scripts_says_it_and_is_read_once() -> None:
    slurm = Slurm(file={"controller_group": "workers"})
    assert slurm.controller() == f"workers/{WORKER}"
    assert slurm.account.calls.of("storage.read") == [("sagemaker-x", "slurm/provisioning_parameters.json")]


@pytest.mark.parametrize("file", [None, [], {"controller_group": 7}, {"controller_group": "gone"}])
def test_what_says_nothing_leaves_the_nodes_to_be_asked(file: object) -> None:
    slurm = Slurm(file=file)
    slurm.sessions.answers["pgrep"] = {HEAD: Ran(1, b"", b""), WORKER: Ran(0, b"7\n", b"")}
    assert slurm.controller() == f"workers/{WORKER}"


def test_nobody_knows_it_when_slurmctld_runs_nowhere() -> None:
    slurm = Slurm()
    slurm.sessions.answers["pgrep"] = Ran(1, b"", b"")
    with pytest.raises(NotFoundError, match="no node of cluster `ml-cluster` is its Slurm controller"):
        slurm.controller()


def test_a_node_that_could_not_be_asked_is_not_a_no() -> None:
    slurm = Slurm()
    slurm.sessions.answers["pgrep"] = {HEAD: UnavailableError("lost"), WORKER: Ran(1, b"", b"")}
    with pytest.raises(UnavailableError, match="lost"):
        slurm.controller()


def test_a_controller_that_does_not_run_is_named_with_its_status() -> None:
    slurm = Slurm("Controller", "Compute")
    slurm.head_is("Pending")
    with pytest.raises(UnavailableError) as caught:
        slurm.controller()
    assert caught.value.message == (
        f"no Slurm controller of cluster `ml-cluster` runs (instance group `head`): `{HEAD}` is `Pending`"
    )


def test_a_cluster_on_eks_has_none() -> None:
    slurm = Slurm("Controller", "Compute")
    slurm.account.clusters.add(replace(slurm.cluster, orchestrator="eks"))
    with pytest.raises(UsageError, match="is orchestrated by EKS"):
        slurm.controller()


@pytest.mark.parametrize(
    ("uri", "found"),
    [
        ("s3://b/a/c//", ("b", "a/c/")),
        ("s3://b", ("b", "")),
        ("https://s3.us-west-2.amazonaws.com/b/x", ("b", "x/")),
        ("https://b.s3.us-west-2.amazonaws.com/x", ("b", "x/")),
        ("ftp://b/x", None),
    ],
)
def test_addresses_of_folders(uri: str, found: object) -> None:
    assert bucket_and_prefix(uri) == found
