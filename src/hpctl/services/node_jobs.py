"""What runs on nodes that are about to be disturbed, for whoever is asked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from hpctl.errors import HpctlError
from hpctl.facts.jobs import Pod
from hpctl.facts.ports import Ports
from hpctl.facts.records import Cluster, Node
from hpctl.facts.slurm_controller import controller_of
from hpctl.facts.slurm_nodes import SlurmRun, slurm_name
from hpctl.facts.world import World
from hpctl.services.connect import eks_cluster_of

_ENDED: Final = ("Succeeded", "Failed")
_SHOWN: Final = 5
_KUBERNETES_NAME: Final = "hyperpod-"
"""How HyperPod's nodes are named in Kubernetes: this and the instance id (AWS documentation)."""


def running_on(cluster: Cluster, nodes: Iterable[Node], world: World, ports: Ports) -> Iterator[str]:
    """Yield a sentence for each node on which jobs run, or one that says why that cannot be seen."""
    try:
        found = tuple(_on_eks(cluster, nodes, world) if cluster.eks_cluster_arn else _on_slurm(cluster, nodes, ports))
    except HpctlError as error:
        yield f"what runs on these nodes cannot be seen: {error.message}"
        return
    yield from found


def kubernetes_name(node: Node) -> str:
    """Return what Kubernetes calls a node of a cluster on EKS."""
    return f"{_KUBERNETES_NAME}{node.node_id}"


def _on_eks(cluster: Cluster, nodes: Iterable[Node], world: World) -> Iterator[str]:
    eks = world.eks_cluster(eks_cluster_of(cluster))
    pods = world.pods(eks, None) if eks else ()
    for node in nodes:
        here = [_pod(pod) for pod in pods if pod.node == kubernetes_name(node) and _counts(pod)]
        if here:
            yield f"`{node.node_id}` runs {_listed(here, 'pod')}"


def _counts(pod: Pod) -> bool:
    """Whether a pod is somebody's work: not one that has ended, nor one of the system's on every node."""
    return pod.phase not in _ENDED and pod.namespace not in ("kube-system", "aws-hyperpod")


def _pod(pod: Pod) -> str:
    return f"{pod.namespace}/{pod.name}"


def _on_slurm(cluster: Cluster, nodes: Iterable[Node], ports: Ports) -> Iterator[str]:
    controller = controller_of(cluster.arn, ports.clusters, ports.storage, ports.sessions)
    runs = ports.slurm.runs(controller)
    for node in nodes:
        name = slurm_name(node)
        here = [_job(run) for run in runs if name and name in run.nodes]
        if here:
            yield f"`{node.node_id}` (`{name}`) runs {_listed(here, 'job')}"


def _job(run: SlurmRun) -> str:
    return f"{run.job_id} of {run.user}"


def _listed(rows: list[str], noun: str) -> str:
    more = f" and {len(rows) - _SHOWN} more" if len(rows) > _SHOWN else ""
    return f"{noun}{'s' if len(rows) > 1 else ''} {', '.join(rows[:_SHOWN])}{more}"
