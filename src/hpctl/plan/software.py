"""Decide how the software of a live cluster's nodes is updated, and say what that wipes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hpctl.errors import NotFoundError
from hpctl.facts.records import Cluster, Identity, InstanceGroup
from hpctl.report.action import Action
from hpctl.report.plan import PlanReport
from hpctl.terms import Orchestrator, SlurmNodeType


@dataclass(frozen=True)
class SoftwareWish:
    """Which groups get which image, and how it rolls through them: all groups and AWS's latest unless said.

    `deployment` is a DeploymentConfiguration of SageMaker as plain data.
    """

    groups: tuple[str, ...] = ()
    image_id: str | None = None
    release: str | None = None
    deployment: Mapping[str, Any] | None = None


def plan_update_software(cluster: Cluster, identity: Identity, wish: SoftwareWish, *, run_id: str) -> PlanReport:
    """Return the plan that updates the software; `NotFoundError` when the cluster lacks a group that is named."""
    groups = _groups(cluster, wish)
    update = Action(verb="update-software", subject=f"cluster/{cluster.name}", request=_request(cluster, groups, wish))
    return PlanReport(
        identity=identity,
        cluster=cluster.name,
        arn=cluster.arn,
        orchestrator=cluster.orchestrator,
        state="present",
        run_id=run_id,
        actions=(update,),
        goes=tuple(_goes(groups)),
        stays=tuple(_stays()),
        notices=tuple(_notices(cluster, groups)),
    )


def _groups(cluster: Cluster, wish: SoftwareWish) -> tuple[InstanceGroup, ...]:
    known = {group.name: group for group in cluster.instance_groups}
    for name in wish.groups:
        if name not in known:
            there = ", ".join(f"`{one}`" for one in known)
            raise NotFoundError(f"cluster `{cluster.name}` has no instance group `{name}`", hint=f"it has {there}")
    return tuple(known[name] for name in dict.fromkeys(wish.groups)) or cluster.instance_groups


def _request(cluster: Cluster, groups: tuple[InstanceGroup, ...], wish: SoftwareWish) -> dict[str, Any]:
    """Name groups only where it matters: without any, AWS takes all of them."""
    release = {"ImageReleaseVersion": wish.release} if wish.release else {}
    named = [{"InstanceGroupName": group.name, **release} for group in groups]
    return {
        "ClusterName": cluster.arn,
        **({"InstanceGroups": named} if wish.groups or release else {}),
        **({"DeploymentConfig": dict(wish.deployment)} if wish.deployment else {}),
        **({"ImageId": wish.image_id} if wish.image_id else {}),
    }


def _goes(groups: tuple[InstanceGroup, ...]) -> Iterator[str]:
    for group in groups:
        nodes = "1 node" if group.current_count == 1 else f"{group.current_count} nodes"
        yield f"the root volumes of {nodes} of instance group `{group.name}`, with everything on them"
    yield "what runs on these nodes: each is out of service while it gets its image"


def _stays() -> Iterator[str]:
    yield "the nodes and their instance ids; lifecycle scripts run on them again"
    yield "file systems (FSx), lifecycle scripts in S3"


def _notices(cluster: Cluster, groups: tuple[InstanceGroup, ...]) -> Iterator[str]:
    """Clusters whose Slurm has its own file do not tell which group the controller is in: it may be any."""
    controller = any(group.slurm_node_type in (None, SlurmNodeType.CONTROLLER) for group in groups)
    if cluster.orchestrator == Orchestrator.SLURM and controller:
        yield "what Slurm keeps on the controller's root volume (its state, its accounting database) is wiped as well"
