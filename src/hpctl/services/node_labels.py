"""Tell SkyPilot which accelerators nodes have: a label, from the instance type, without a pod on any node.

Source: SkyPilot 0.14.1, sky/provision/kubernetes/utils.py: `skypilot.co/accelerator`, in small letters; instance types
with HyperPod's `ml.` are no label that it reads.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum, auto
from typing import Final

from hpctl.catalog.instance_types import instance_type
from hpctl.catalog.nearest import nearest
from hpctl.errors import NotFoundError
from hpctl.facts.jobs import NODE
from hpctl.facts.kubernetes import KubernetesNode
from hpctl.facts.ports import Ports
from hpctl.report.labels import NodeLabelRow, NodeLabelsReport
from hpctl.services.job.where import Where
from hpctl.spec.accelerators import name_of

SKYPILOT: Final = "skypilot.co/accelerator"
_PREFIX: Final = "hyperpod-"
"""What stands before the instance id in the names that HyperPod gives to nodes."""
_CHANGES: Final = frozenset({"add", "change", "remove"})


class Wish(Enum):
    """What is to become of the labels."""

    LABEL = auto()
    OVERWRITE = auto()
    """Also where a node has another value."""
    REMOVE = auto()


def plan_labels(at: Where, names: Sequence[str], wish: Wish, ports: Ports) -> NodeLabelsReport:
    """Return what would be changed on the named nodes, or (none named) on all.

    Raises:
        NotFoundError: a node of such a name is not there; the nearest is named.
    """
    nodes = _named(names, ports.kubernetes.nodes(at.eks), at)
    rows = tuple(row_of(node, wish) for node in nodes)
    return NodeLabelsReport(
        cluster=at.cluster,
        identity=ports.caller.identity(),
        label=SKYPILOT,
        result="planned" if any(row.change in _CHANGES for row in rows) else "unchanged",
        nodes=rows,
    )


def apply_labels(plan: NodeLabelsReport, at: Where, ports: Ports) -> NodeLabelsReport:
    """Change the labels as planned, a node after the other; what was changed stays where a later one is refused.

    The same command again does what is left: a label that is as it should be is no change.
    """
    for row in plan.nodes:
        if row.change in _CHANGES:
            ports.jobs.merge(at.eks, NODE, "", row.node, {"metadata": {"labels": {plan.label: row.after}}})
    return plan.model_copy(update={"result": "done" if plan.result == "planned" else plan.result})


def row_of(node: KubernetesNode, wish: Wish) -> NodeLabelRow:
    """Return what becomes of the label of one node."""
    before = node.labels.get(SKYPILOT)
    after, reason = (None, "") if wish is Wish.REMOVE else _value(node)
    row = NodeLabelRow(node=node.name, instance_type=node.instance_type, change="keep", before=before, after=after)
    if reason:
        return row.model_copy(update={"change": "leave", "after": before, "reason": reason})
    if before == after:
        return row.model_copy(update={"reason": "has no such label" if after is None else ""})
    if after is None:
        return row.model_copy(update={"change": "remove"})
    if before is None:
        return row.model_copy(update={"change": "add"})
    if wish is Wish.OVERWRITE:
        return row.model_copy(update={"change": "change"})
    reason = f"is labelled `{before}`, and its type has `{after}`; --overwrite changes it"
    return row.model_copy(update={"change": "leave", "after": before, "reason": reason})


def _value(node: KubernetesNode) -> tuple[str | None, str]:
    """Return the value of the label, or why there is none."""
    if node.instance_type is None:
        return None, "does not tell its instance type"
    try:
        name = name_of(instance_type(node.instance_type))
    except NotFoundError:
        return None, f"is of type `{node.instance_type}`, which hpctl does not know"
    return (name.lower(), "") if name else (None, "has no accelerators")


def _named(names: Sequence[str], nodes: Sequence[KubernetesNode], at: Where) -> tuple[KubernetesNode, ...]:
    known = {node.name: node for node in nodes}
    known |= {node.name.removeprefix(_PREFIX): node for node in nodes}
    for name in names:
        if name not in known:
            close = nearest(name, known)
            hint = f"nearest: `{close[0]}`" if close else f"kubectl get nodes, or hpctl gpus --cluster {at.cluster}"
            raise NotFoundError(f"EKS cluster `{at.eks.name}` has no node `{name}`", hint=hint)
    return tuple({known[name].name: known[name] for name in names}.values()) or tuple(nodes)
