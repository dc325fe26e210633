"""Reboot or replace nodes of a live cluster: say what that costs, carry it out, follow it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from hpctl.errors import NotFoundError, RefusedError, UsageError
from hpctl.facts.node_care import IN_USE, MOST_AT_ONCE, NodeRefusal
from hpctl.facts.ports import Ports
from hpctl.facts.records import Live, Node
from hpctl.facts.slurm_controller import controller_groups
from hpctl.facts.world import World
from hpctl.plan.apply import apply
from hpctl.plan.node_care import Care, Cared, ids_of, plan_care
from hpctl.plan.send_care import told
from hpctl.report.plan import PlanReport
from hpctl.report.progress import Progress, Remarked, Started
from hpctl.services.guards import unsettled
from hpctl.services.lock import Claim
from hpctl.services.node_jobs import running_on
from hpctl.services.node_names import by_name, unknown_names
from hpctl.services.polling import Waiting
from hpctl.services.refusals import explained, settling
from hpctl.services.wait_nodes import until_back
from hpctl.terms import Orchestrator


def find(name: str, words: Sequence[str], care: Care, world: World, ports: Ports, claim: Claim) -> Cared:
    """Return the nodes that `words` name, as `node_names` has it.

    Raises `NotFoundError` for what names none, `UsageError` for a Slurm controller that is to be replaced, and for more
    nodes than AWS takes at once.
    """
    live = world.live(name)
    if live is None:
        raise NotFoundError(f"there is no cluster `{name}`", hint="the clusters that there are: hpctl cluster list")
    nodes = tuple(ports.clusters.nodes(live.cluster.arn))
    begun = _begun(claim) if care == "replace" else ()
    known = by_name(nodes)
    gone = tuple(word for word in words if word not in known and word in begun)
    if unknown := [word for word in words if word not in known and word not in gone]:
        raise unknown_names(name, unknown, known)
    found = {known[word].node_id: known[word] for word in words if word in known}
    if len(found) + len(gone) > MOST_AT_ONCE:
        raise UsageError(f"AWS takes at most {MOST_AT_ONCE} nodes at once, and these are {len(found) + len(gone)}")
    heads = _controllers(live, ports)
    _demand_no_controller(care, found.values(), heads)
    others = frozenset() if gone else frozenset(node.node_id for node in nodes) - found.keys()
    return Cared(live.cluster, tuple(found.values()), gone, others, heads)


def plan(care: Care, cared: Cared, world: World, ports: Ports, *, run_id: str) -> PlanReport:
    """Return the plan, with what runs on the nodes as far as that can be seen."""
    notices = (*running_on(cared.cluster, cared.nodes, world, ports), *unsettled(cared.cluster, world))
    return plan_care(care, cared, world.identity(), run_id=run_id, notices=notices)


def carry(planned: PlanReport, cared: Cared, care: Care, ports: Ports, waiting: Waiting | None) -> Iterator[Progress]:
    """Carry out the plan, and follow the nodes unless `waiting` is None.

    Raises `RefusedError` at the end when AWS left nodes out: the others are done.
    """
    refused: tuple[NodeRefusal, ...] = ()
    with explained(planned), settling(planned, "try"):
        for step in apply(planned, ports):
            yield step
            refused += step.refused if isinstance(step, Started) else ()
    busy = tuple(one for one in refused if one.code == IN_USE)
    if busy:
        message = f"something is being done already, which AWS lets end first: {told(busy)}"
        yield Remarked(time=ports.clock.now(), message=message)
    lost = tuple(one for one in refused if one.code != IN_USE)
    if waiting:
        yield from until_back(waiting, ports, care, _without(cared, lost))
    if lost:
        raise RefusedError(f"AWS refused to {care} {told(lost)}; the other nodes are done", aws_code=lost[0].code)


def _begun(claim: Claim) -> tuple[str, ...]:
    """Return the nodes that the run which this command goes on with is about."""
    lines = claim.resumed.lines if claim.resumed else ()
    return tuple(node for line in lines if line.get("verb") == "replace" for node in ids_of(str(line.get("subject"))))


def _controllers(live: Live, ports: Ports) -> frozenset[str]:
    on_slurm = live.cluster.orchestrator == Orchestrator.SLURM
    return controller_groups(live, ports.storage) if on_slurm else frozenset()


def _demand_no_controller(care: Care, nodes: Iterable[Node], heads: frozenset[str]) -> None:
    for node in nodes:
        if care == "replace" and node.instance_group in heads:
            raise UsageError(
                f"`{node.node_id}` is the Slurm controller, which HyperPod does not replace",
                hint=f"to start it anew, with its volumes: hpctl node reboot {node.node_id}",
            )


def _without(cared: Cared, lost: Iterable[NodeRefusal]) -> Cared:
    ids = {one.node_id for one in lost}
    kept = tuple(node for node in cared.nodes if ids.isdisjoint((node.node_id, node.logical_id)))
    return replace(cared, nodes=kept)
