"""What somebody should know of a job on Slurm before it is submitted: sentences without a full stop."""

from __future__ import annotations

from collections.abc import Iterator

from hpctl.compile.slurm.directives import is_exclusive, minutes
from hpctl.compile.slurm.mounts import unread
from hpctl.compile.slurm.placement import Seat, waiting
from hpctl.spec.job import JobSpec


def remarks(spec: JobSpec, seat: Seat) -> Iterator[str]:
    """Yield what of a job has no effect on Slurm, or another one than its file says, by name."""
    yield from _without_effect(spec)
    yield from waiting(spec, seat.fit)
    yield from _differently(spec, seat)
    if spec.resume is not None:
        yield "`resume`: HyperPod replaces a faulty node and `srun --auto-resume=1` goes on; so does a requeue"


def _without_effect(spec: JobSpec) -> Iterator[str]:
    kubernetes = {
        "namespace": spec.namespace,
        "labels": spec.labels,
        "annotations": spec.annotations,
        "service_account": spec.service_account,
        "ports": spec.ports,
        "limits": spec.limits,
        "pod_config": spec.pod_config,
    }
    names = [f"`{name}`" for name, value in kubernetes.items() if value]
    if names:
        yield f"{', '.join(names)}: only Kubernetes knows them, they have no effect on Slurm"
    if spec.topology is not None:
        yield "`topology`: Slurm places nodes by its own topology, it has no effect"


def _differently(spec: JobSpec, seat: Seat) -> Iterator[str]:
    found = seat.fit
    if spec.timeout_s is not None and spec.timeout_s % 60:
        count = minutes(spec.timeout_s)
        yield f"`timeout_s`: Slurm counts in minutes: {count} {'minute' if count == 1 else 'minutes'}"
    if found.choice.efa is not None or found.choice.ephemeral_storage_gib is not None:
        yield "EFA interfaces and the node's disk are not shared out by Slurm: every job has all of them"
    if is_exclusive(spec, seat) and found.devices and found.devices < found.on_node:
        why = "Neuron devices are not counted by Slurm" if found.is_neuron else "HyperPod's auto-resume needs that"
        why = why if found.is_neuron or found.has_gres else "Slurm does not count the devices (no `Gres`)"
        yield f"each node is the job's alone, with all of its {found.on_node} devices: {why}"
    for path in unread(spec):
        yield f"`{path}` can be written: only containers are kept from that"
