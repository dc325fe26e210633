"""What a HyperPod instance looks like as a Node: labels, taints, what it offers, its conditions.

Sources: AWS documentation of HyperPod on EKS (labels, taints, node names), Kubernetes documentation ("Well-Known
Labels, Annotations and Taints"), `catalog.instance_types` and `catalog.reservation`. Its `nodeInfo` says that no
machine stands behind it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from hpctl.catalog.instance_types import InstanceType, instance_type
from hpctl.sandbox.kube.metadata import timestamp
from hpctl.terms import AcceleratorKind

if TYPE_CHECKING:
    from datetime import datetime

    from hpctl.sandbox.kube.ports import Instance
    from hpctl.sandbox.kube.resources import Object

_PREFIX: Final = "sagemaker.amazonaws.com"
HEALTH: Final = f"{_PREFIX}/node-health-status"
DEEP_CHECK: Final = f"{_PREFIX}/deep-health-check-status"
FAULT_TYPES: Final = f"{_PREFIX}/fault-types"
FAULT_REASONS: Final = f"{_PREFIX}/fault-reasons"
FAULT_DETAILS: Final = f"{_PREFIX}/fault-details"
COMPUTE_TYPE: Final = f"{_PREFIX}/compute-type"
SCHEDULABLE: Final = "Schedulable"
UNREACHABLE: Final = "node.kubernetes.io/unreachable"
UNSCHEDULABLE: Final = "node.kubernetes.io/unschedulable"
_ARCHITECTURES: Final = {"x86_64": "amd64", "arm64": "arm64"}
_KIB: Final = 1024
_ROOT_GIB: Final = 100
# What AWS's images set aside for EFA (AWS samples ask for it in manifests).
_HUGE_PAGES: Final = "5Gi"
_MOST_PODS: Final = 110
_SANDBOX: Final = "hpctl sandbox"


def node_name(instance_id: str) -> str:
    """Return the name of an instance's Node."""
    return f"hyperpod-{instance_id}"


def new_node(instance: Instance) -> Object:
    """Return the Node that an instance joins with, without a status."""
    return {
        "metadata": {
            "name": node_name(instance.instance_id),
            "labels": {
                **instance.labels,
                **fixed_labels(instance),
                **{k: v for k, v in moving_labels(instance).items() if v},
            },
            "annotations": {"node.alpha.kubernetes.io/ttl": "0"},
        },
        "spec": {
            "providerID": f"aws:///{instance.zone}/sagemaker/cluster/{node_name(instance.instance_id)}",
            **({"taints": [dict(taint) for taint in instance.taints]} if instance.taints else {}),
        },
    }


def fixed_labels(instance: Instance) -> dict[str, str]:
    """Return the labels that say what an instance is."""
    facts, region = instance_type(instance.instance_type), instance.cluster_arn.split(":")[3]
    architecture = _ARCHITECTURES.get(facts.architecture, facts.architecture)
    return {
        COMPUTE_TYPE: "hyperpod",
        f"{_PREFIX}/cluster-name": instance.cluster,
        f"{_PREFIX}/instance-group-name": instance.group,
        "beta.kubernetes.io/arch": architecture,
        "beta.kubernetes.io/instance-type": instance.instance_type,
        "beta.kubernetes.io/os": "linux",
        "failure-domain.beta.kubernetes.io/region": region,
        "failure-domain.beta.kubernetes.io/zone": instance.zone,
        "kubernetes.io/arch": architecture,
        "kubernetes.io/hostname": node_name(instance.instance_id),
        "kubernetes.io/os": "linux",
        "node.kubernetes.io/instance-type": instance.instance_type,
        "topology.k8s.aws/zone-id": instance.zone_id,
        "topology.kubernetes.io/region": region,
        "topology.kubernetes.io/zone": instance.zone,
        **_topology(instance, facts),
    }


def moving_labels(instance: Instance) -> dict[str, str | None]:
    """Return the labels that say how an instance is; None where there is none."""
    return {
        HEALTH: instance.health,
        DEEP_CHECK: instance.deep_check,
        FAULT_TYPES: instance.fault,
        FAULT_REASONS: "Injected" if instance.fault else None,
    }


def fault_details(instance: Instance, now: datetime) -> str | None:
    """Return the annotation that tells of an instance's fault, None when it has none."""
    if instance.fault is None:
        return None
    return json.dumps(
        [{"timestamp": timestamp(now), "type": instance.fault, "reason": "Injected", "message": _SANDBOX}]
    )


def _topology(instance: Instance, facts: InstanceType) -> dict[str, str]:
    # EC2 tells the network topology of its training types (AWS documentation, "EC2 instance topology").
    if not facts.has_efa or facts.accelerator_kind is AcceleratorKind.NONE or facts.family.startswith("g"):
        return {}
    places = (instance.zone_id, f"{instance.zone_id} {instance.cluster}", f"{instance.zone_id} {instance.subnet}")
    layers = {
        f"topology.k8s.aws/network-node-layer-{layer}": f"nn-{_digest(f'{layer} {place}')}"
        for layer, place in enumerate(places, start=1)
    }
    ultraserver = {"topology.k8s.aws/ultraserver-id": f"us-{_digest(instance.cluster)}"}
    return layers | (ultraserver if facts.family.startswith("p6e-") else {})


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:17]


def offer(instance: Instance, devices: Mapping[str, int]) -> tuple[dict[str, str], dict[str, str]]:
    """Return the capacity of an instance and what of it pods can have; `devices` are those of its device plugins."""
    facts = instance_type(instance.instance_type)
    threads = facts.threads_per_core or (instance.threads_per_core,)
    share = min(instance.threads_per_core / max(threads), 1)
    vcpus = int(facts.vcpus * share)
    kept = facts.vcpus - facts.allocatable_cpu
    shared = {
        "hugepages-1Gi": "0",
        "hugepages-2Mi": _HUGE_PAGES if facts.efa_interfaces else "0",
        "pods": str(facts.max_pods or _MOST_PODS),
        **{name: str(count) for name, count in devices.items()},
    }
    capacity = {
        "cpu": str(vcpus),
        "memory": _binary(facts.memory_gib),
        "ephemeral-storage": f"{_ROOT_GIB}Gi",
    }
    allocatable = {
        "cpu": f"{int((vcpus - kept * share) * 1000)}m",
        "memory": _binary(facts.allocatable_memory_gib),
        "ephemeral-storage": f"{int(_ROOT_GIB * 0.9)}Gi",
    }
    return capacity | shared, allocatable | shared


def _binary(gib: float) -> str:
    """Return an amount of memory as Kubernetes writes it: in the largest unit that leaves no fraction."""
    count, units = int(gib * _KIB * _KIB), ["Ti", "Gi", "Mi", "Ki"]
    while count and count % _KIB == 0 and len(units) > 1:
        count //= _KIB
        units.pop()
    return f"{count}{units[-1]}"


def status_of(instance: Instance, version: str, devices: Mapping[str, int]) -> Object:
    """Return the status of an instance's Node but for its conditions."""
    facts = instance_type(instance.instance_type)
    capacity, allocatable = offer(instance, devices)
    identity = _digest(instance.instance_id)
    return {
        "addresses": [
            {"type": "InternalIP", "address": instance.address},
            {"type": "Hostname", "address": node_name(instance.instance_id)},
        ],
        "capacity": capacity,
        "allocatable": allocatable,
        "daemonEndpoints": {"kubeletEndpoint": {"Port": 10250}},
        "nodeInfo": {
            "architecture": _ARCHITECTURES.get(facts.architecture, facts.architecture),
            "bootID": identity,
            "containerRuntimeVersion": "hpctl-processes://1",
            "kernelVersion": _SANDBOX,
            "kubeProxyVersion": version,
            "kubeletVersion": version,
            "machineID": identity,
            "operatingSystem": "linux",
            "osImage": _SANDBOX,
            "systemUUID": identity,
        },
    }


def conditions_of(*, ready: bool) -> list[Object]:
    """Return the conditions of a Node whose kubelet is there or has gone silent."""
    if not ready:
        told = {"status": "Unknown", "reason": "NodeStatusUnknown", "message": "Kubelet stopped posting node status."}
        return [{"type": kind, **told} for kind in ("MemoryPressure", "DiskPressure", "PIDPressure", "Ready")]
    fine = (
        ("MemoryPressure", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
        ("DiskPressure", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
        ("PIDPressure", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
    )
    rows = [{"type": kind, "status": "False", "reason": reason, "message": words} for kind, reason, words in fine]
    up = {"type": "Ready", "status": "True", "reason": "KubeletReady", "message": "kubelet is posting ready status"}
    return [*rows, up]


def taints_of(node: Object, instance: Instance, now: datetime) -> list[Object]:
    """Return the taints that a Node is to have: those of others, and those that say how its instance is."""
    old: list[Object] = node["spec"].get("taints") or []
    ours: list[Object] = []
    if instance.health != SCHEDULABLE:
        ours.append({"key": HEALTH, "value": "Unschedulable", "effect": "NoSchedule"})
    if not instance.ready:
        ours.extend({"key": UNREACHABLE, "effect": effect} for effect in ("NoSchedule", "NoExecute"))
    if node["spec"].get("unschedulable"):
        ours.append({"key": UNSCHEDULABLE, "effect": "NoSchedule"})
    dated = {(taint["key"], taint["effect"]): taint for taint in old}
    kept = [taint for taint in old if taint["key"] not in {HEALTH, UNREACHABLE, UNSCHEDULABLE}]
    moment = timestamp(now)
    return [*kept, *(dated.get((taint["key"], taint["effect"]), {**taint, "timeAdded": moment}) for taint in ours)]
