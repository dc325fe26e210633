"""Jobs that end with their cluster: told to whoever reads the plan of a deletion, as far as they can be seen."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hpctl.errors import AccessError, UnavailableError
from hpctl.facts.jobs import JobState
from hpctl.plan.delete import plan_delete
from hpctl.report.plan import PlanReport
from hpctl.services.running_jobs import with_jobs
from tests.unit.builders import NOW, a_cluster, a_live_group, a_node, an_eks_cluster, an_identity
from tests.unit.fakes import FakeAccount
from tests.unit.services import slurm_jobs
from tests.unit.services.jobs import a_job


def on_eks(*states: JobState) -> FakeAccount:
    account = FakeAccount()
    account.clusters.add(a_cluster())
    account.eks.known = [an_eks_cluster(endpoint="https://eks.example")]
    account.jobs.known_jobs = [a_job(str(state).lower(), state, started=NOW) for state in states]
    return account


def on_slurm(*words: str) -> FakeAccount:
    account = FakeAccount()
    head = replace(a_live_group("head", 1, 1), slurm_node_type="Controller")
    account.clusters.add(replace(a_cluster("InService", head), orchestrator="slurm", eks_cluster_arn=None))
    account.clusters.nodes_of["ml-cluster"] = [a_node("i-1", instance_group="head")]
    account.slurm_jobs.known = [slurm_jobs.a_job(id=place, word=word) for place, word in enumerate(words, start=1)]
    return account


def planned(account: FakeAccount, status: str = "InService") -> PlanReport:
    cluster = replace(account.clusters.describe("ml-cluster"), status=status)
    return with_jobs(plan_delete(cluster, an_identity(), run_id="r"), cluster, account.ports)


def test_on_eks_what_runs_ends_and_what_waits_stays_in_kubernetes() -> None:
    report = planned(on_eks(*JobState))
    assert [(row.job, row.owner, row.nodes, row.started) for row in report.ends] == [
        ("pytorchjob/running", "team", 2, NOW),
        ("pytorchjob/restarting", "team", 2, NOW),
    ]
    assert report.notices == ()


def test_on_slurm_the_queue_goes_as_well() -> None:
    report = planned(on_slurm("RUNNING", "PENDING", "COMPLETED", "FAILED", "CANCELLED"))
    assert [(row.job, row.owner, row.state) for row in report.ends] == [
        ("train (2)", "ubuntu", JobState.PENDING),
        ("train (1)", "ubuntu", JobState.RUNNING),
    ]


@pytest.mark.parametrize("error", [AccessError("may not list jobs"), UnavailableError("no answer")])
def test_what_cannot_be_seen_is_said_and_stops_nothing(error: AccessError | UnavailableError) -> None:
    account = on_eks(JobState.RUNNING)
    account.calls.fail("eks.describe", error)
    report = planned(account)
    assert (report.ends, len(report.actions)) == ((), 1)
    assert report.notices == (f"which jobs run there cannot be seen: {error.message}",)


def test_a_cluster_without_slurm_has_no_jobs_and_nothing_is_said_of_them() -> None:
    account = on_slurm("RUNNING")
    workers = replace(a_live_group("workers", 1, 1), slurm_node_type="Compute")
    account.clusters.add(replace(a_cluster("InService", workers), orchestrator="slurm", eks_cluster_arn=None))
    report = planned(account)
    assert (report.ends, report.notices) == ((), ())


def test_a_controller_that_does_not_run_cannot_be_asked() -> None:
    account = on_slurm("RUNNING")
    account.clusters.nodes_of["ml-cluster"] = [a_node("i-1", "Pending", instance_group="head")]
    (notice,) = planned(account).notices
    assert notice.startswith("which jobs run there cannot be seen: ")


def test_nobody_looks_into_a_cluster_that_is_being_deleted_already() -> None:
    account = on_eks(JobState.RUNNING)
    assert planned(account, "Deleting").ends == ()
    assert not account.calls.of("jobs.jobs")
