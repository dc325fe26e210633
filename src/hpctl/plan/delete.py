"""Decide what goes and what stays when a cluster is deleted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from hpctl.facts.records import Cluster, Identity
from hpctl.report.action import Action
from hpctl.report.plan import PlanReport
from hpctl.terms import ClusterStatus


def plan_delete(cluster: Cluster, identity: Identity, *, run_id: str, notices: Iterable[str] = ()) -> PlanReport:
    """Return the plan that deletes `cluster`; nothing is left to do when it is being deleted already.

    It is named by its ARN: a namesake that somebody makes meanwhile is another cluster.
    """
    delete = Action(verb="delete", subject=f"cluster/{cluster.name}", request={"ClusterName": cluster.arn})
    return PlanReport(
        identity=identity,
        cluster=cluster.name,
        arn=cluster.arn,
        orchestrator=cluster.orchestrator,
        state="present",
        run_id=run_id,
        actions=() if cluster.status == ClusterStatus.DELETING else (delete,),
        goes=tuple(_goes(cluster)),
        stays=tuple(_stays(cluster)),
        notices=tuple(notices),
    )


def plan_deleted(
    name: str, arn: str | None, identity: Identity, *, run_id: str, notices: Iterable[str] = ()
) -> PlanReport:
    """Return the plan for a cluster that an earlier command of this run deleted, and that is gone."""
    return PlanReport(
        identity=identity,
        cluster=name,
        arn=arn,
        orchestrator="",
        state="absent",
        run_id=run_id,
        actions=(),
        notices=(f"cluster `{name}` is gone", *notices),
    )


def _goes(cluster: Cluster) -> Iterator[str]:
    nodes = sum(group.current_count for group in cluster.instance_groups)
    yield f"cluster `{cluster.name}` ({cluster.arn})"
    for group in cluster.instance_groups:
        yield f"instance group `{group.name}`: {group.current_count} x {group.instance_type}"
    yield f"the root and secondary volumes of {nodes} nodes, with everything on them"
    yield "the nodes' network interfaces"


def _stays(cluster: Cluster) -> Iterator[str]:
    if cluster.eks_cluster_arn:
        yield f"EKS cluster `{cluster.eks_cluster_arn.rpartition('/')[2]}` with its objects and add-ons"
    for role in dict.fromkeys(group.execution_role for group in cluster.instance_groups):
        if role:
            # Deleted before the cluster, the role leaves it in Deleting: the service cannot remove its interfaces.
            yield f"execution role `{role.rpartition('/')[2]}` (delete it after the cluster, never before)"
    if cluster.subnet_ids:
        yield f"subnets {', '.join(cluster.subnet_ids)} and security groups {', '.join(cluster.security_group_ids)}"
    yield "lifecycle scripts in S3, file systems (FSx)"
    yield f"logs in CloudWatch group `{log_group(cluster)}`"


def log_group(cluster: Cluster) -> str:
    """Return the CloudWatch log group of a cluster (AWS documentation)."""
    return f"/aws/sagemaker/Clusters/{cluster.name}/{cluster.cluster_id}"
