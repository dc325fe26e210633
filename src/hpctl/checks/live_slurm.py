"""A live cluster as its Slurm has it: whether the controller answers, and which nodes take jobs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from hpctl.catalog.instance_types import instance_type
from hpctl.checks.declare import check, fail, note, warn
from hpctl.checks.live_words import SHOWN, cluster_of, listed
from hpctl.errors import NotFoundError
from hpctl.facts.hostlists import hosts_of
from hpctl.facts.live_targets import ClusterOnSlurm, LiveCluster
from hpctl.facts.records import Node
from hpctl.facts.slurm_meaning import is_drained, meaning, takes_jobs
from hpctl.facts.slurm_nodes import SlurmNode, slurm_name
from hpctl.facts.slurm_ports import SlurmDownError
from hpctl.facts.slurm_reasons import action_of, meant
from hpctl.facts.world import World
from hpctl.report.check import Finding
from hpctl.terms import AcceleratorKind, SlurmNodeType

_READS: Final = ("s3:GetObject", "sagemaker:DescribeCluster", "sagemaker:ListClusterNodes", "ssm:StartSession")


@check("live-slurm-controller", "Slurm's controller answers", reads=_READS, blocking=False)
def controller(live: ClusterOnSlurm, world: World) -> Iterator[Finding]:
    """Without slurmctld nobody submits jobs or looks at them; those that run go on.

    slurmctld is asked on the controller, over a session. While a node is being replaced, leave it running: a restart
    forgets what was to be replaced.
    """
    try:
        world.slurm_nodes(live.name)
    except SlurmDownError as error:
        node = world.slurm_controller(live.name).instance_id
        said = (f"said: {error.cause}",) if error.cause else ()
        look = f"hpctl node exec {node} --cluster {live.name} --"
        remedy = f"{look} tail -n 50 /var/log/slurm/slurmctld.log\n{look} systemctl restart slurmctld"
        yield fail(f"node/{node}", error.message, *said, remedy=remedy)


@check(
    "live-slurm-nodes",
    "Slurm's nodes take jobs",
    needs=("live-slurm-controller",),
    reads=_READS,
    blocking=False,
)
def nodes(live: ClusterOnSlurm, world: World) -> Iterator[Finding]:
    """A node that is drained, down or failing takes no jobs; its reason says why somebody, or something, did that.

    A node that runs and that Slurm does not know has never registered: its slurmd or its scripts did not come so far.
    """
    groups: dict[tuple[str, str | None], list[SlurmNode]] = {}
    for node in world.slurm_nodes(live.name):
        if not takes_jobs(node):
            groups.setdefault((meaning(node), node.reason), []).append(node)
    for (words, _), alike in groups.items():
        yield from _away(live, words, alike)
    lost = sorted(name for name in _workers(live, world) if name not in {n.name for n in world.slurm_nodes(live.name)})
    if lost:
        node_id = _workers(live, world)[lost[0]].node_id
        remedy = f"hpctl doctor {live.name} --node {node_id}"
        yield warn(
            f"cluster/{live.name}", "has nodes that run, and that Slurm does not know", *listed(lost), remedy=remedy
        )


def _away(live: ClusterOnSlurm, words: str, alike: list[SlurmNode]) -> Iterator[Finding]:
    first, names = alike[0], [node.name for node in alike]
    who = f" ({first.reason_by}, {first.reason_at:%Y-%m-%dT%H:%M:%SZ})" if first.reason_by and first.reason_at else ""
    evidence = (f"reason: {first.reason}{who}",) if first.reason else ()
    subject = f"Slurm node/{names[0]}" if len(names) == 1 else f"Slurm nodes/{', '.join(names[:SHOWN])}"
    more = () if len(names) <= SHOWN else (f"and {len(names) - SHOWN} more",)
    if action_of(first.reason):
        yield note(subject, f"takes no jobs: {words}", *evidence, *more)
        return
    where = f"--cluster {live.name}"
    resume = f"hpctl slurm resume {' '.join(names[:SHOWN])} {where}"
    look = f"hpctl slurm status {where}"
    remedy = f"when it is well again: {resume}" if is_drained(first) else f"{look}\n{resume}"
    yield warn(subject, f"takes no jobs: {words}", *evidence, *more, remedy=remedy)


@check(
    "live-slurm-reason",
    "no reason only resembles what HyperPod obeys",
    needs=("live-slurm-controller",),
    reads=_READS,
    blocking=False,
)
def reason(live: ClusterOnSlurm, world: World) -> Iterator[Finding]:
    """HyperPod replaces or reboots a node whose reason is `Action:Replace` or `Action:Reboot`, to the letter.

    With another case, a space or a full stop it does nothing, and says nothing.
    """
    ids = {name: node.node_id for name, node in _instances(live, world).items()}
    for node in world.slurm_nodes(live.name):
        if wanted := meant(node.reason):
            verb = wanted.partition(":")[2].lower()
            yield warn(
                f"Slurm node/{node.name}",
                f"has the reason `{node.reason}`, for which HyperPod does nothing",
                f"what HyperPod obeys: {wanted}",
                remedy=f"hpctl node {verb} {ids.get(node.name, node.name)} --cluster {live.name}",
            )


@check(
    "live-slurm-gres",
    "Slurm counts the GPUs that the nodes have",
    needs=("live-slurm-controller",),
    reads=_READS,
    blocking=False,
)
def gres(live: ClusterOnSlurm, world: World) -> Iterator[Finding]:
    """Slurm hands out as many GPUs as `Gres` says. With fewer than there are, some lie idle; with more, jobs wait.

    A node that registers with less than slurm.conf says is `INVAL` and takes nothing.
    """
    instances = _instances(live, world)
    for node in world.slurm_nodes(live.name):
        instance = instances.get(node.name)
        counted = _gpus_of(node.gres)
        promised = _promised(instance.instance_type) if instance else None
        if counted is not None and promised is not None and counted != promised:
            yield fail(
                f"Slurm node/{node.name}",
                f"has {counted} GPUs in Slurm, and its type {promised}",
                f"Gres: {node.gres}",
                f"type: {instance.instance_type if instance else '-'}",
                remedy=f"hpctl doctor {live.name} --node {instance.node_id if instance else node.name}",
            )


@check(
    "live-slurm-partitions",
    "every partition has nodes and is up",
    needs=("live-slurm-controller",),
    reads=_READS,
    blocking=False,
)
def partitions(live: ClusterOnSlurm, world: World) -> Iterator[Finding]:
    """A job in a partition without nodes waits for ever; a partition that is not up starts none."""
    for one in world.slurm_partitions(live.name):
        subject, look = f"partition/{one.name}", f"hpctl slurm status --cluster {live.name}"
        if not one.nodes:
            yield warn(subject, "has no nodes", remedy=f"name it in a Compute group, or take it out\n{look}")
        if one.state != "UP":
            yield warn(subject, f"is `{one.state}`: jobs wait there", remedy=look)


@check(
    "live-slurm-login",
    "login nodes take no jobs",
    needs=("live-slurm-controller",),
    reads=_READS,
    blocking=False,
)
def login(live: ClusterOnSlurm, world: World) -> Iterator[Finding]:
    """On HyperPod login nodes run slurmd, too, and are in the default partition: jobs come to them by surprise.

    They have no accelerators, and people work on them.
    """
    groups = cluster_of(LiveCluster(live.name), world).instance_groups
    logins = {group.name for group in groups if group.slurm_node_type == SlurmNodeType.LOGIN}
    instances = _instances(live, world)
    here = {name for name, node in instances.items() if node.instance_group in logins}
    default = {host for one in world.slurm_partitions(live.name) if one.is_default for host in hosts_of(one.nodes)}
    for node in world.slurm_nodes(live.name):
        if node.name in here & default and takes_jobs(node):
            remedy = f"hpctl slurm drain {node.name} --reason login-only --cluster {live.name}"
            yield warn(
                f"Slurm node/{node.name}", "is a login node, and takes jobs of the default partition", remedy=remedy
            )


def _instances(live: ClusterOnSlurm, world: World) -> dict[str, Node]:
    return {name: node for node in world.nodes(live.name) if (name := slurm_name(node))}


def _workers(live: ClusterOnSlurm, world: World) -> dict[str, Node]:
    """Return the nodes that run, without those of the controller's group."""
    head = world.slurm_controller(live.name).instance_group
    return {
        name: node
        for name, node in _instances(live, world).items()
        if node.status == "Running" and node.instance_group != head
    }


def _gpus_of(gres: str) -> int | None:
    """Return how many GPUs `gpu:8`, `gpu:h100:8(S:0-1)` and the like count; None where no GPU is counted."""
    counts = [_count(part) for part in gres.split(",") if part.split(":")[0] == "gpu"]
    return sum(counts) if counts else None


def _count(part: str) -> int:
    last = part.partition("(")[0].rpartition(":")[2]
    return int(last) if last.isdecimal() else 1


def _promised(name: str) -> int | None:
    try:
        kind = instance_type(name)
    except NotFoundError:  # a newer type, or several
        return None
    return kind.accelerator_count if kind.accelerator_kind == AcceleratorKind.NVIDIA else None
