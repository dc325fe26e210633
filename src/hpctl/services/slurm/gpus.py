"""Count the accelerators of a Slurm cluster, and what of them a job can have now.

Sources: slurm.conf(5) (`Gres`), scontrol(1) (`--details`: `GresUsed`), sinfo(1) ("NODE STATE CODES").
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from hpctl.catalog.instance_types import InstanceType
from hpctl.facts.ports import Ports
from hpctl.facts.records import Node
from hpctl.facts.slurm_controller import controller_of
from hpctl.facts.slurm_meaning import is_busy, meaning, takes_jobs
from hpctl.facts.slurm_nodes import SlurmNode, slurm_name
from hpctl.report.gpus import AcceleratorListReport, AcceleratorNode
from hpctl.services.gpus import by_kind, facts_of, missing_of
from hpctl.spec.accelerators import name_of

WHOLE: Final = "whole nodes"
"""What jobs ask for where Slurm was not told of a node's accelerators."""
_COUNTED: Final = ("gpu", "neuron")
_STRANGER: Final = "Slurm does not know it"
_FULL: Final = "its CPUs are all taken"


@dataclass(frozen=True)
class Gres:
    """One entry of `Gres`: `gpu:h100:8(S:0-1)` is of the name `gpu`, the kind `h100`, and is eight."""

    name: str
    kind: str
    count: int


def slurm_accelerators(cluster: str, ports: Ports) -> AcceleratorListReport:
    """Return the accelerators of a Slurm cluster, by kind and by node; raises what `controller_of` and `Slurm` do."""
    controller = controller_of(cluster, ports.clusters, ports.storage, ports.sessions)
    nodes = ports.slurm.nodes(controller)
    instances = {name: node for node in ports.clusters.nodes(cluster) if (name := slurm_name(node))}
    workers = {name: node for name, node in instances.items() if node.instance_group != controller.instance_group}
    found = [row for node in nodes for row in rows_of(node, instances.get(node.name))]
    found += _strangers(workers, {node.name for node in nodes})
    rows = sorted(found, key=lambda row: (row.accelerator, row.instance_group or "", row.node))
    return AcceleratorListReport(
        cluster=cluster, accelerators=tuple(by_kind(rows)), nodes=tuple(rows), notices=tuple(_notices(rows))
    )


def rows_of(node: SlurmNode, instance: Node | None) -> Iterator[AcceleratorNode]:
    """Yield what a node has, a row for each kind; where Slurm counts none, jobs have the node's whole or nothing."""
    group, named = (instance.instance_group, instance.instance_type) if instance else (None, node.instance_type)
    facts, trouble = facts_of(named), trouble_of(node)
    for one, used in _held(node, facts):
        left = max(0, one.count - used)
        words = trouble or (_FULL if left and node.words[0] == "ALLOCATED" else "")
        efa = (facts.efa_interfaces or 0) if facts else 0
        yield AcceleratorNode(
            node=node.name,
            accelerator=_name(one, facts),
            resource=f"gres/{one.name}" + (f":{one.kind}" if one.kind else "") if one.name else WHOLE,
            instance_type=named,
            instance_group=group,
            total=one.count,
            used=used,
            free=0 if words else left,
            efa=efa,
            efa_free=0 if words else efa,
            trouble=", ".join(filter(None, (words, "" if one.kind else missing_of(one.count, facts)))),
        )


def trouble_of(node: SlurmNode) -> str:
    """Return why no further job comes onto a node, in words; empty where one may."""
    return "" if takes_jobs(node) and not node.has("RESERVED") else meaning(node)


def gres_of(text: str) -> Iterator[Gres]:
    """Read `Gres` and `GresUsed`: what stands in parentheses says which devices, not how many."""
    for entry in filter(None, re.sub(r"\([^)]*\)", "", text).split(",")):
        name, *rest = entry.split(":")
        count = rest.pop() if rest and rest[-1].isdecimal() else "1"
        yield Gres(name, ":".join(filter(None, rest)), int(count))


def _held(node: SlurmNode, facts: InstanceType | None) -> Iterator[tuple[Gres, int]]:
    """Yield what Slurm counts of a node, with what jobs hold of it."""
    counted = [one for one in gres_of(node.gres) if one.name in _COUNTED]
    used: Counter[tuple[str, str]] = Counter()
    for one in gres_of(node.gres_used):
        used[one.name, one.kind] += one.count
    yield from ((one, used[one.name, one.kind]) for one in counted)
    if not counted and facts is not None and facts.accelerator_count:
        whole = facts.accelerator_count
        yield Gres("", "", whole), whole if is_busy(node) else 0


def _name(one: Gres, facts: InstanceType | None) -> str:
    known = name_of(facts) if facts else None
    if one.kind and facts is not None and one.count != facts.accelerator_count:
        return f"{known or one.name} {one.kind}"
    return known or one.kind or ("GPU" if one.name == "gpu" else "Neuron")


def _strangers(workers: dict[str, Node], known: set[str]) -> Iterator[AcceleratorNode]:
    """Yield the nodes that run and are not in Slurm, as far as they have accelerators."""
    for name, node in workers.items():
        facts = facts_of(node.instance_type)
        if name in known or node.status != "Running" or facts is None or not (kind := name_of(facts)):
            continue
        yield AcceleratorNode(
            node=name,
            accelerator=kind,
            resource=WHOLE,
            instance_type=node.instance_type,
            instance_group=node.instance_group,
            total=0,
            used=0,
            free=0,
            trouble=_STRANGER,
        )


def _notices(rows: Iterable[AcceleratorNode]) -> Iterator[str]:
    uncounted = sum(row.resource == WHOLE and row.total > 0 for row in rows)
    if uncounted:
        yield (
            f"Slurm does not count the accelerators of {uncounted} nodes (`Gres` is not set): "
            "one with a job is taken for used wholly"
        )
