"""Whether a job that spans nodes gets their fast network: EFA, asked for in full, and usable."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from hpctl.catalog.instance_types import InstanceType
from hpctl.checks.declare import check, fail, note, warn
from hpctl.checks.job_pods import (
    EFA,
    GPU,
    NEURON,
    PodTemplate,
    environment,
    known_type,
    nodes_for,
    offered,
    requested,
    templates,
)
from hpctl.facts.job_target import JobInCluster
from hpctl.facts.world import World
from hpctl.report.check import Finding

_READS = ("eks:DescribeCluster", "kubernetes:nodes")
_SHM_GIB: Final = 10
"""What /dev/shm should at least have for data loaders and NCCL (AWS samples for HyperPod)."""


@check(
    "job-efa",
    "pods of several nodes ask for their type's EFA interfaces",
    needs=("job-fits",),
    reads=_READS,
    blocking=False,
)
def efa(job: JobInCluster, world: World) -> Iterator[Finding]:
    """Without `vpc.amazonaws.com/efa` in its resources a container has no EFA device.

    NCCL then goes over TCP, many times slower, and says so in no error. A pod with all accelerators of its node should
    ask for all interfaces, one with half of them for half.
    """
    for template in templates(job):
        kinds = {node.instance_type for node in nodes_for(template, job, world)}
        for kind in sorted(filter(None, (known_type(name) for name in kinds)), key=lambda one: one.name):
            yield from _asked(job, template, kind)
        if not any(known_type(name) for name in kinds):
            yield note(f"job/{job.name}", "hpctl does not know the instance type: EFA is not judged")


@check(
    "job-efa-offered",
    "the nodes offer the EFA interfaces of their type",
    needs=("job-fits",),
    reads=_READS,
    blocking=False,
)
def efa_offered(job: JobInCluster, world: World) -> Iterator[Finding]:
    """The EFA device plugin offers a node's interfaces to pods.

    Where it does not run, or has found fewer, a pod that asks for all of them waits for ever.
    """
    for template in templates(job):
        for node in nodes_for(template, job, world):
            kind = known_type(node.instance_type)
            if kind is None or job.nodes == 1 or not kind.efa_interfaces:
                continue
            count = int(offered(node, EFA))
            if count < kind.efa_interfaces:
                yield warn(
                    f"node/{node.name}",
                    f"offers {count} of the {kind.efa_interfaces} EFA interfaces of {kind.name}",
                    remedy=f"hpctl cluster check {job.live.name}\nkubectl describe node {node.name}",
                )


@check("job-requests", "what is asked for of devices is what is limited", needs=("kube-token",))
def requests(job: JobInCluster, _world: World) -> Iterator[Finding]:
    """Devices are not shared: Kubernetes refuses pods whose request of one differs from its limit, or has no limit."""
    for template in templates(job):
        for one in template.all_containers:
            resources = one.get("resources") or {}
            limits, wanted = resources.get("limits") or {}, resources.get("requests") or {}
            for key in sorted(wanted):
                if "/" in key and str(wanted[key]) != str(limits.get(key)):
                    yield fail(
                        f"job/{job.name} ({one.get('name', 'container')})",
                        f"asks for {wanted[key]} of `{key}`, and limits it to {limits.get(key, 'nothing')}",
                        remedy=f"write `{key}: {wanted[key]}` under `resources.limits`, too",
                    )


@check("job-memory-lock", "containers with EFA may lock memory", needs=("kube-token",), blocking=False)
def memory_lock(job: JobInCluster, _world: World) -> Iterator[Finding]:
    """EFA and NCCL register memory with the network card.

    Where the memory that a process may lock is limited, that takes the capability IPC_LOCK.
    """
    for template in templates(job):
        for one in template.containers:
            security = one.get("securityContext") or {}
            added = (security.get("capabilities") or {}).get("add") or ()
            if requested(one).get(EFA) and "IPC_LOCK" not in added and not security.get("privileged"):
                remedy = "add `securityContext: {capabilities: {add: [IPC_LOCK]}}` to the container"
                message = "has EFA interfaces, and not the capability IPC_LOCK"
                yield warn(f"job/{job.name} ({one.get('name', 'container')})", message, remedy=remedy)


@check("job-shared-memory", "containers with accelerators have shared memory", needs=("kube-token",), blocking=False)
def shared_memory(job: JobInCluster, _world: World) -> Iterator[Finding]:
    """A container that says nothing has 64 MiB at /dev/shm.

    Data loaders, and NCCL between the devices of a node, end with `Bus error` or `No space left on device` then. A
    memory volume of its own belongs there; one of the node's is shared by all pods on it, and keeps what others left.
    """
    for template in templates(job):
        volumes = {str(one.get("name")): one for one in template.volumes}
        for one in template.containers:
            devices = sum(requested(one).get(key, 0.0) for key in (GPU, *NEURON))
            mounts = {str(mount.get("mountPath", "")).rstrip("/"): mount for mount in one.get("volumeMounts") or ()}
            subject = f"job/{job.name} ({one.get('name', 'container')})"
            if "/dev/shm" in mounts:  # noqa: S108  the path in a container
                volume = volumes.get(str(mounts["/dev/shm"].get("name")), {})  # noqa: S108
                if "hostPath" in volume:
                    yield warn(subject, "shares the node's /dev/shm with other pods", remedy=_SHM_REMEDY)
            elif devices and (devices > 1 or job.nodes > 1):
                yield warn(subject, "has no volume at /dev/shm, which is 64 MiB then", remedy=_SHM_REMEDY)


_SHM_REMEDY: Final = f"mount `emptyDir: {{medium: Memory, sizeLimit: {_SHM_GIB}Gi}}` or more at /dev/shm"


def _asked(job: JobInCluster, template: PodTemplate, kind: InstanceType) -> Iterator[Finding]:
    """Judge the count of one role on one type."""
    subject, full = f"job/{job.name} on {kind.name}", kind.efa_interfaces or 0
    asked = int(template.requests.get(EFA, 0))
    wants_efa = any(environment(one).get("FI_PROVIDER", "") == "efa" for one in template.containers)
    if asked > full:
        message = f"asks for {asked} EFA interfaces, and the type has {full}"
        yield fail(subject, message, remedy=f"ask for {full}, or leave it out" if full else "leave it out")
    elif wants_efa and not asked:
        message = "sets FI_PROVIDER=efa, and asks for no EFA interface"
        remedy = f"ask for `{EFA}: {_share(template, kind) or full}`" if full else "leave FI_PROVIDER out"
        yield fail(subject, message, remedy=remedy)
    elif full and job.nodes > 1 and asked < (due := _share(template, kind)):
        message = f"asks for {asked or 'no'} EFA interface{'' if asked == 1 else 's'}, and its share is {due}"
        yield warn(subject, message, remedy=f"ask for `{EFA}: {due}` in requests and limits, or leave it to hpctl")


def _share(template: PodTemplate, kind: InstanceType) -> int:
    """Return how many interfaces belong to the accelerators that a pod asks for."""
    full, resources = kind.efa_interfaces or 0, kind.kubernetes_resources
    for key, amount in template.requests.items():
        have = resources.get(key, 0)
        if key in (GPU, *NEURON) and have:
            return max(1, int(full * min(amount, have) / have))
    return 0
