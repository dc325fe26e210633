"""Whether what a job's pods mount and use is there: claims, ConfigMaps, Secrets, the service account."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from hpctl.checks.declare import check, fail, warn
from hpctl.checks.job_pods import PodTemplate, templates
from hpctl.checks.live import eks_of
from hpctl.facts.job_target import JobInCluster
from hpctl.facts.jobs import CLAIM, CONFIG_MAP, SECRET, SERVICE_ACCOUNT, ObjectKind
from hpctl.facts.world import World
from hpctl.report.check import Finding

_SHARED: Final = frozenset({"ReadWriteMany", "ReadOnlyMany"})
"""Access modes with which pods of several nodes mount a volume (Kubernetes, "Persistent Volumes")."""


@check(
    "job-storage",
    "the claims that the job mounts are there, for as many nodes",
    needs=("kube-token",),
    reads=("eks:DescribeCluster", "kubernetes:persistentvolumeclaims"),
    blocking=False,
)
def storage(job: JobInCluster, world: World) -> Iterator[Finding]:
    """Pods that mount a claim which is not there stay Pending.

    One that is `ReadWriteOnce` is mounted on one node at a time: the pods of the other nodes wait in
    `ContainerCreating`. A claim without a volume waits for its provisioner, or for the first pod.
    """
    where = job.live.namespace
    for name, count in _claims(job).items():
        if (CLAIM, name) in _own(job):
            continue
        found = world.kubernetes_object(eks_of(job.live, world), CLAIM, where, name)
        subject, look = f"PersistentVolumeClaim/{name}", f"kubectl describe pvc {name} --namespace {where}"
        if found is None:
            message = f"is not in namespace `{where}`"
            yield fail(subject, message, remedy=f"kubectl get pvc --namespace {where}")
            continue
        spec, phase = found.get("spec") or {}, (found.get("status") or {}).get("phase")
        modes = tuple(map(str, spec.get("accessModes") or ()))
        if count > 1 and modes and not _SHARED & set(modes):
            message = f"is mounted by {count} pods, and is for one node: {', '.join(modes)}"
            yield fail(subject, message, remedy="take a claim with ReadWriteMany, such as of FSx for Lustre or EFS")
        elif phase == "Lost":
            yield fail(subject, "has lost its volume", remedy=look)
        elif phase == "Pending":
            yield warn(subject, "has no volume yet", remedy=look)


@check(
    "job-references",
    "ConfigMaps, Secrets and the service account that the job names are there",
    needs=("kube-token",),
    reads=(
        "eks:DescribeCluster",
        "kubernetes:configmaps",
        "kubernetes:secrets",
        "kubernetes:serviceaccounts",
    ),
    blocking=False,
)
def references(job: JobInCluster, world: World) -> Iterator[Finding]:
    """A container that takes variables from a Secret or ConfigMap that is not there is never started.

    It stays in `CreateContainerConfigError`, or in `ContainerCreating` when it mounts it. A pod whose service account
    is not there is never made. Those that the job brings along, and those that are `optional`, are passed over.
    """
    where, own = job.live.namespace, _own(job)
    for kind, name in dict.fromkeys(one for template in templates(job) for one in _named(template)):
        if (kind, name) not in own and world.kubernetes_object(eks_of(job.live, world), kind, where, name) is None:
            remedy = f"kubectl get {kind.plural} --namespace {where}"
            yield fail(f"{kind.kind}/{name}", f"is not in namespace `{where}`", remedy=remedy)


def _own(job: JobInCluster) -> frozenset[tuple[ObjectKind, str]]:
    return frozenset(job.before)


def _claims(job: JobInCluster) -> dict[str, int]:
    """Return the claims by name, with how many pods mount each."""
    found: dict[str, int] = {}
    for template in templates(job):
        for volume in template.volumes:
            if name := (volume.get("persistentVolumeClaim") or {}).get("claimName"):
                found[str(name)] = found.get(str(name), 0) + template.replicas
    return found


def _named(template: PodTemplate) -> Iterator[tuple[ObjectKind, str]]:
    account = template.spec.get("serviceAccountName")
    if account and account != "default":
        yield SERVICE_ACCOUNT, str(account)
    for volume in template.volumes:
        sources = [volume, *((volume.get("projected") or {}).get("sources") or ())]
        for source in sources:
            yield from _reference(CONFIG_MAP, source.get("configMap"), "name")
            secret = source.get("secret")
            yield from _reference(SECRET, secret, "secretName" if source is volume else "name")
    for one in template.all_containers:
        for origin in one.get("envFrom") or ():
            yield from _reference(CONFIG_MAP, origin.get("configMapRef"), "name")
            yield from _reference(SECRET, origin.get("secretRef"), "name")
        for variable in one.get("env") or ():
            origin = variable.get("valueFrom") or {}
            yield from _reference(CONFIG_MAP, origin.get("configMapKeyRef"), "name")
            yield from _reference(SECRET, origin.get("secretKeyRef"), "name")


def _reference(kind: ObjectKind, source: Mapping[str, Any] | None, key: str) -> Iterator[tuple[ObjectKind, str]]:
    if source and source.get(key) and not source.get("optional"):
        yield kind, str(source[key])
