"""Where jobs are: on clusters that EKS orchestrates, in namespaces that can be."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hpctl.errors import UnavailableError, UsageError
from hpctl.services.job.where import where
from tests.unit.builders import a_cluster, an_eks_cluster
from tests.unit.fakes import FakeAccount
from tests.unit.services.jobs import AT


@pytest.fixture
def account() -> FakeAccount:
    made = FakeAccount()
    made.clusters.add(a_cluster())
    made.eks.known = [an_eks_cluster(endpoint="https://eks.example")]
    return made


def test_the_commands_to_paste_lead_to_the_same_place(account: FakeAccount) -> None:
    assert where("ml-cluster", None, account.ports).flags == "--cluster ml-cluster"
    assert where("ml-cluster", "default", account.ports).flags == "--cluster ml-cluster"
    there = replace(where("ml-cluster", "team", account.ports), way=" --profile lab --region eu-west-1")
    assert there.flags == "--cluster ml-cluster --namespace team --profile lab --region eu-west-1"


def test_a_slurm_cluster_has_no_namespaces_to_look_into(account: FakeAccount) -> None:
    account.clusters.add(a_cluster(eks_cluster_arn=None, orchestrator="slurm"))
    with pytest.raises(UsageError, match="cluster `ml-cluster` is orchestrated by Slurm") as refused:
        where("ml-cluster", None, account.ports)
    assert "hpctl job list --cluster ml-cluster" in (refused.value.hint or "")


@pytest.mark.parametrize("namespace", ["../../x", "a b", "Team", "ünï", "a/b", "a\nb", "a" * 64, "."])
def test_a_name_that_no_namespace_has_is_refused_before_anybody_is_asked(account: FakeAccount, namespace: str) -> None:
    with pytest.raises(UsageError, match="cannot be the name of a namespace"):
        where("ml-cluster", namespace, account.ports)
    assert account.calls.made == []


def test_an_eks_cluster_without_an_endpoint_is_told_as_such(account: FakeAccount) -> None:
    account.eks.known = [an_eks_cluster(endpoint=None, status="CREATING")]
    with pytest.raises(UnavailableError, match="is CREATING and has no Kubernetes endpoint yet"):
        where("ml-cluster", None, account.ports)
    assert AT.way == ""
