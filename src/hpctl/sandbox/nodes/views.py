"""What HyperPod knows of its nodes, as records for those who play their machines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hpctl.sandbox.ssm.models import connected

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from hpctl.sandbox.dispatch import Moto
    from hpctl.sandbox.sagemaker.cluster import Cluster
    from hpctl.sandbox.sagemaker.models import HyperPodBackend
    from hpctl.sandbox.sagemaker.timeline import ClusterState


@dataclass(frozen=True, slots=True)
class NodeView:
    """A node that has an instance; `up` is whether its machine runs, `index` its number in its group from 0.

    `boots` is how often its instance was booted anew: somebody who looks seldom would not see it down. `volume` is the
    number of the update of the software that its root volume is of. `spec` is its group as the request specifies it,
    `recovery` the cluster's NodeRecovery.
    """

    cluster_id: str
    cluster: str
    cluster_arn: str
    region: str
    slurm: bool
    group: str
    index: int
    logical_id: str
    instance_id: str
    instance_type: str
    address: str
    up: bool
    boots: int
    volume: int
    fault: str | None
    recovery: str
    spec: Mapping[str, Any]

    @property
    def hostname(self) -> str:
        """Its host name, and its name in Slurm: HyperPod makes it of its address."""
        return f"ip-{self.address.replace('.', '-')}"


@dataclass(frozen=True, slots=True)
class ClusterView:
    """A cluster with the nodes that have an instance; `request` is what is in force."""

    id: str
    name: str
    arn: str
    region: str
    status: str
    slurm: bool
    request: Mapping[str, Any]
    nodes: tuple[NodeView, ...]


def look(moto: Moto) -> tuple[tuple[ClusterView, ...], datetime | None]:
    """Return the clusters of all Regions, and when HyperPod will next change something by itself."""
    found, due = [], []
    for backend in moto.hyperpods():
        for cluster, state in backend.living():
            found.append(_cluster(backend, cluster, state))
            if (moment := backend.course(cluster).next_due) is not None:
                due.append(moment)
    return tuple(found), min(due, default=None)


def _cluster(backend: HyperPodBackend, cluster: Cluster, state: ClusterState) -> ClusterView:
    nodes = tuple(_nodes(backend.region_name, cluster, state))
    return ClusterView(
        id=cluster.id,
        name=cluster.name,
        arn=cluster.arn,
        region=backend.region_name,
        status=state.status,
        slurm=not cluster.eks,
        request=state.request,
        nodes=nodes,
    )


def _nodes(region: str, cluster: Cluster, state: ClusterState) -> Iterator[NodeView]:
    for node in state.nodes:
        if node.instance_id is None:
            continue
        yield NodeView(
            cluster_id=cluster.id,
            cluster=cluster.name,
            cluster_arn=cluster.arn,
            region=region,
            slurm=not cluster.eks,
            group=node.seat.group,
            index=node.seat.index,
            logical_id=node.seat.logical_id,
            instance_id=node.instance_id,
            instance_type=node.seat.instance_type,
            address=node.seat.address,
            up=connected(node),
            boots=node.boots,
            volume=node.image.patch,
            fault=node.fault,
            recovery=state.request.get("NodeRecovery") or "Automatic",
            spec=node.spec,
        )
