"""What doctor examines: this machine, and a spec, a live cluster or one of its nodes beside it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from hpctl.checks.catalogue import CHECKS
from hpctl.checks.declare import Check, Target
from hpctl.checks.engine import Locate
from hpctl.errors import NotFoundError
from hpctl.facts.kubernetes import ClusterOnEks
from hpctl.facts.live_targets import ClusterOnSlurm, LiveCluster, LiveNode, NodeInside, NodeOnEks
from hpctl.facts.records import Machine, Node
from hpctl.facts.world import World
from hpctl.services.connect import eks_cluster_of
from hpctl.services.node_names import INSTANCE_ID, by_name, unknown_names
from hpctl.spec.load import Loaded

_RUNNING: Final = "Running"


@dataclass(frozen=True)
class Patient:
    """Things to judge, each of another type; the report is about the last.

    `locate` tells where a spec's paths are; `checks` are those that run unless others are asked for by name.
    """

    targets: tuple[Target, ...]
    locate: Locate = lambda _path: None
    checks: tuple[Check, ...] = CHECKS


@dataclass(frozen=True)
class Ward:
    """Which live cluster is examined: by its name or ARN, the namespace of its jobs, and if one is meant, which node.

    `node_id` is any name of a node that `services.node_names` knows.
    """

    cluster: str
    namespace: str = "default"
    node_id: str | None = None


FindPatient = Callable[[World], Patient]
"""Who is examined, found anew in each world."""


def a_machine(machine: Machine, loaded: Loaded | None = None) -> Patient:
    """Return this machine, with a spec if there is one."""
    if loaded is None:
        return Patient((machine,))
    return Patient((machine, loaded.spec), loaded.source.where)


def a_live_one(machine: Machine, ward: Ward, world: World) -> Patient:
    """Return this machine and a cluster that lives, or one of its nodes; `NotFoundError` when there is none."""
    return Patient((machine, *live_targets(ward, world)))


def live_targets(ward: Ward, world: World) -> tuple[Target, ...]:
    """Return what there is to judge of a cluster that lives; `NotFoundError` when it does not, or has no such node."""
    cluster = world.cluster(ward.cluster)
    if cluster is None:
        hint = "the clusters that there are: hpctl cluster list"
        raise NotFoundError(f"there is no cluster `{ward.cluster}`", hint=hint)
    eks = eks_cluster_of(cluster) if cluster.eks_cluster_arn else None
    if ward.node_id is None:
        kubernetes = (ClusterOnEks(cluster.name, eks, ward.namespace),) if eks else ()
        slurm = () if eks else (ClusterOnSlurm(cluster.name),)
        return (LiveCluster(cluster.name), *slurm, *kubernetes)
    node = _node(cluster.name, ward.node_id, world)
    of_eks = (NodeOnEks(cluster.name, node.node_id, eks),) if eks else ()
    inside = (NodeInside(cluster.name, node.node_id),) if node.status == _RUNNING else ()
    return (LiveNode(cluster.name, node.node_id), *inside, *of_eks)


def _node(cluster: str, name: str, world: World) -> Node:
    """Return the node of that name, whichever of its names it is; `NotFoundError` with the nearest."""
    node = world.node(cluster, name) if INSTANCE_ID.fullmatch(name) else None
    if node is not None:
        return node
    known = by_name(world.nodes(cluster))
    if name not in known:
        raise unknown_names(cluster, (name,), known)
    return known[name]
