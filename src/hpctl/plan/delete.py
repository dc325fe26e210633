"""Decide what goes and what stays when a cluster is deleted."""

from __future__ import annotations

from collections.abc import Iterator

from hpctl.facts.records import Cluster, Identity
from hpctl.report.plan import Action, PlanReport
from hpctl.terms import ClusterStatus


def plan_delete(cluster: Cluster, identity: Identity) -> PlanReport:
    """Return the plan that deletes `cluster`; nothing is left to do when it is being deleted already."""
    delete = Action(verb="delete", subject=f"cluster/{cluster.name}", request={"ClusterName": cluster.name})
    return PlanReport(
        identity=identity,
        cluster=cluster.name,
        arn=cluster.arn,
        orchestrator=cluster.orchestrator,
        state="present",
        actions=() if cluster.status == ClusterStatus.DELETING else (delete,),
        goes=tuple(_goes(cluster)),
        stays=tuple(_stays(cluster)),
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
    yield f"logs in CloudWatch group `/aws/sagemaker/Clusters/{cluster.name}/{cluster.cluster_id}`"
