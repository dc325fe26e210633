"""A Slurm cluster as its controller sees it, each node with the instance that it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from hpctl.facts.ports import Ports
from hpctl.facts.records import Node
from hpctl.facts.session_ports import Target
from hpctl.facts.slurm_controller import controller_of
from hpctl.facts.slurm_meaning import meaning, takes_jobs
from hpctl.facts.slurm_nodes import SlurmNode, SlurmRun, slurm_name
from hpctl.report.slurm import SlurmJobFacts, SlurmNodeFacts


@dataclass(frozen=True)
class View:
    """What was asked of Slurm and of SageMaker at the same time."""

    cluster: str
    controller: Target
    nodes: tuple[SlurmNode, ...]
    runs: tuple[SlurmRun, ...]
    instances: dict[str, Node]
    """The cluster's nodes by their names in Slurm."""

    def facts(self, nodes: Iterable[SlurmNode]) -> Iterator[SlurmNodeFacts]:
        """Yield what a report says of nodes."""
        for node in nodes:
            instance = self.instances.get(node.name)
            yield SlurmNodeFacts(
                name=node.name,
                node_id=instance.node_id if instance else None,
                instance_group=instance.instance_group if instance else None,
                instance_type=instance.instance_type if instance else node.instance_type,
                partitions=node.partitions,
                gres=node.gres or None,
                state=node.state,
                meaning=meaning(node),
                takes_jobs=takes_jobs(node),
                reason=node.reason,
                reason_by=node.reason_by,
                reason_at=node.reason_at,
                jobs=tuple(_job(run) for run in self.runs if node.name in run.nodes),
            )


def view(cluster: str, ports: Ports) -> View:
    """Ask Slurm's controller for nodes and jobs; raises what `controller_of` and `Slurm` raise."""
    controller = controller_of(cluster, ports.clusters, ports.storage, ports.sessions)
    nodes = ports.slurm.nodes(controller)
    instances = {name: node for node in ports.clusters.nodes(cluster) if (name := slurm_name(node))}
    return View(cluster, controller, nodes, ports.slurm.runs(controller), instances)


def _job(run: SlurmRun) -> SlurmJobFacts:
    return SlurmJobFacts(job_id=run.job_id, user=run.user, name=run.name, state=run.state)
