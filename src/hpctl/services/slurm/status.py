"""How Slurm is on a cluster: its partitions, its nodes, and why those that take no jobs do not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from hpctl.facts.hostlists import hosts_of
from hpctl.facts.ports import Ports
from hpctl.facts.slurm_meaning import is_busy, takes_jobs
from hpctl.facts.slurm_nodes import SlurmNode, SlurmPartition
from hpctl.facts.slurm_reasons import meant
from hpctl.report.slurm import SlurmPartitionFacts, SlurmStatusReport
from hpctl.services.slurm.view import View, view


def status(cluster: str, ports: Ports) -> SlurmStatusReport:
    """Return how Slurm is; raises `UsageError` for a cluster on EKS, and what sessions and Slurm raise."""
    seen = view(cluster, ports)
    partitions = ports.slurm.partitions(seen.controller)
    known = {node.name for node in seen.nodes}
    unseen = (name for name, node in sorted(seen.instances.items()) if name not in known and _is_worker(seen, name))
    return SlurmStatusReport(
        cluster=cluster,
        controller=seen.controller.instance_id,
        version=next((node.version for node in seen.nodes if node.version), None),
        partitions=tuple(_partition(one, seen.nodes) for one in partitions),
        nodes=tuple(seen.facts(seen.nodes)),
        unknown=tuple(f"{name} ({seen.instances[name].node_id})" for name in unseen),
        remarks=tuple(_remarks(seen.nodes, partitions)),
    )


def _is_worker(seen: View, name: str) -> bool:
    """Whether a node should be in Slurm: it runs, and is not of the controller's group."""
    node = seen.instances[name]
    return node.status == "Running" and node.instance_group != seen.controller.instance_group


def _partition(partition: SlurmPartition, nodes: Iterable[SlurmNode]) -> SlurmPartitionFacts:
    hosts = set(hosts_of(partition.nodes))
    mine = [node for node in nodes if node.name in hosts]
    working = [node for node in mine if takes_jobs(node)]
    busy = sum(map(is_busy, working))
    return SlurmPartitionFacts(
        name=partition.name,
        state=partition.state,
        default=partition.is_default,
        max_time=partition.max_time or None,
        nodes=len(hosts),
        free=len(working) - busy,
        busy=busy,
        away=len(hosts) - len(working),
    )


def _remarks(nodes: Iterable[SlurmNode], partitions: Iterable[SlurmPartition]) -> Iterator[str]:
    for node in nodes:
        if wanted := meant(node.reason):
            yield (
                f"the reason of `{node.name}` (`{node.reason}`) is not exactly `{wanted}`: HyperPod does nothing for it"
            )
    for partition in partitions:
        if not partition.nodes:
            yield f"partition `{partition.name}` has no nodes"
