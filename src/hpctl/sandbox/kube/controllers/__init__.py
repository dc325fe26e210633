"""What brings a cluster's objects nearer to what is wished of them: its nodes, scheduler and controllers.

StatefulSets, CronJobs and the like have no controller here, and neither have the custom resources of
`crds` that say so: the API refuses to create what would wait for ever.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from hpctl.sandbox.kube.controllers import chart
from hpctl.sandbox.kube.controllers.agents import PodAgents
from hpctl.sandbox.kube.controllers.auto_resume import AutoResume
from hpctl.sandbox.kube.controllers.daemonsets import DaemonSets
from hpctl.sandbox.kube.controllers.deployments import Deployments
from hpctl.sandbox.kube.controllers.hyperpod_jobs import HyperPodJobs
from hpctl.sandbox.kube.controllers.jobs import Jobs
from hpctl.sandbox.kube.controllers.jobsets import JobSets
from hpctl.sandbox.kube.controllers.kueue import Kueue
from hpctl.sandbox.kube.controllers.lifecycle import Lifecycle
from hpctl.sandbox.kube.controllers.loop import Loop
from hpctl.sandbox.kube.controllers.nodes import Nodes
from hpctl.sandbox.kube.controllers.pytorchjobs import PyTorchJobs
from hpctl.sandbox.kube.controllers.replicasets import ReplicaSets
from hpctl.sandbox.kube.controllers.scheduler import Scheduler
from hpctl.sandbox.kube.controllers.services import Services

if TYPE_CHECKING:
    from hpctl.sandbox.eks.cluster import Cluster
    from hpctl.sandbox.kube.ports import Api, Instances, PodStreams


def prepare(api: Api, cluster: Cluster) -> None:
    """Install what the cluster's EKS record says, before anybody looks into the cluster."""
    chart.install(api, cluster)


async def run(api: Api, instances: Instances, streams: PodStreams, cluster: Cluster) -> None:
    """Let everything work on one cluster, until cancelled."""

    def version() -> str:
        return f"v{cluster.version(api.now)}.1-eks-sandbox"

    nodes = Nodes(api, instances, version)
    makers = (
        Scheduler,
        Lifecycle,
        Jobs,
        JobSets,
        Kueue,
        AutoResume,
        PyTorchJobs,
        ReplicaSets,
        Deployments,
        DaemonSets,
        Services,
    )
    operator = HyperPodJobs(api, PodAgents(streams))
    loop = Loop(api, [nodes, operator, *(make(api) for make in makers)])
    async with asyncio.TaskGroup() as group:
        group.create_task(loop.run())
        group.create_task(nodes.follow(cluster.members["arn"], loop))
        group.create_task(_keep_installed(api, instances, cluster))


async def _keep_installed(api: Api, instances: Instances, cluster: Cluster) -> None:
    # Whatever changes machines or the EKS record passes the same gate.
    async for _ in instances.watch(cluster.members["arn"]):
        chart.install(api, cluster)
