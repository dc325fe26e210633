"""One node from inside: its disks, memory and clock, its storage, and the programs that make it part of the cluster."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from hpctl.checks.declare import check, fail, warn
from hpctl.checks.node_inside import READS, cluster, inside, node_of, on_it, subject, type_of
from hpctl.errors import UnavailableError
from hpctl.facts.inside import Inside
from hpctl.facts.live_targets import NodeInside
from hpctl.facts.world import World
from hpctl.report.check import Finding
from hpctl.terms import Orchestrator, SlurmNodeType

_FULL: Final = 95
_FILLING: Final = 85
"""Percent of a file system. containerd and the kubelet begin to clear images away at 85 (Kubernetes documentation)."""

_LITTLE: Final = 5
"""Percent of the memory that are still free."""

_SKEW_S: Final = 30.0
"""munge refuses what is 300 s off, AWS what is 5 minutes off; a node that keeps time is off by milliseconds."""


@check("node-disk", "the node's disks have room", reads=READS, blocking=False)
def disk(live: NodeInside, world: World) -> Iterator[Finding]:
    """A full root volume stops the kubelet, slurmd and every log; a full /opt/sagemaker stops containers.

    Inodes run out, too: caches of Python packages have many small files.
    """
    seen = inside(live, world)
    if not seen.disks:
        raise UnavailableError("`df` on the node told of no disk")
    for one in seen.disks:
        worst = max(one.used_percent, one.inodes_percent or 0)
        if worst < _FILLING:
            continue
        what = "of its inodes" if one.inodes_percent == worst and worst > one.used_percent else "of its space"
        evidence = f"{one.source}: {one.free_kib // 1024} MiB free"
        remedy = on_it(live, f"du -xh --max-depth=2 {one.path}")
        complain = fail if worst >= _FULL else warn
        yield complain(subject(live), f"uses {worst} % {what} on `{one.path}`", evidence, remedy=remedy)


@check("node-memory", "the node has memory left", reads=READS, blocking=False)
def memory(live: NodeInside, world: World) -> Iterator[Finding]:
    """Where memory runs out the kernel ends processes, most often the largest: a rank of a job."""
    seen = inside(live, world)
    if not seen.memory_kib:
        raise UnavailableError("the node did not tell how much memory it has")
    if seen.available_kib * 100 < seen.memory_kib * _LITTLE:
        free = f"available: {seen.available_kib // 1024} of {seen.memory_kib // 1024} MiB"
        yield warn(
            subject(live), "has hardly any memory left", free, remedy=on_it(live, "ps -eo pid,rss,args --sort=-rss")
        )


@check("node-fsx-mounted", "shared storage is mounted and can be written to", reads=READS, blocking=False)
def fsx_mounted(live: NodeInside, world: World) -> Iterator[Finding]:
    """Jobs on several nodes meet on /fsx: their code, their data, their checkpoints.

    A folder /fsx on the root volume looks like it, and what is written there is on this node alone. One empty file is
    written and taken away again: nothing else tells whether that works.
    """
    seen = inside(live, world)
    if "mounts" in seen.out_of_reach:
        raise UnavailableError("the node did not tell what is mounted")
    if "/fsx" in seen.mounts:
        if seen.shared_writable is False:
            kind = f"mounted as: {seen.mounts['/fsx']}"
            yield fail(subject(live), "cannot write to `/fsx`", kind, remedy=on_it(live, "touch /fsx/x"))
    elif seen.shared_writable is not None:
        remedy = f"{on_it(live, 'mount -a -t lustre')}\nhpctl node logs {live.node_id} --cluster {live.cluster}"
        yield warn(subject(live), "has a folder `/fsx`, and nothing is mounted there", remedy=remedy)


@check("node-scheduler", "the programs that make it part of the cluster run", reads=READS, blocking=False)
def scheduler(live: NodeInside, world: World) -> Iterator[Finding]:
    """On Slurm that is slurmd (slurmctld on the controller) with munge.

    On EKS a kubelet or containerd that does not run is a node that is not ready, which `live-node-ready` tells.
    """
    if cluster(live, world).orchestrator != Orchestrator.SLURM:
        return
    seen, node = inside(live, world), node_of(live, world)
    group = next((one for one in cluster(live, world).instance_groups if one.name == node.instance_group), None)
    heads = group is not None and group.slurm_node_type == SlurmNodeType.CONTROLLER
    if group is not None and group.slurm_node_type is None and "slurmctld" in seen.services:
        heads = True  # the older model: the node itself tells
    for name in ("munged", "slurmctld" if heads else "slurmd"):
        if name not in seen.services:
            unit = name.removesuffix("d") if name == "munged" else name
            remedy = f"{on_it(live, f'systemctl status {unit}')}\n{on_it(live, f'systemctl restart {unit}')}"
            yield fail(subject(live), f"`{name}` does not run", *_since(seen), remedy=remedy)


@check("node-time-sync", "the node's clock is right", reads=READS, blocking=False)
def time_sync(live: NodeInside, world: World) -> Iterator[Finding]:
    """Munge refuses messages of a node whose clock is off, AWS its signatures; logs of several nodes do not match.

    The node's clock is compared with this machine's, and that with AWS's.
    """
    seen = inside(live, world)
    ahead = (seen.at - seen.answered_at).total_seconds()
    behind = (seen.asked_at - seen.at).total_seconds()
    off_s = max(ahead, behind, 0.0)
    if off_s <= _SKEW_S:
        return
    here_s = world.clock_skew_s()
    if abs(here_s) > _SKEW_S:
        raise UnavailableError(f"this machine's own clock is {abs(here_s):.0f} s off")
    way = "ahead" if ahead > 0 else "behind"
    remedy = f"{on_it(live, 'chronyc tracking')}\n{on_it(live, 'systemctl restart chrony')}"
    yield fail(
        subject(live), f"its clock is {off_s:.0f} s {way}", f"there: {seen.at:%Y-%m-%dT%H:%M:%SZ}", remedy=remedy
    )


@check("node-threads", "the node has the CPUs that its group asks for", reads=READS, blocking=False)
def threads(live: NodeInside, world: World) -> Iterator[Finding]:
    """A group with one thread a core has half of its type's CPUs: HyperPod's own default, where the type has two."""
    seen, kind, node = inside(live, world), type_of(live, world), node_of(live, world)
    if kind is None or not kind.threads_per_core or not node.threads_per_core or not seen.cpus:
        return
    wanted = kind.vcpus // max(kind.threads_per_core) * node.threads_per_core
    if seen.cpus != wanted:
        yield warn(
            subject(live),
            f"has {seen.cpus} CPUs, and {wanted} were asked for",
            f"{kind.name}, {node.threads_per_core} thread(s) a core",
            remedy=f"{on_it(live, 'lscpu')}\nhpctl node replace {live.node_id} --cluster {live.cluster}",
        )


@check("node-home", "people's homes outlast the node", reads=READS, blocking=False)
def home(live: NodeInside, world: World) -> Iterator[Finding]:
    """What is on the root volume is gone when the node is replaced, or its software updated.

    HyperPod's sample scripts put the home of `ubuntu` on the shared file system.
    """
    if cluster(live, world).orchestrator != Orchestrator.SLURM:  # on EKS nobody works on the nodes
        return
    for path in inside(live, world).homes_on_root:
        remedy = "keep it on the file system that the nodes share: see `fsx_ubuntu.sh` of the sample scripts"
        yield warn(subject(live), f"`{path}` is on the root volume, and goes with it", remedy=remedy)


@check("node-static-credentials", "no keys lie about on the node", reads=READS, blocking=False)
def static_credentials(live: NodeInside, world: World) -> Iterator[Finding]:
    """The node has its execution role. A file of keys goes before it, does not expire, and others can read it.

    Only names of files are looked at.
    """
    for path in inside(live, world).credentials:
        moved = on_it(live, f"mv {path} {path}.away")
        yield warn(subject(live), f"there are keys in `{path}`", remedy=f"ask whose they are, then: {moved}")


def _since(seen: Inside) -> Iterator[str]:
    if seen.up_s:
        yield f"up for: {seen.up_s / 3600:.1f} hours"
