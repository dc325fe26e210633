"""What goes wrong with clusters that live: who is told of it, and what ends it.

`docs/reference/rules.md` is made of the same rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

OFTEN = "live-fault-recurrence"
"""What also warns of a fault that goes on long enough; how long that is, is the fault's own affair."""

NODES_MISSING: Final[Mapping[str, str]] = {
    "live-status": "warn",
    "live-count-target": "fail",
    "live-nodes-running": "fail",
    "live-events-errors": "warn",
}


@dataclass(frozen=True)
class Staged:
    """A fault of the sandbox (`hpctl sandbox inject FAULT`) that strikes the nodes of a cluster that comes up.

    `found` is what `hpctl doctor CLUSTER` finds while it lasts, and nothing else but OFTEN; `known` is the failure
    that it names in its evidence and `hpctl explain CLUSTER` names first; `remedy` is a part of what it says to do.
    """

    name: str
    example: Literal["eks", "slurm"]
    fault: str
    known: str
    remedy: str
    found: Mapping[str, str] = field(default_factory=lambda: NODES_MISSING)


@dataclass(frozen=True)
class Removed:
    """Something that is taken out of the Kubernetes of a healthy cluster: `kind` and `name` in `namespace`.

    `found` is what `hpctl doctor CLUSTER` finds then, and nothing else, `check` the one whose `remedy` is a part of
    what it says to do. It is well again once the thing is back.
    """

    name: str
    kind: str
    namespace: str
    object_name: str
    found: Mapping[str, str]
    check: str
    remedy: str

    @property
    def place(self) -> tuple[str, ...]:
        """Where it is, as kubectl is told."""
        return (self.kind, self.object_name, *(("--namespace", self.namespace) if self.namespace else ()))


STAGED = (
    Staged(
        "no capacity for the nodes",
        "eks",
        "no-capacity",
        "capacity-continuous",
        "wait, or give the group a subnet in another zone, fewer nodes or a training plan",
    ),
    Staged(
        "nodes that do not pass the EFA health check",
        "eks",
        "efa",
        "efa-health-check",
        "aws ec2 authorize-security-group-ingress --region us-west-2 --group-id ${SECURITY_GROUP} --protocol -1",
    ),
    Staged(
        "lifecycle scripts that fail",
        "slurm",
        "lifecycle",
        "lifecycle-failed",
        "aws logs tail /aws/sagemaker/Clusters/${NAME}/",
        # Its controller is among the nodes that do not come.
        {**NODES_MISSING, "live-slurm-controller": "unknown"},
    ),
)

CHART = "helm upgrade --install --reuse-values hyperpod-dependencies"
REMOVED = (
    Removed(
        "no device plugin for NVIDIA",
        "daemonset",
        "kube-system",
        "hyperpod-dependencies-nvidia-device-plugin",
        {"kube-device-plugins": "fail", "kube-allocatable": "fail"},
        "kube-device-plugins",
        CHART,
    ),
    Removed(
        "no device plugin for EFA",
        "daemonset",
        "kube-system",
        "hyperpod-dependencies-aws-efa-k8s-device-plugin",
        {"kube-device-plugins": "fail", "kube-allocatable": "fail"},
        "kube-device-plugins",
        CHART,
    ),
    Removed(
        "no health monitoring agent for NVIDIA",
        "daemonset",
        "aws-hyperpod",
        "health-monitoring-agent",
        {"kube-health-agent": "fail"},
        "kube-health-agent",
        CHART,
    ),
    Removed(
        "no network for pods",
        "daemonset",
        "kube-system",
        "aws-node",
        {"eks-cni-only": "fail"},
        "eks-cni-only",
        "aws eks create-addon --region us-west-2 --cluster-name hpctl-sandbox-api --addon-name vpc-cni",
    ),
    Removed(
        "no training operator",
        "deployment",
        "kubeflow",
        "hyperpod-dependencies-training-operators",
        {"kube-training-operator": "fail"},
        "kube-training-operator",
        CHART,
    ),
    Removed(
        "no kind of training jobs",
        "customresourcedefinition",
        "",
        "pytorchjobs.kubeflow.org",
        {"kube-job-kinds": "fail"},
        "kube-job-kinds",
        CHART,
    ),
)
