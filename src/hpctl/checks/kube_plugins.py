"""Whether the device plugins of a live cluster offer what its nodes have: for every type, new enough, one for each."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Final

from hpctl.checks.declare import check, fail, note, warn
from hpctl.checks.live import HEALTH_LABEL, subject_of
from hpctl.checks.live_parts import PLUGINS, devices_of, workloads
from hpctl.facts.kubernetes import ClusterOnEks, Taint, Workload
from hpctl.facts.world import World
from hpctl.report.check import Finding

_WORKLOADS = ("eks:DescribeCluster", "kubernetes:daemonsets.apps", "kubernetes:deployments.apps")

UNDER_TEST: Final = Taint(HEALTH_LABEL, "NoSchedule", "Unschedulable")
"""What keeps pods off a node during deep health checks (AWS documentation, SageMaker HyperPod on EKS)."""

LEAST_EFA_PLUGIN: Final = (0, 5, 10)
"""Older ones offer 10 devices on p6-b200.48xlarge, which has 8 (reported: aws/sagemaker-hyperpod-cli, issue 282)."""
_NEEDS_NEW_EFA: Final = "ml.p6-"
_TYPES_PATH: Final = (
    "/spec/template/spec/affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution"
    "/nodeSelectorTerms/0/matchExpressions/0/values/-"
)
"""Where the plugins of AWS's chart have their list of types (aws/sagemaker-hyperpod-cli 3.12.0, helm_chart)."""
_ASIDE: Final = ("mps-control", "feature-discovery")
"""NVIDIA's DaemonSets whose names are like the plugin's."""


@check(
    "eks-device-plugin-types",
    "device plugins are for all instance types of the cluster",
    needs=("kube-token",),
    reads=("sagemaker:DescribeCluster", *_WORKLOADS),
    blocking=False,
)
def plugin_types(live: ClusterOnEks, world: World) -> Iterator[Finding]:
    """Each plugin of AWS's chart runs on the instance types of a list. A type that is newer than the list has none.

    Its nodes then offer no devices, and pods that ask for them stay Pending (`Insufficient nvidia.com/gpu`).
    """
    for having, part in PLUGINS.items():
        found = [one for one in workloads(live, world, "DaemonSet") if part in one.name]
        for name in _types_of(live, world) if found else ():
            lists = [one.instance_types for one in found]
            if having in devices_of(name) and all(one is not None and name not in one for one in lists):
                message = f"does not run on {name}, which has {having} devices"
                yield fail(
                    str(found[0]), message, f"for: {_some(lists[0] or ())}", remedy=_patch(found[0], _TYPES_PATH, name)
                )


@check(
    "eks-device-plugin-toleration",
    "device plugins run on nodes that are being tested",
    needs=("kube-token",),
    reads=_WORKLOADS,
    blocking=False,
)
def plugin_toleration(live: ClusterOnEks, world: World) -> Iterator[Finding]:
    """HyperPod taints a node during its deep health checks, which take about two hours.

    A plugin that does not tolerate that taint comes late to new nodes, and does not come back to a node that restarts
    meanwhile.
    """
    for one in workloads(live, world, "DaemonSet"):
        if any(part in one.name for part in PLUGINS.values()) and not any(
            each.bears(UNDER_TEST) for each in one.tolerations
        ):
            yield warn(str(one), "does not tolerate the taint of HyperPod's health checks", remedy=_tolerate(one))


@check(
    "eks-efa-plugin-version",
    "the EFA device plugin counts the interfaces of the nodes' types",
    needs=("kube-token",),
    reads=("sagemaker:DescribeCluster", *_WORKLOADS),
    blocking=False,
)
def efa_plugin_version(live: ClusterOnEks, world: World) -> Iterator[Finding]:
    """Before 0.5.10 the plugin told of 10 EFA interfaces on P6 instances.

    Pods that ask for what the catalogue says get fewer than they use, or wait. Elsewhere an old one is only noted; one
    whose image has no version in its tag is not judged.
    """
    newest = [name for name in _types_of(live, world) if name.startswith(_NEEDS_NEW_EFA)]
    for one in workloads(live, world, "DaemonSet"):
        old = [image for image in one.images if (0,) < _version(image) < LEAST_EFA_PLUGIN]
        if PLUGINS["EFA"] not in one.name or not old:
            continue
        if newest:
            upgrade = old[0].rpartition(":")[0] + ":v0.5.20"
            remedy = f"kubectl set image daemonset/{one.name} --namespace {one.namespace} '*={upgrade}'"
            message = f"is too old for {', '.join(newest)}"
            yield warn(str(one), message, f"image: {old[0]}", "needed: 0.5.10 or newer", remedy=remedy)
        else:
            yield note(str(one), "is older than 0.5.10, which P6 instances need", f"image: {old[0]}")


@check(
    "eks-gpu-operator-conflict",
    "one plugin offers the GPUs of a node",
    needs=("kube-token",),
    reads=_WORKLOADS,
    blocking=False,
)
def gpu_operator_conflict(live: ClusterOnEks, world: World) -> Iterator[Finding]:
    """NVIDIA's GPU operator brings a device plugin, and AWS's chart another.

    Both register `nvidia.com/gpu` with the kubelet: the count goes up and down, and a GPU may be given to two pods.
    """
    found = [one for one in workloads(live, world, "DaemonSet") if _offers_gpus(one)]
    if len({one.namespace for one in found}) > 1:
        chart = next((one for one in found if one.namespace == "kube-system"), found[0])
        yield warn(
            subject_of(live),
            f"{len(found)} plugins offer the same GPUs",
            *map(str, found),
            remedy="helm upgrade hyperpod-dependencies CHART --namespace kube-system --reuse-values "
            f"--set nvidia-device-plugin.devicePlugin.enabled=false\nkubectl delete daemonset {chart.name} "
            f"--namespace {chart.namespace}",
        )


def _offers_gpus(one: Workload) -> bool:
    return PLUGINS["NVIDIA"] in one.name and not any(part in one.name for part in _ASIDE)


def _version(image: str) -> tuple[int, ...]:
    found = re.search(r":v?(\d+)\.(\d+)\.(\d+)", image)
    return tuple(map(int, found.groups())) if found else ()


def _types_of(live: ClusterOnEks, world: World) -> list[str]:
    cluster = world.cluster(live.name)
    return sorted({group.instance_type for group in cluster.instance_groups}) if cluster else []


def _patch(one: Workload, path: str, value: object) -> str:
    change = json.dumps([{"op": "add", "path": path, "value": value}])
    return f"kubectl patch daemonset {one.name} --namespace {one.namespace} --type json --patch '{change}'"


def _tolerate(one: Workload) -> str:
    row = {"key": UNDER_TEST.key, "operator": "Equal", "value": UNDER_TEST.value, "effect": UNDER_TEST.effect}
    path = "/spec/template/spec/tolerations"
    return _patch(one, f"{path}/-", row) if one.tolerations else _patch(one, path, [row])


def _some(types: tuple[str, ...]) -> str:
    return ", ".join(types[:8]) + (f" and {len(types) - 8} more" if len(types) > 8 else "")  # noqa: PLR2004
