"""What checks of a node from inside share: the look, the subject, and commands on the node."""

from __future__ import annotations

from typing import Final

from hpctl.catalog.instance_types import InstanceType, instance_type
from hpctl.checks.live_words import cluster_of
from hpctl.errors import NotFoundError
from hpctl.facts.inside import Inside
from hpctl.facts.live_targets import LiveCluster, NodeInside
from hpctl.facts.records import Cluster, Node
from hpctl.facts.world import World

READS: Final = ("sagemaker:DescribeCluster", "sagemaker:DescribeClusterNode", "ssm:StartSession")


def inside(live: NodeInside, world: World) -> Inside:
    """Return what the node says of itself: all checks share one look, which is one session."""
    return world.inside(cluster_of(LiveCluster(live.cluster), world).cluster_id, node_of(live, world))


def node_of(live: NodeInside, world: World) -> Node:
    """Return the node as SageMaker has it; `NotFoundError` when it is gone."""
    node = world.node(live.cluster, live.node_id)
    if node is None:
        raise NotFoundError(f"there is no node `{live.node_id}` any more")
    return node


def cluster(live: NodeInside, world: World) -> Cluster:
    """Return the node's cluster."""
    return cluster_of(LiveCluster(live.cluster), world)


def type_of(live: NodeInside, world: World) -> InstanceType | None:
    """Return the facts about the node's type; None for one that is not known here."""
    try:
        return instance_type(node_of(live, world).instance_type)
    except NotFoundError:
        return None


def subject(live: NodeInside) -> str:
    """Return what findings are about."""
    return f"node/{live.node_id}"


def on_it(live: NodeInside, command: str) -> str:
    """Return the command that runs another on the node."""
    return f"hpctl node exec {live.node_id} --cluster {live.cluster} -- {command}"


def care(live: NodeInside, verb: str) -> str:
    """Return the command that reboots or replaces the node."""
    return f"hpctl node {verb} {live.node_id} --cluster {live.cluster}"
