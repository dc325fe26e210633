"""What the checks of a live cluster say that judge what SageMaker tells: a world for each thing they complain of."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hpctl.facts.records import AutoScaling, Operation, Scaling
from tests.unit.builders import (
    NOW,
    PLAN_ARN,
    a_cluster,
    a_live_group,
    a_node,
    a_training_plan,
    an_error,
    an_event,
)
from tests.unit.checks.rows_live import Happen, LiveRow, bad, both, doubtful, fails, passes, said, warns
from tests.unit.fakes import FakeAccount

NODE = "i-0a1b2c3d4e5f60718"
CLUSTER = "cluster/ml-cluster"
WORKERS = "instance group/workers"
LOGS = "/aws/sagemaker/Clusters/ml-cluster/abcdef012345"
NO_CAPACITY = "We currently do not have sufficient capacity to launch new ml.p5.48xlarge instances. Please try again."
NO_FREE = (
    "cause: AWS has no free instances of this type in the group's zone; with continuous provisioning HyperPod keeps "
    "trying"
)
CAPACITY = (
    f"said: {NO_CAPACITY}",
    NO_FREE,
    "known as: capacity-continuous",
)
ELSEWHERE = (
    "wait, or give the group a subnet in another zone, fewer nodes or a training plan\n"
    "aws ec2 describe-instance-type-offerings --region us-west-2 --location-type availability-zone-id --filters "
    "Name=instance-type,Values=p5.48xlarge --query 'InstanceTypeOfferings[].Location' --output text"
)
HARDWARE = (
    "said: Instance likely experienced a hardware failure",
    "cause: the host of the node is broken",
    "known as: hardware-failure",
)
SCRIPT_FAILED = "Lifecycle scripts did not run successfully. Ensure the scripts exist in provided S3 path."
REPLACED = "HyperPod replaces the node by itself where node recovery is on\nhpctl node list --cluster ml-cluster"
COMES_LATE = (
    "cause: with continuous provisioning a cluster is InService before its nodes are there: they come later, or fail "
    "again and again"
)
LATE = (
    COMES_LATE,
    "known as: in-service-without-nodes",
)
FOLLOW = "hpctl cluster events ml-cluster --follow"
UPDATE = "hpctl cluster update-software ml-cluster --group workers --dry-run"


def cluster(status: str = "InService", *groups: Any, **members: Any) -> Happen:
    return lambda account: account.clusters.add(a_cluster(status, *groups, **members))


def group(**members: Any) -> Happen:
    return cluster("InService", a_live_group(**members))


def nodes(*rows: Any) -> Happen:
    return lambda account: account.clusters.nodes_of.update({"ml-cluster": list(rows)})


def in_full(*rows: Any) -> Happen:
    return lambda account: account.clusters.nodes_in_full.update({row.node_id: row for row in rows})


def happened(*events: Any) -> Happen:
    return lambda account: account.clusters.happened.extend(events)


def message(event_id: str, text: str) -> Happen:
    return lambda account: account.clusters.failure_messages.update({event_id: text})


def works(started: timedelta, *scalings: Scaling, status: str = "InProgress") -> Happen:
    return lambda account: account.clusters.work(Operation("op-1", "Scaling", status, NOW - started, scalings))


def planned(**members: Any) -> Happen:
    return both(group(training_plan_arn=PLAN_ARN), lambda account: account.holding(a_training_plan(**members)))


def tested(account: FakeAccount) -> None:
    account.clusters.requests["ml-cluster"] = {"InstanceGroups": [{"OnStartDeepHealthChecks": ["InstanceStress"]}]}


def _hardware(event_id: str, hours: float, node: str, **members: Any) -> Any:
    words = "Instance likely experienced a hardware failure"
    return an_error(event_id, -3600 * hours, node_id=node, description=words, **members)


_SHORT = cluster("InService", a_live_group(current=1))
_GONE_PLAN = "arn:aws:sagemaker:us-west-2:123456789012:training-plan/gone"

ROWS: tuple[LiveRow, ...] = (
    passes("live-status", "one in service"),
    fails(
        "live-status",
        "one that failed for want of capacity",
        cluster("Failed", failure_message=NO_CAPACITY),
        bad(CLUSTER, "is `Failed`", *CAPACITY, remedy=ELSEWHERE),
    ),
    fails(
        "live-status",
        "one that failed in words that nobody knows",
        cluster("Failed", failure_message="The moon was in the way."),
        bad(CLUSTER, "is `Failed`", "said: The moon was in the way.", remedy="hpctl explain ml-cluster"),
    ),
    fails(
        "live-status",
        "one that comes",
        cluster("Creating"),
        bad(CLUSTER, "is still being created", remedy="hpctl doctor ml-cluster --wait"),
    ),
    fails(
        "live-status",
        "one that goes",
        cluster("Deleting"),
        bad(CLUSTER, "is being deleted: it takes no more work", remedy=FOLLOW),
    ),
    warns(
        "live-status",
        "one that is updated",
        cluster("Updating"),
        doubtful(CLUSTER, "is `Updating`: nothing else can be changed meanwhile", remedy=FOLLOW),
    ),
    fails(
        "live-status",
        "groups that are not well",
        cluster("InService", a_live_group("a", status="Failed"), a_live_group("b", status="Degraded")),
        bad("instance group/a", "is `Failed`", remedy="hpctl explain ml-cluster"),
        doubtful("instance group/b", "is `Degraded`", remedy="hpctl explain ml-cluster"),
    ),
    passes("live-stuck", "one that is created for an hour", cluster("Creating", created_at=NOW - timedelta(hours=1))),
    passes(
        "live-stuck",
        "deep health checks of three hours",
        both(cluster("Creating", created_at=NOW - timedelta(hours=3)), tested),
    ),
    warns(
        "live-stuck",
        "one that is created for two",
        cluster("Creating", created_at=NOW - timedelta(hours=2)),
        doubtful(
            CLUSTER,
            "takes longer to be created than it should",
            "since: 2026-03-01T10:00:00Z, 120 minutes",
            "cause: HyperPod asks again and again for capacity that is not there, or a lifecycle script waits for "
            "something",
            "known as: creation-slow",
            remedy="the events tell which; without continuous provisioning the creation is rolled back at last\n"
            "hpctl cluster events ml-cluster",
        ),
    ),
    passes("live-stuck", "nodes that end", both(cluster("Deleting"), nodes(a_node(status="ShuttingDown")))),
    warns(
        "live-stuck",
        "a deletion that nodes tell of",
        both(
            cluster("Deleting"),
            nodes(
                a_node("i-1", message="Instance likely experienced a hardware failure"),
                a_node("i-2", message="Instance likely experienced a hardware failure"),
                a_node("i-3", message="all is well"),
            ),
        ),
        doubtful(CLUSTER, "its deletion is stuck", "node: i-1", "node: i-2", *HARDWARE, remedy=REPLACED),
    ),
    warns(
        "live-count-target",
        "a node that is missing",
        _SHORT,
        doubtful(
            WORKERS,
            "has another number of nodes than asked for",
            "nodes: 1, asked for: 2",
            *LATE,
            remedy=f"follow the events of the group\n{FOLLOW}\nhpctl explain ml-cluster",
        ),
    ),
    fails(
        "live-count-target",
        "all of them missing",
        cluster("InService", a_live_group(current=0)),
        bad(
            WORKERS,
            "has no nodes",
            "nodes: 0, asked for: 2",
            *LATE,
            remedy=f"follow the events of the group\n{FOLLOW}\nhpctl explain ml-cluster",
        ),
    ),
    passes("live-count-target", "a group of none", cluster("InService", a_live_group(current=0, target=0))),
    passes("live-operations", "one that is over", works(timedelta(hours=2), status="Done")),
    passes(
        "live-operations",
        "one that has just begun",
        works(timedelta(minutes=5), Scaling("workers", "InProgress", 1, 2)),
        said("operation/op-1", "Scaling goes on", "since: 2026-03-01T11:55:00Z", "workers: 1 → 2, InProgress"),
    ),
    warns(
        "live-operations",
        "one that takes hours",
        works(timedelta(hours=2, minutes=30), Scaling("workers", "InProgress", 1, 2)),
        doubtful(
            "operation/op-1",
            "Scaling goes on for 2.5 hours",
            "since: 2026-03-01T09:30:00Z",
            "workers: 1 → 2, InProgress",
            remedy="hpctl cluster events ml-cluster\nhpctl explain ml-cluster",
        ),
    ),
    passes("live-node-recovery", "a cluster that says nothing", cluster(node_recovery=None)),
    warns(
        "live-node-recovery",
        "none",
        cluster(node_recovery="None"),
        doubtful(
            CLUSTER,
            "faulty nodes will not be rebooted or replaced",
            "NodeRecovery: None",
            remedy="aws sagemaker update-cluster --region us-west-2 --cluster-name ml-cluster "
            "--node-recovery Automatic",
        ),
    ),
    passes("live-karpenter-status", "one in service", cluster(auto_scaling=AutoScaling("Enable", "InService"))),
    passes("live-karpenter-status", "one that is off", cluster(auto_scaling=AutoScaling("Disable", "Failed"))),
    fails(
        "live-karpenter-status",
        "one that failed",
        cluster(auto_scaling=AutoScaling("Enable", "Failed", "cannot assume the role")),
        bad(
            CLUSTER,
            "autoscaling is `Failed`",
            "said: cannot assume the role",
            remedy="aws sagemaker describe-cluster --region us-west-2 --cluster-name ml-cluster "
            "--query '[ClusterRole, AutoScaling]'",
        ),
    ),
    warns(
        "live-karpenter-status",
        "one that comes",
        cluster(auto_scaling=AutoScaling("Enable", "Creating")),
        doubtful(
            CLUSTER,
            "autoscaling is `Creating`",
            remedy="aws sagemaker describe-cluster --region us-west-2 --cluster-name ml-cluster "
            "--query '[ClusterRole, AutoScaling]'",
        ),
    ),
    passes(
        "live-nodes-running",
        "a message of old",
        nodes(a_node(message="rebooted")),
        said(f"node/{NODE}", "runs; what was said of it is history", "said: rebooted"),
    ),
    passes(
        "live-nodes-running",
        "one that has just been launched",
        nodes(a_node(status="Pending", launched_at=NOW - timedelta(minutes=59)), a_node(status="Pending")),
    ),
    fails(
        "live-nodes-running",
        "one of which the list does not say why",
        both(
            nodes(a_node(status="Failure")),
            in_full(a_node(status="Failure", message="Instance likely experienced a hardware failure")),
        ),
        bad(
            f"node/{NODE}",
            "has failed (`Failure`)",
            f"{NODE}: Failure",
            *HARDWARE,
            remedy=f"{REPLACED}\nhpctl doctor ml-cluster --node {NODE}",
        ),
    ),
    fails(
        "live-nodes-running",
        "two that tell the same and one that tells nothing",
        nodes(
            a_node("i-1", "Failed", message=NO_CAPACITY, launched_at=NOW),
            a_node("i-2", "Failed", message=NO_CAPACITY),
            a_node("i-3", "Failure"),
        ),
        bad(
            "each of 2 nodes of workers",
            "has failed (`Failed`)",
            "i-1: Failed, since 2026-03-01T12:00:00Z",
            "i-2: Failed",
            *CAPACITY,
            remedy=f"{ELSEWHERE}\nhpctl doctor ml-cluster --node i-1",
        ),
        bad(
            "node/i-3",
            "has failed (`Failure`)",
            "i-3: Failure",
            "said: the node is in status Failure",
            remedy="hpctl explain ml-cluster\nhpctl doctor ml-cluster --node i-3",
        ),
    ),
    warns(
        "live-nodes-running",
        "one that is awaited for two hours",
        nodes(a_node(status="Pending", launched_at=NOW - timedelta(hours=2))),
        doubtful(
            f"node/{NODE}",
            "is `Pending` for more than an hour",
            f"{NODE}: Pending, since 2026-03-01T10:00:00Z",
            remedy="hpctl cluster events ml-cluster\nhpctl explain ml-cluster",
        ),
    ),
    passes("live-events-errors", "a cluster that has none to tell", cluster(node_provisioning=None)),
    passes("live-events-errors", "what is no error", both(_SHORT, happened(an_event("e-1", -60)))),
    passes("live-events-errors", "an error of the day before", both(_SHORT, happened(an_error("e-1", -2 * 86400)))),
    passes(
        "live-events-errors",
        "an error of a cluster that has all its nodes",
        both(happened(an_error("e-1", -60)), message("e-1", NO_CAPACITY)),
        said(
            WORKERS,
            "had an error, and has all its nodes now",
            "events: 1, the last at 2026-03-01T11:59:00Z: e-1",
            *CAPACITY,
        ),
    ),
    warns(
        "live-events-errors",
        "one fault in two events, and it again",
        both(
            _SHORT,
            happened(an_error("e-1", -600), an_error("e-2", -599), an_error("e-3", -60)),
            message("e-1", NO_CAPACITY),
            message("e-3", NO_CAPACITY),
        ),
        doubtful(
            WORKERS, "had an error", "events: 2, the last at 2026-03-01T11:59:00Z: e-3", *CAPACITY, remedy=ELSEWHERE
        ),
    ),
    warns(
        "live-events-errors",
        "errors of which one says more",
        both(
            _SHORT,
            happened(an_error("e-1", -600, description="it failed"), an_error("e-2", -60)),
            message("e-2", NO_CAPACITY),
        ),
        doubtful(
            WORKERS, "had an error", "events: 1, the last at 2026-03-01T11:59:00Z: e-2", *CAPACITY, remedy=ELSEWHERE
        ),
    ),
    warns(
        "live-events-errors",
        "an error of the cluster that nobody knows",
        both(_SHORT, happened(an_error("e-1", -60, instance_group=None, description="it failed"))),
        doubtful(
            CLUSTER,
            "had an error",
            "events: 1, the last at 2026-03-01T11:59:00Z: e-1",
            "said: it failed",
            remedy="hpctl explain ml-cluster",
        ),
    ),
    passes("live-fault-recurrence", "a cluster that has none to tell", cluster(node_provisioning=None)),
    passes(
        "live-fault-recurrence",
        "two of one kind",
        happened(_hardware("e-1", 50, "i-1"), _hardware("e-2", 40, "i-2")),
    ),
    passes(
        "live-fault-recurrence",
        "three of which one is too old",
        happened(_hardware("e-1", 169, "i-1"), _hardware("e-2", 40, "i-2"), _hardware("e-3", 2, "i-3")),
    ),
    passes(
        "live-fault-recurrence",
        "a script that fails on every node",
        happened(*(an_error(f"e-{n}", -n * 99, node_id=f"i-{n}", description=SCRIPT_FAILED) for n in range(4))),
    ),
    passes("live-fault-recurrence", "capacity of groups", happened(*(an_error(f"e-{n}", -n * 9) for n in range(5)))),
    warns(
        "live-fault-recurrence",
        "three of one kind in a week, another group apart",
        happened(
            _hardware("e-1", 50, "i-1"),
            _hardware("e-2", 40, "i-2"),
            _hardware("e-3", 2, "i-1"),
            _hardware("e-4", 2, "i-9", instance_group="others"),
        ),
        doubtful(
            WORKERS,
            "the same fault 3 times within a week: hardware-failure",
            "2026-03-01T10:00:00Z: i-1",
            "2026-02-27T20:00:00Z: i-2",
            "2026-02-27T10:00:00Z: i-1",
            remedy="hpctl cluster events ml-cluster --since 7d\n"
            "open a case with AWS that names these nodes and times, where the hosts differ and the job does not",
        ),
    ),
    warns(
        "live-fault-recurrence",
        "words that differ in ids alone",
        happened(
            *(an_error(f"e-{n}", -n * 99, node_id=f"i-{n}", description=f"GPU {n} of i-0a{n} lost") for n in (1, 2, 3))
        ),
        doubtful(
            WORKERS,
            "the same fault 3 times within a week: GPU … of … lost",
            "2026-03-01T11:58:21Z: i-1",
            "2026-03-01T11:56:42Z: i-2",
            "2026-03-01T11:55:03Z: i-3",
            remedy="hpctl cluster events ml-cluster --since 7d\n"
            "open a case with AWS that names these nodes and times, where the hosts differ and the job does not",
        ),
    ),
    passes(
        "live-log-access",
        "a cluster that never had nodes",
        both(cluster("InService", a_live_group(current=0)), lambda account: account.logs.groups.clear()),
    ),
    warns(
        "live-log-access",
        "no log group",
        lambda account: account.logs.groups.clear(),
        doubtful(
            CLUSTER,
            "there are no logs of lifecycle scripts",
            f"log group: {LOGS}",
            remedy="allow the execution role logs:CreateLogGroup, logs:CreateLogStream, logs:PutLogEvents and "
            f"logs:DescribeLogStreams\naws logs describe-log-groups --region us-west-2 --log-group-name-prefix {LOGS}",
        ),
    ),
    passes(
        "live-image-version",
        "a newer one",
        group(image_version_status="UpdateAvailable", current_image="ami-1", desired_image="ami-1"),
        said(WORKERS, "there is a newer image", "current image: ami-1"),
    ),
    warns(
        "live-image-version",
        "one at the end of its life",
        group(image_version_status="EndOfLife", current_image="ami-1", desired_image="ami-2"),
        doubtful(WORKERS, "its image is `EndOfLife`", "current image: ami-1", "desired image: ami-2", remedy=UPDATE),
    ),
    warns(
        "live-image-version",
        "one with holes",
        group(image_version_status="SecurityUpdateRequired"),
        doubtful(WORKERS, "its image is `SecurityUpdateRequired`", remedy=UPDATE),
    ),
    passes("live-software-update", "one that succeeded", group(software_update="Succeeded")),
    passes("live-software-update", "one that goes on", group(software_update="InProgress")),
    *(
        warns(
            "live-software-update",
            state,
            group(software_update=state, current_image="ami-1"),
            doubtful(
                WORKERS,
                words,
                f"SoftwareUpdateStatus: {state}",
                "current image: ami-1",
                remedy=f"hpctl explain ml-cluster\nhpctl cluster events ml-cluster\n{UPDATE}",
            ),
        )
        for state, words in (
            ("Failed", "its last update of software failed"),
            ("RollbackInProgress", "its update of software is being rolled back"),
            ("RollbackComplete", "its last update of software was rolled back"),
        )
    ),
    passes("live-training-plan", "no plan", group()),
    passes("live-training-plan", "two days left", planned(end_at=NOW + timedelta(days=2))),
    fails(
        "live-training-plan",
        "one that is gone",
        both(group(training_plan_arn=_GONE_PLAN), lambda account: account.plans.known_plans.clear()),
        bad(
            f"training plan/{_GONE_PLAN}",
            "is gone, and `workers` of the cluster counts on it",
            remedy="aws sagemaker list-training-plans --region us-west-2",
        ),
    ),
    fails(
        "live-training-plan",
        "one that is over",
        planned(status="Expired"),
        bad(
            "training plan/p5-plan",
            "is `Expired`, and `workers` of the cluster counts on it",
            remedy="save checkpoints outside of the nodes, then look for an extension\n"
            f"aws sagemaker search-training-plan-offerings --region us-west-2 --training-plan-arn {PLAN_ARN}",
        ),
    ),
    warns(
        "live-training-plan",
        "one that ends and is not well",
        planned(end_at=NOW + timedelta(hours=6), unhealthy_count=1),
        doubtful(
            "training plan/p5-plan",
            "ends in 6.0 hours, and with it the nodes of `workers`",
            "EndTime: 2026-03-01T18:00:00Z",
            remedy="save checkpoints outside of the nodes, then look for an extension\n"
            f"aws sagemaker search-training-plan-offerings --region us-west-2 --training-plan-arn {PLAN_ARN}",
        ),
        doubtful(
            "training plan/p5-plan",
            "has instances that are not well",
            "UnhealthyInstanceCount: 1",
            remedy="aws sagemaker describe-training-plan --region us-west-2 --training-plan-name p5-plan",
        ),
    ),
)

_LIVE = ("clusters.describe",)
_ERRORS = ("clusters.describe", "clusters.events", "clusters.event")
_FAULTY = happened(an_error("e-1", -60))
SCENES: dict[str, tuple[Happen, tuple[str, ...]]] = {
    "live-status": (group(), _LIVE),
    "live-stuck": (cluster("Deleting"), (*_LIVE, "clusters.nodes")),
    "live-count-target": (group(), _LIVE),
    "live-operations": (works(timedelta(minutes=5)), (*_LIVE, "clusters.operations", "clusters.operation")),
    "live-node-recovery": (group(), _LIVE),
    "live-karpenter-status": (group(), _LIVE),
    "live-nodes-running": (nodes(a_node(status="Failure")), (*_LIVE, "clusters.nodes", "clusters.node")),
    "live-events-errors": (_FAULTY, _ERRORS),
    "live-fault-recurrence": (_FAULTY, _ERRORS),
    "live-log-access": (group(), (*_LIVE, "logs.streams")),
    "live-image-version": (group(), _LIVE),
    "live-software-update": (group(), _LIVE),
    "live-training-plan": (planned(), (*_LIVE, "plans.plan")),
}
"""Of each check a cluster of which it asks all that it can, and what that is."""
