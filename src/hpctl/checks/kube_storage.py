"""Whether a live cluster can give pods their volumes: the drivers work, and claims get what they ask for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from hpctl.checks.declare import check, fail, warn
from hpctl.checks.live import eks_of
from hpctl.checks.live_parts import count, look, workloads
from hpctl.facts.jobs import CLAIM, STORAGE_CLASS
from hpctl.facts.kubernetes import ClusterOnEks
from hpctl.facts.world import World
from hpctl.report.check import Finding


@check(
    "storage-csi-ready",
    "storage drivers work, and claims have their volumes",
    needs=("kube-token",),
    reads=(
        "eks:DescribeCluster",
        "kubernetes:daemonsets.apps",
        "kubernetes:deployments.apps",
        "kubernetes:persistentvolumeclaims",
        "kubernetes:storageclasses.storage.k8s.io",
    ),
    blocking=False,
)
def csi_ready(live: ClusterOnEks, world: World) -> Iterator[Finding]:
    """A claim is filled by the driver that its StorageClass names; pods that mount one without a volume stay Pending.

    What the driver met (no permission, another zone, closed ports of FSx) stands in the claim's events. A class that
    waits for the first pod leaves claims without a volume on purpose.
    """
    for one in workloads(live, world, "Deployment"):
        if "csi" in one.name and one.ready < one.wanted:
            yield warn(str(one), "is not ready: no volumes are made or attached", count(one), remedy=look(one))
    for claim in world.kubernetes_objects(eks_of(live, world), CLAIM):
        yield from _judged(live, world, claim)


def _judged(live: ClusterOnEks, world: World, claim: Mapping[str, Any]) -> Iterator[Finding]:
    metadata, spec = claim.get("metadata") or {}, claim.get("spec") or {}
    name, namespace = metadata.get("name"), metadata.get("namespace")
    subject = f"PersistentVolumeClaim {namespace}/{name}"
    remedy = f"kubectl describe pvc {name} --namespace {namespace}"
    phase, kind = (claim.get("status") or {}).get("phase"), spec.get("storageClassName")
    if phase == "Lost":
        yield fail(subject, "has lost its volume", remedy=remedy)
    if phase != "Pending":
        return
    of_class = world.kubernetes_object(eks_of(live, world), STORAGE_CLASS, None, str(kind)) if kind else {}
    if of_class is None:
        yield warn(subject, f"its StorageClass `{kind}` is not there", remedy="kubectl get storageclasses")
    elif of_class.get("volumeBindingMode") != "WaitForFirstConsumer":
        since = f"since: {metadata.get('creationTimestamp')}"
        yield warn(subject, "has no volume", since, remedy=remedy)
