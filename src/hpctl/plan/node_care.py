"""Decide how nodes of a live cluster are rebooted or replaced, and say what that costs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final, Literal

from hpctl.facts.records import Cluster, Identity, Node
from hpctl.report.action import Action
from hpctl.report.plan import PlanReport
from hpctl.terms import Orchestrator

Care = Literal["reboot", "replace"]

_INSTANCE: Final = "i-"


@dataclass(frozen=True)
class Cared:
    """The nodes that are cared for; `gone` are ids of those that an earlier command of this run had replaced.

    `others` are the ids of nodes that were there besides, unless some are gone: then nobody can tell.
    """

    cluster: Cluster
    nodes: tuple[Node, ...]
    gone: tuple[str, ...] = ()
    others: frozenset[str] = frozenset()
    controllers: frozenset[str] = frozenset()
    """The names of the instance groups that are Slurm controllers."""


def plan_care(care: Care, cared: Cared, identity: Identity, *, run_id: str, notices: Iterable[str] = ()) -> PlanReport:
    """Return the plan that reboots or replaces the nodes, in one request."""
    cluster = cared.cluster
    ids = (*(node.node_id for node in cared.nodes), *cared.gone)
    return PlanReport(
        identity=identity,
        cluster=cluster.name,
        arn=cluster.arn,
        orchestrator=cluster.orchestrator,
        state="present",
        run_id=run_id,
        actions=(_action(care, cluster, sorted(ids)),),
        goes=tuple(_goes(care, cared.nodes)),
        stays=tuple(_stays(care)),
        notices=(*_notices(care, cared), *notices),
    )


def ids_of(subject: str) -> tuple[str, ...]:
    """Return the nodes that the subject of such an action names."""
    return tuple(subject.partition("/")[2].split(", "))


def _action(care: Care, cluster: Cluster, ids: list[str]) -> Action:
    """Name nodes by their instance, and by their logical id only while they have none."""
    instances = [one for one in ids if one.startswith(_INSTANCE)]
    others = [one for one in ids if not one.startswith(_INSTANCE)]
    request: dict[str, Any] = {"ClusterName": cluster.arn}
    request |= {"NodeIds": instances} if instances else {}
    request |= {"NodeLogicalIds": others} if others else {}
    doing = "rebooting" if care == "reboot" else "replacing"
    return Action(
        verb=care,
        subject=f"node/{', '.join(ids)}",
        request=request,
        does=f"{doing} {', '.join(ids)} of cluster `{cluster.name}`",
    )


def _goes(care: Care, nodes: tuple[Node, ...]) -> Iterator[str]:
    for node in nodes:
        if care == "replace":
            yield f"instance `{node.node_id}` ({node.instance_type}, instance group `{node.instance_group}`)"
    if care == "replace":
        yield "the root and secondary volumes of these instances, with everything on them"
    yield "what runs on these nodes, and what they hold in memory"


def _stays(care: Care) -> Iterator[str]:
    if care == "replace":
        yield "the place of each node in its instance group: a new instance takes it, and runs the lifecycle scripts"
    else:
        yield "the instances with their ids, addresses and volumes; lifecycle scripts do not run again"
    yield "file systems (FSx), lifecycle scripts in S3"


def _notices(care: Care, cared: Cared) -> Iterator[str]:
    for node in cared.nodes:
        if care == "reboot" and node.instance_group in cared.controllers:
            yield f"`{node.node_id}` is the Slurm controller: nobody can submit or look at jobs until it is back"
    on_slurm = cared.cluster.orchestrator == Orchestrator.SLURM
    if care == "replace" and on_slurm:
        yield "a new instance has another host key; remove the old one from your ~/.ssh/known_hosts"
