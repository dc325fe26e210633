"""What the checks of one node say: a world for each thing they complain of."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hpctl.facts.kubernetes import Taint
from tests.unit.builders import NOW, a_kubernetes_node, a_live_group, a_node, an_error
from tests.unit.checks.rows_live import Happen, LiveRow, bad, both, doubtful, fails, joined, passes, said, warns
from tests.unit.checks.rows_live_cluster import HARDWARE, LOGS, REPLACED, cluster, happened, in_full

ID = "i-0a1b2c3d4e5f60718"
NAME = f"hyperpod-{ID}"
NODE = f"node/{ID}"
KIND = "ml.p5.48xlarge, instance group workers"
BROKEN = "Instance likely experienced a hardware failure"
STREAM = f"LifecycleConfig/workers/{ID}"
LOST = "This instance not found in resource config. Can't process"
LOST_CAUSE = (
    "cause: the script looks for its own address in resource_config.json and does not find it: it reads a copy, or "
    "counts on an address of another interface"
)
SILENT_CAUSE = (
    "cause: the node never came as far as its scripts (network, EFA), its role may not write logs, or the script "
    "writes nothing to /var/log/provision/provisioning.log"
)


def one(status: str = "Running", **members: Any) -> Happen:
    return in_full(a_node(status=status, **members))


def failed(event_id: str, **members: Any) -> Happen:
    return happened(an_error(event_id, -60, **{"node_id": ID, "description": BROKEN, **members}))


def log(*lines: str) -> Happen:
    return lambda account: account.logs.lines.update({(LOGS, STREAM): lines})


def labelled(health: str, *taints: Taint, **others: str) -> Happen:
    prefix = "sagemaker.amazonaws.com/"
    labels = {f"{prefix}node-health-status": health} | {
        f"{prefix}{name.replace('_', '-')}": value for name, value in others.items()
    }
    return joined(a_kubernetes_node(NAME, labels=labels, taints=taints))


def own(**members: Any) -> Happen:
    return joined(a_kubernetes_node(NAME, **members))


_UNHEALTHY = Taint("sagemaker.amazonaws.com/node-health-status", "NoSchedule", "Unschedulable")
_WAIT = f"hpctl doctor ml-cluster --node {ID} --wait --fail-on warn"
_PODS = f"kubectl get pods --all-namespaces --field-selector spec.nodeName={NAME}"

ROWS: tuple[LiveRow, ...] = (
    passes(
        "live-node-status",
        "a message of old",
        one(message="rebooted"),
        said(NODE, "runs; what was said of it is history", "said: rebooted"),
    ),
    fails(
        "live-node-status",
        "a fault that is known",
        one("Failure", message=BROKEN, launched_at=NOW - timedelta(hours=2)),
        bad(NODE, "has failed (`Failure`)", KIND, "launched: 2026-03-01T10:00:00Z", *HARDWARE, remedy=REPLACED),
    ),
    fails(
        "live-node-status",
        "a fault without a word",
        one("Failed"),
        bad(NODE, "has failed (`Failed`)", KIND, "said: nothing", remedy=f"hpctl explain ml-cluster --node {ID}"),
    ),
    fails(
        "live-node-status",
        "one that is tested",
        one("DeepHealthCheckInProgress"),
        bad(NODE, "is `DeepHealthCheckInProgress`", KIND, remedy=f"hpctl doctor ml-cluster --node {ID} --wait"),
    ),
    passes("live-node-events", "an error of another node", both(one("Failure"), failed("e-1", node_id="i-other"))),
    passes("live-node-events", "a cluster that has none to tell", cluster(node_provisioning=None)),
    passes(
        "live-node-events",
        "an error of one that runs",
        failed("e-1"),
        said(NODE, "had an error, and runs now", "event: 2026-03-01T11:59:00Z: e-1", *HARDWARE),
    ),
    warns(
        "live-node-events",
        "an error of one that does not run",
        both(one("Failure"), failed("e-1")),
        doubtful(NODE, "had an error", "event: 2026-03-01T11:59:00Z: e-1", *HARDWARE, remedy=REPLACED),
    ),
    passes(
        "live-node-image",
        "the one of its group",
        both(one(image_id="ami-1"), cluster("InService", a_live_group(current_image="ami-1"))),
    ),
    warns(
        "live-node-image",
        "another",
        both(one(image_id="ami-1"), cluster("InService", a_live_group(current_image="ami-2"))),
        doubtful(
            NODE,
            "runs another image than its group",
            "of the node: ami-1",
            "of the group: ami-2",
            remedy="hpctl cluster update-software ml-cluster --group workers --dry-run",
        ),
    ),
    passes("live-node-log", "nothing of failures", log("all is well")),
    passes(
        "live-node-log",
        "a failure of one that runs",
        log("begin", LOST),
        said(
            NODE,
            "its scripts' log tells of a failure, and it runs",
            f"{STREAM}, line 2 of its last 2: {LOST}",
            LOST_CAUSE,
            "known as: lifecycle-node-not-in-config",
        ),
    ),
    warns(
        "live-node-log",
        "a failure of one that failed",
        both(one("Failure"), log("begin", LOST)),
        doubtful(
            NODE,
            "its scripts' log tells of a failure",
            f"{STREAM}, line 2 of its last 2: {LOST}",
            LOST_CAUSE,
            "known as: lifecycle-node-not-in-config",
            remedy="read the file that the variable SAGEMAKER_RESOURCE_CONFIG_PATH names\n"
            f"aws logs tail {LOGS} --region us-west-2 --since 1d --log-stream-name-prefix LifecycleConfig/workers",
        ),
    ),
    warns(
        "live-node-log",
        "no log of one that failed",
        one("Failure"),
        doubtful(
            NODE,
            "has failed, and left no log",
            f"log group: {LOGS}",
            SILENT_CAUSE,
            "known as: lifecycle-silent",
            remedy="look at the network first, then at the role's permissions for logs, then at what the script writes "
            "where\nhpctl cluster check ml-cluster",
        ),
    ),
    passes("live-node-joined", "one that does not run", both(one("Pending"), joined())),
    fails(
        "live-node-joined",
        "one that has not",
        joined(a_kubernetes_node("hyperpod-i-other")),
        bad(
            NODE,
            "runs, and has not joined the EKS cluster",
            f"missing: {NAME} in training",
            remedy=f"hpctl explain ml-cluster --node {ID}\nhpctl doctor ml-cluster",
        ),
    ),
    passes("live-node-ready", "one that is not there", both(one("Pending"), joined())),
    fails(
        "live-node-ready",
        "a kubelet that does not report",
        own(ready=False),
        bad(NODE, "its kubelet does not report that it is ready", remedy=f"kubectl describe node {NAME}"),
    ),
    warns(
        "live-node-ready",
        "one that is cordoned",
        own(unschedulable=True, taints=(Taint("node.kubernetes.io/unschedulable", "NoSchedule"),)),
        doubtful(
            NODE,
            "somebody has cordoned it",
            "taint: node.kubernetes.io/unschedulable:NoSchedule",
            remedy=f"kubectl uncordon {NAME}",
        ),
    ),
    warns(
        "live-node-ready",
        "one in deep health checks",
        labelled("Unschedulable", _UNHEALTHY, deep_health_check_status="InProgress"),
        doubtful(
            NODE,
            "is `Unschedulable` for HyperPod",
            "deep-health-check-status: InProgress",
            "taint: sagemaker.amazonaws.com/node-health-status=Unschedulable:NoSchedule",
            remedy=_WAIT,
        ),
    ),
    warns(
        "live-node-ready",
        "one that will be replaced",
        labelled("UnschedulablePendingReplacement", fault_types="NvidiaGPUUnhealthy", fault_reasons="Xid79"),
        doubtful(
            NODE,
            "is `UnschedulablePendingReplacement` for HyperPod",
            "fault-types: NvidiaGPUUnhealthy",
            "fault-reasons: Xid79",
            remedy=f"HyperPod replaces it by itself where node recovery is on\n{_WAIT}",
        ),
    ),
    passes("live-node-allocatable", "one that is not there", both(one("Pending"), joined())),
    fails(
        "live-node-allocatable",
        "no EFA and a GPU less",
        own(allocatable={"nvidia.com/gpu": "7"}),
        doubtful(
            NODE,
            "offers less `nvidia.com/gpu` than ml.p5.48xlarge has",
            "of the type: 8",
            "of the node: 7",
            remedy=_PODS,
        ),
        bad(
            NODE,
            "offers less `vpc.amazonaws.com/efa` than ml.p5.48xlarge has",
            "of the type: 32",
            "of the node: 0",
            remedy=_PODS,
        ),
    ),
)

_NODE = ("clusters.describe", "clusters.node")
_KUBE = ("clusters.node", "eks.describe", "kubernetes.nodes")
SCENES: dict[str, tuple[Happen, tuple[str, ...]]] = {
    "live-node-status": (one(), _NODE),
    "live-node-events": (failed("e-1"), (*_NODE, "clusters.events", "clusters.event")),
    "live-node-image": (one(), _NODE),
    "live-node-log": (log("all is well"), (*_NODE, "logs.streams", "logs.last_lines")),
    "live-node-joined": (one(), _KUBE),
    "live-node-ready": (one(), _KUBE),
    "live-node-allocatable": (one(), _KUBE),
}
"""Of each check a node of which it asks all that it can, and what that is."""
