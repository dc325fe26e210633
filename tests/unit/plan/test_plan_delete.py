"""The plan to delete: what goes, what stays, and when there is nothing left to do."""

from __future__ import annotations

import pytest

from hpctl.facts.records import Cluster, Identity
from hpctl.plan import delete
from hpctl.report.plan import PlanReport
from tests.unit.builders import CLUSTER_ARN, PLAIN_TYPE, ROLE, a_cluster, a_live_group, an_identity


def plan_delete(cluster: Cluster, identity: Identity) -> PlanReport:
    return delete.plan_delete(cluster, identity, run_id="run-1")


def test_it_sends_the_arn_and_nothing_else() -> None:
    plan = plan_delete(a_cluster(), an_identity())
    (action,) = plan.actions
    assert (action.verb, action.subject, action.request) == (
        "delete",
        "cluster/ml-cluster",
        {"ClusterName": CLUSTER_ARN},
    )
    assert (plan.state, plan.orchestrator, plan.identity) == ("present", "eks", an_identity())
    assert (plan.run_id, plan.arn) == ("run-1", CLUSTER_ARN)


def test_it_tells_what_would_keep_it_from_ending() -> None:
    plan = delete.plan_delete(a_cluster(), an_identity(), run_id="run-1", notices=iter(["a role is gone"]))
    assert plan.notices == ("a role is gone",)


def test_what_is_gone_needs_no_action() -> None:
    plan = delete.plan_deleted("ml-cluster", CLUSTER_ARN, an_identity(), run_id="run-1")
    assert (plan.state, plan.actions, plan.arn) == ("absent", (), CLUSTER_ARN)
    assert plan.notices == ("cluster `ml-cluster` is gone",)


def test_it_lists_what_goes() -> None:
    cluster = a_cluster(
        "InService", a_live_group(current=4, target=6), a_live_group("system", 1, 1, instance_type=PLAIN_TYPE)
    )
    assert plan_delete(cluster, an_identity()).goes == (
        "cluster `ml-cluster` (arn:aws:sagemaker:us-west-2:123456789012:cluster/abcdef012345)",
        "instance group `workers`: 4 x ml.p5.48xlarge",
        "instance group `system`: 1 x ml.c5.2xlarge",
        "the root and secondary volumes of 5 nodes, with everything on them",
        "the nodes' network interfaces",
    )


def test_it_lists_what_stays_and_names_the_role_once() -> None:
    cluster = a_cluster("InService", a_live_group(), a_live_group("system"))
    assert plan_delete(cluster, an_identity()).stays == (
        "EKS cluster `training` with its objects and add-ons",
        "execution role `hyperpod-execution` (delete it after the cluster, never before)",
        "subnets subnet-1 and security groups sg-nodes",
        "lifecycle scripts in S3, file systems (FSx)",
        "logs in CloudWatch group `/aws/sagemaker/Clusters/ml-cluster/abcdef012345`",
    )


def test_on_slurm_in_the_service_s_network_less_stays() -> None:
    cluster = a_cluster(
        "Failed",
        a_live_group(execution_role=None),
        orchestrator="slurm",
        eks_cluster_arn=None,
        subnet_ids=(),
        security_group_ids=(),
    )
    plan = plan_delete(cluster, an_identity())
    assert plan.orchestrator == "slurm"
    assert [line.split()[0] for line in plan.stays] == ["lifecycle", "logs"]


def test_every_role_stays() -> None:
    cluster = a_cluster(
        "InService", a_live_group(), a_live_group("b", execution_role=ROLE.replace("hyperpod", "other"))
    )
    roles = [line for line in plan_delete(cluster, an_identity()).stays if line.startswith("execution role")]
    assert [line.split("`")[1] for line in roles] == ["hyperpod-execution", "other-execution"]


def test_nothing_is_left_to_do_while_it_is_being_deleted() -> None:
    plan = plan_delete(a_cluster("Deleting"), an_identity())
    assert (plan.actions, plan.state) == ((), "present")


@pytest.mark.parametrize("status", ["Creating", "Failed", "InService", "RollingBack", "SystemUpdating", "Updating"])
def test_in_every_other_state_it_is_deleted(status: str) -> None:
    assert len(plan_delete(a_cluster(status), an_identity()).actions) == 1
