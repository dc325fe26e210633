"""The nodes of a Slurm cluster as a job can use them, and how well one of its choices fits there.

Sources: sbatch(1), `--gres`, `--exclusive`; slurm.conf(5). Neuron devices are no generic resource on HyperPod's Slurm:
a job has the whole node.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from hpctl.catalog.instance_types import InstanceType, instance_type
from hpctl.errors import NotFoundError
from hpctl.facts.slurm_nodes import SlurmNode
from hpctl.facts.slurm_site import SlurmSite, count_of, is_usable
from hpctl.spec.accelerators import accelerator_names, name_of, satisfies
from hpctl.spec.job import Choice
from hpctl.terms import AcceleratorKind

GPU: Final = "gpu"
_MIB: Final = 1024


@dataclass(frozen=True)
class Fit:
    """One way to be satisfied on nodes of one kind: `type` is what the catalog knows of them, None where nobody told.

    `nodes` are all of the kind, whatever their state; none where the cluster was not asked.
    """

    choice: Choice
    type: InstanceType | None
    nodes: tuple[SlurmNode, ...] = ()

    @cached_property
    def on_node(self) -> int:
        """How many devices a node has; 0 is none, or not known."""
        told = max((count_of(node, GPU) for node in self.nodes), default=0)
        return told or (self.type.accelerator_count if self.type else 0)

    @cached_property
    def devices(self) -> int:
        """How many devices each node of the job has; a type alone means all of them."""
        if self.choice.accelerator is not None:
            return math.ceil(self.choice.accelerator.count)
        return self.on_node if self.takes_all else 0

    @property
    def takes_all(self) -> bool:
        """Whether an instance type is asked for, and nothing says how much of it."""
        choice = self.choice
        return choice.instance_type is not None and (choice.cpus, choice.memory_gib) == (None, None)

    @property
    def is_neuron(self) -> bool:
        """Whether the devices are Neuron chips."""
        return self.type is not None and self.type.accelerator_kind is AcceleratorKind.NEURON

    @property
    def has_gres(self) -> bool:
        """Whether Slurm counts the devices; where nobody was asked, it is taken to count GPUs."""
        return not self.is_neuron and (not self.nodes or all(count_of(node, GPU) for node in self.nodes))

    @property
    def whole(self) -> bool:
        """Whether each node is the job's alone: all of its devices, or devices that Slurm cannot share out."""
        if not self.devices:
            return self.takes_all
        return not self.has_gres or (self.on_node > 0 and self.devices >= self.on_node)

    @property
    def share(self) -> float:
        """Which part of a node that is, by devices."""
        return min(1.0, self.devices / self.on_node) if self.on_node else 0.0

    @property
    def cpus(self) -> int:
        """How many CPUs of a node the job has: as asked for, all of them, or its share by devices; 0 is not known.

        Without a word Slurm gives a task one.
        """
        if self.choice.cpus and not self.whole:
            return math.ceil(self.choice.cpus)
        least = min((node.cpus for node in self.nodes), default=0)
        return least if self.whole else math.floor(least * self.share)

    @property
    def memory_mib(self) -> int:
        """How much of a node's memory the job has, as `cpus` tells of CPUs."""
        if self.choice.memory_gib and not self.whole:
            return math.ceil(self.choice.memory_gib * _MIB)
        least = min((node.memory_mib for node in self.nodes), default=0)
        return least if self.whole else math.floor(least * self.share)

    @property
    def processes(self) -> int:
        """How many training processes a node takes: one a GPU, one a logical NeuronCore."""
        if self.is_neuron and self.type and self.type.accelerator_count:
            return max(1, self.devices * self.type.logical_neuron_cores // self.type.accelerator_count)
        return max(1, self.devices)

    @property
    def usable(self) -> tuple[SlurmNode, ...]:
        """The nodes on which Slurm starts jobs."""
        return tuple(node for node in self.nodes if is_usable(node))


def fit(choice: Choice, nodes: tuple[SlurmNode, ...], site: SlurmSite) -> Fit | None:
    """Return how a choice fits the nodes that there are; None where no node is of its kind or has enough devices."""
    if not nodes:
        return Fit(choice, _wished(choice))
    kinds: dict[str | None, list[SlurmNode]] = {}
    for node in nodes:
        if _is_one(node, choice, site):
            kinds.setdefault(site.type_of(node) if _is_particular(choice) else None, []).append(node)
    rows = [Fit(choice, type_of(kind), tuple(found)) for kind, found in kinds.items()]
    large = [one for one in rows if one.devices <= max(one.on_node, 0 if one.choice.accelerator else one.devices)]
    # Nodes that can run it at once come first, then those of which it wastes least.
    return min(large, key=lambda one: (-bool(one.usable), one.on_node, -len(one.nodes)), default=None)


def type_of(name: str | None) -> InstanceType | None:
    """Return what the catalog knows of a type that may not be told or known."""
    try:
        return instance_type(name) if name else None
    except NotFoundError:
        return None


def _is_particular(choice: Choice) -> bool:
    return choice.accelerator is not None or choice.instance_type is not None


def _is_one(node: SlurmNode, choice: Choice, site: SlurmSite) -> bool:
    """Tell whether a node is of the kind that a choice names; what nobody tells of it is judged by its devices."""
    if choice.instance_type is not None and site.type_of(node) != choice.instance_type:
        return False
    if choice.accelerator is None:
        return True
    known = type_of(site.type_of(node))
    own = name_of(known) if known else None
    return satisfies(own, choice.accelerator.name) if own else known is None and count_of(node, GPU) > 0


def _wished(choice: Choice) -> InstanceType | None:
    """Return the type that a choice is about where no node is known: its own, or any with the accelerator."""
    if choice.instance_type is not None:
        return type_of(choice.instance_type)
    if choice.accelerator is None:
        return None
    rows = accelerator_names().get(choice.accelerator.name, ())
    kinds = {row.accelerator_kind for row in rows}
    return rows[0] if len(rows) == 1 or kinds == {AcceleratorKind.NEURON} else None
