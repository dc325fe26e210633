"""A live cluster and its instance groups as SageMaker has them: in service, complete, and getting on."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final

from hpctl import timeouts
from hpctl.checks.declare import check, fail, note, warn
from hpctl.checks.live_words import SHOWN, cluster_of, listed, silent, words_of
from hpctl.facts.live_targets import LiveCluster
from hpctl.facts.records import Cluster, InstanceGroup, Node, Operation
from hpctl.facts.world import World
from hpctl.report.check import Finding
from hpctl.terms import ClusterStatus

_SLOW: Final = timedelta(hours=1)
"""After so long an operation does not only take its time any more (AWS documentation: minutes to tens of them)."""


@check("live-status", "the cluster is in service", reads=("sagemaker:DescribeCluster",))
def status(live: LiveCluster, world: World) -> Iterator[Finding]:
    """Only a cluster that is in service takes work; what HyperPod says of a failed one is explained.

    While a cluster is updated it goes on working, and no other change to it is possible. An instance group can be
    `Failed` or `Degraded` in a cluster that is in service (SageMaker `InstanceGroupStatus`).
    """
    cluster = cluster_of(live, world)
    subject = f"cluster/{cluster.name}"
    match cluster.status:
        case ClusterStatus.FAILED | ClusterStatus.ROLLING_BACK:
            told = words_of(cluster.failure_message or "AWS gives no reason", cluster)
            yield fail(subject, f"is `{cluster.status}`", *told.evidence, remedy=told.remedy)
        case ClusterStatus.CREATING:
            yield fail(subject, "is still being created", remedy=f"hpctl doctor {cluster.name} --wait")
        case ClusterStatus.DELETING:
            remedy = f"hpctl cluster events {cluster.name} --follow"
            yield fail(subject, "is being deleted: it takes no more work", remedy=remedy)
        case ClusterStatus.IN_SERVICE:
            pass
        case other:
            remedy = f"hpctl cluster events {cluster.name} --follow"
            yield warn(subject, f"is `{other}`: nothing else can be changed meanwhile", remedy=remedy)
    for group in cluster.instance_groups:
        if group.status in ("Failed", "Degraded"):
            complain = fail if group.status == "Failed" else warn
            yield complain(_subject(group), f"is `{group.status}`", remedy=f"hpctl explain {cluster.name}")


@check(
    "live-stuck",
    "creating and deleting get on",
    reads=("sagemaker:DescribeCluster", "sagemaker:ListClusterNodes"),
    blocking=False,
)
def stuck(live: LiveCluster, world: World) -> Iterator[Finding]:
    """A cluster is created within 25 minutes, with deep health checks within two hours and a half.

    After that HyperPod mostly asks for capacity in vain, or a lifecycle script waits. A deletion that hangs says why
    in the messages of its nodes: most often their role is gone, or may not remove network interfaces any more.
    """
    cluster = cluster_of(live, world)
    age = world.now() - cluster.created_at
    if cluster.status == ClusterStatus.CREATING and age > _usual(live, world):
        evidence, remedy = silent("creation-slow", cluster)
        minutes = f"since: {cluster.created_at:%Y-%m-%dT%H:%M:%SZ}, {age.total_seconds() / 60:.0f} minutes"
        message = "takes longer to be created than it should"
        yield warn(f"cluster/{cluster.name}", message, minutes, *evidence, remedy=remedy)
    if cluster.status == ClusterStatus.DELETING:
        yield from _kept_by(world.nodes(live.name), cluster)


@check(
    "live-count-target",
    "instance groups have as many nodes as asked for",
    needs=("live-status",),
    reads=("sagemaker:DescribeCluster",),
    blocking=False,
)
def count_target(live: LiveCluster, world: World) -> Iterator[Finding]:
    """A cluster is in service before its nodes are: with continuous provisioning they come one by one, or never.

    A node that HyperPod replaces is missing for a while; for scarce types it goes on trying for hours.
    """
    cluster = cluster_of(live, world)
    for group in cluster.instance_groups:
        if group.settled:
            continue
        evidence, remedy = silent("in-service-without-nodes", cluster, group.name)
        seen = f"nodes: {group.current_count}, asked for: {group.target_count}"
        complain = fail if group.current_count == 0 else warn
        message = f"has {'no nodes' if group.current_count == 0 else 'another number of nodes than asked for'}"
        yield complain(_subject(group), message, seen, *evidence, remedy=f"{remedy}\nhpctl explain {cluster.name}")


@check(
    "live-operations",
    "no operation takes longer than it should",
    reads=("sagemaker:DescribeCluster", "sagemaker:DescribeClusterOperation", "sagemaker:ListClusterOperations"),
    blocking=False,
)
def operations(live: LiveCluster, world: World) -> Iterator[Finding]:
    """An operation that goes on is no fault, and no other change is taken meanwhile.

    After an hour it is one: scaling that does not get on waits for capacity, or its nodes fail and come again. AWS
    keeps operations for 14 days.
    """
    cluster = cluster_of(live, world)
    for one in world.operations(cluster.name):
        age = world.now() - one.created_at
        subject, started = f"operation/{one.operation_id}", f"since: {one.created_at:%Y-%m-%dT%H:%M:%SZ}"
        if age > _SLOW:
            message = f"{one.type} goes on for {age.total_seconds() / 3600:.1f} hours"
            remedy = f"hpctl cluster events {live.name}\nhpctl explain {live.name}"
            yield warn(subject, message, started, *_scalings(one), remedy=remedy)
        else:
            yield note(subject, f"{one.type} goes on", started, *_scalings(one))


@check(
    "live-node-recovery",
    "faulty nodes are recovered by themselves",
    reads=("sagemaker:DescribeCluster",),
    blocking=False,
)
def node_recovery(live: LiveCluster, world: World) -> Iterator[Finding]:
    """With `NodeRecovery: None` a faulty node stays until somebody replaces it, and no job resumes by itself."""
    cluster = cluster_of(live, world)
    if cluster.node_recovery == "None":
        where = f"--region {cluster.arn.split(':')[3]} --cluster-name {cluster.name}"
        yield warn(
            f"cluster/{cluster.name}",
            "faulty nodes will not be rebooted or replaced",
            "NodeRecovery: None",
            remedy=f"aws sagemaker update-cluster {where} --node-recovery Automatic",
        )


@check(
    "live-karpenter-status",
    "autoscaling is in service",
    reads=("sagemaker:DescribeCluster",),
    blocking=False,
)
def auto_scaling(live: LiveCluster, world: World) -> Iterator[Finding]:
    """HyperPod's own Karpenter makes nodes for pods that wait; when it has failed they wait for ever.

    Most often the cluster role is the reason (SageMaker `ClusterAutoScalingStatus`).
    """
    cluster = cluster_of(live, world)
    scaling = cluster.auto_scaling
    if scaling is None or scaling.mode != "Enable" or scaling.status == "InService":
        return
    evidence = (f"said: {scaling.failure_message}",) if scaling.failure_message else ()
    where = f"--region {cluster.arn.split(':')[3]} --cluster-name {cluster.name}"
    complain = fail if scaling.status == "Failed" else warn
    yield complain(
        f"cluster/{cluster.name}",
        f"autoscaling is `{scaling.status}`",
        *evidence,
        remedy=f"aws sagemaker describe-cluster {where} --query '[ClusterRole, AutoScaling]'",
    )


def _usual(live: LiveCluster, world: World) -> timedelta:
    found = world.live(live.name)
    groups: Any = found.request.get("InstanceGroups", ()) if found else ()
    tested = any(group.get("OnStartDeepHealthChecks") for group in groups)
    return timedelta(seconds=timeouts.CREATE_WAIT_S + (timeouts.DEEP_CHECKS_S if tested else 0))


def _kept_by(nodes: tuple[Node, ...], cluster: Cluster) -> Iterator[Finding]:
    """Yield each known reason that keeps nodes from ending, with the nodes that tell it."""
    reasons: dict[str, list[Node]] = {}
    for node in nodes:
        told = words_of(node.message or "", cluster, node.instance_group)
        if told.known:
            reasons.setdefault(told.alike, []).append(node)
    for same in reasons.values():
        told = words_of(same[0].message or "", cluster, same[0].instance_group)
        names = listed([f"node: {node.node_id}" for node in same])
        yield warn(f"cluster/{cluster.name}", "its deletion is stuck", *names, *told.evidence, remedy=told.remedy)


def _scalings(one: Operation) -> Iterator[str]:
    for scaling in one.scalings[:SHOWN]:
        yield f"{scaling.instance_group}: {scaling.original_count} → {scaling.target_count}, {scaling.status}"


def _subject(group: InstanceGroup) -> str:
    return f"instance group/{group.name}"
