"""Which nodes are meant: by instance id, logical id, the name that Slurm and Kubernetes know, or place in a group."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from hpctl.catalog.nearest import nearest
from hpctl.errors import NotFoundError, UsageError
from hpctl.facts.ports import Clusters
from hpctl.facts.records import Cluster, Node
from hpctl.facts.session_ports import Target

INSTANCE_ID: Final = re.compile(r"i-[a-f0-9]{8}(?:[a-f0-9]{9})?")
"""SageMaker's pattern of a `ClusterNodeId`."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """Nodes of one cluster, in the order in which they were named, each once."""

    cluster: Cluster
    nodes: tuple[Node, ...]

    def targets(self) -> dict[str, Target]:
        """Return where sessions go, by the id that a node is called by."""
        return {node.node_id: target(self.cluster, node) for node in self.nodes}


def target(cluster: Cluster, node: Node) -> Target:
    """Return a node as Session Manager addresses it."""
    return Target(cluster.cluster_id, node.instance_group, node.node_id)


def one_node(cluster: str, name: str, clusters: Clusters) -> tuple[Cluster, Node]:
    """Return the cluster and its node of that name; `NotFoundError` with the nearest when there is none."""
    chosen = named_nodes(cluster, (name,), clusters)
    return chosen.cluster, chosen.nodes[0]


def named_nodes(cluster: str, names: Sequence[str], clusters: Clusters) -> Chosen:
    """Return the nodes of these names; `NotFoundError` names every one that no node has, with the nearest."""
    found, all_nodes = clusters.describe(cluster), tuple(clusters.nodes(cluster))
    known = by_name(all_nodes)
    unknown = [name for name in names if name not in known]
    if unknown:
        raise unknown_names(cluster, unknown, known)
    return Chosen(found, tuple({known[name].node_id: known[name] for name in names}.values()))


def all_nodes(cluster: str, group: str | None, clusters: Clusters) -> Chosen:
    """Return every node of a cluster, or of one of its instance groups; `NotFoundError` when there are none."""
    found = clusters.describe(cluster)
    groups = [one.name for one in found.instance_groups]
    if group is not None and group not in groups:
        raise NotFoundError(f"cluster `{cluster}` has no instance group `{group}`", hint=_did_you_mean(group, groups))
    nodes = tuple(clusters.nodes(cluster, instance_group=group))
    if not nodes:
        where = f"instance group `{group}` of cluster `{cluster}`" if group else f"cluster `{cluster}`"
        raise NotFoundError(f"{where} has no nodes", hint=f"hpctl cluster describe {cluster}")
    return Chosen(found, nodes)


def chosen_nodes(
    cluster: str,
    names: Sequence[str],
    group: str | None,
    everywhere: bool,  # noqa: FBT001  a flag of the command line
    clusters: Clusters,
) -> Chosen:
    """Return the nodes that a command line means: some by name, or a group's, or all.

    Raises `UsageError` when it says none of these or two at once, and `NotFoundError`.
    """
    if sum((bool(names), group is not None, everywhere)) != 1:
        raise UsageError("say on which nodes: some by name, a group's, or all", hint="NODE..., --group NAME or --all")
    return named_nodes(cluster, names, clusters) if names else all_nodes(cluster, group, clusters)


def node_id_of(cluster: str, name: str, clusters: Clusters) -> str:
    """Return the id of the node of that name; an instance's id is taken at its word, and nobody is asked."""
    return name if INSTANCE_ID.fullmatch(name) else one_node(cluster, name, clusters)[1].node_id


def by_name(nodes: Iterable[Node]) -> dict[str, Node]:
    """Return nodes by every name that they go by."""
    rows = tuple(nodes)
    known = {name: node for node in rows for name in _own_names(node)}
    return known | dict(_places(rows))


def _own_names(node: Node) -> Iterator[str]:
    yield node.node_id
    yield from filter(None, (node.logical_id, node.private_ip))
    if node.private_dns_name:
        yield node.private_dns_name
        yield node.private_dns_name.partition(".")[0]


def _places(nodes: Iterable[Node]) -> Iterator[tuple[str, Node]]:
    """Yield `group/0`, `group/1` ...: the nodes of a group in the order of their ids, as no better one is known."""
    by_group: dict[str, list[Node]] = {}
    for node in sorted(nodes, key=lambda one: one.node_id):
        by_group.setdefault(node.instance_group, []).append(node)
    for group, members in by_group.items():
        yield from ((f"{group}/{index}", node) for index, node in enumerate(members))


def unknown_names(cluster: str, names: Sequence[str], known: Iterable[str]) -> NotFoundError:
    """Return the error for names that no node has, with the nearest."""
    words = ", ".join(f"`{name}`" for name in names)
    some = "node" if len(names) == 1 else "nodes"
    hint = _did_you_mean(names[0], known) or ""
    listing = f"hpctl node list --cluster {cluster}"
    return NotFoundError(f"cluster `{cluster}` has no {some} {words}", hint=f"{hint}\n{listing}" if hint else listing)


def _did_you_mean(word: str, choices: Iterable[str]) -> str | None:
    close = nearest(word, choices, limit=1)
    return f"did you mean `{close[0]}`?" if close else None
