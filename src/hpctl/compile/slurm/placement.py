"""Where a job goes on a Slurm cluster: the first of its choices that its nodes can satisfy.

Nodes that are busy or ill are no refusal, the job waits for them; nodes that could never run it are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from hpctl.compile.slurm.fleet import GPU, Fit, fit
from hpctl.errors import DoesNotFitError
from hpctl.facts.placement import Placement
from hpctl.facts.slurm_nodes import SlurmNode
from hpctl.facts.slurm_site import SlurmSite, is_usable
from hpctl.spec.accelerators import name_of
from hpctl.spec.job import Choice, JobSpec


@dataclass(frozen=True, slots=True)
class Seat:
    """Where a job goes: how its choice fits, in which partition (None is Slurm's default), and what keeps it there.

    `feature` is a word that all nodes of the kind have and no other of the partition; where there is none, `excluded`
    are those others.
    """

    fit: Fit
    partition: str | None
    feature: str | None = None
    excluded: tuple[str, ...] = ()

    def placement(self, spec: JobSpec) -> Placement:
        """Return it in the words of both orchestrators."""
        one, kind = self.fit, self.fit.type
        efa = (kind.efa_interfaces or 0) if kind else 0
        return Placement(
            choice=one.choice,
            instance_type=kind.name if kind and one.nodes else one.choice.instance_type,
            accelerator_resource=GPU if one.devices and one.has_gres else None,
            accelerators=one.devices,
            devices=one.devices,
            efa=efa if spec.nodes > 1 and one.devices else 0,
            cpus=one.cpus,
            memory_gib=one.memory_mib / 1024,
            whole_node=one.whole,
            candidates=tuple(node.name for node in one.nodes),
            accelerator_name=_device(one),
            processes=one.processes,
        )


def seat(spec: JobSpec, site: SlurmSite) -> Seat:
    """Decide where a job goes.

    Raises:
        DoesNotFitError: there is no such partition, or no nodes could ever run it.
    """
    wanted = site.partition or spec.queue
    if site.nodes and wanted is not None and wanted not in site.partition_names:
        there = ", ".join(f"`{name}`" for name in site.partition_names)
        raise DoesNotFitError(f"Slurm has no partition `{wanted}`", hint=f"--partition NAME, one of: {there}")
    nodes = tuple(node for node in site.nodes if wanted is None or wanted in node.partitions)
    fits = [fit(choice, nodes, site) for choice in spec.choices or (Choice(),)]
    enough = [one for one in fits if one and (not site.nodes or len(one.nodes) >= spec.nodes)]
    if not enough:
        raise _misfit(spec, fits, nodes, site)
    # All choices are as good: the first that can run now comes before an earlier one that has to wait.
    found = next((one for one in enough if len(one.usable) >= spec.nodes), enough[0])
    return _seated(found, wanted, site)


def _seated(found: Fit, wanted: str | None, site: SlurmSite) -> Seat:
    """Return the seat of nodes that were chosen: other nodes of the partition are kept out."""
    partition = wanted if wanted is not None or not found.nodes else _partition(found, site)
    others = [node for node in site.nodes if node not in found.nodes and _within(node, partition, site)]
    if not found.nodes or not others or not (found.choice.accelerator or found.choice.instance_type):
        return Seat(found, partition)
    kind = site.type_of(found.nodes[0])
    told = kind and all(kind in node.features for node in found.nodes)
    if kind and told and not any(kind in node.features for node in others):
        return Seat(found, partition, feature=kind)
    return Seat(found, partition, excluded=tuple(sorted(node.name for node in others)))


def _partition(found: Fit, site: SlurmSite) -> str | None:
    """Return the partition that most of the nodes are in; None for Slurm's default where that is one of them."""
    counts = Counter(name for node in found.nodes for name in node.partitions)
    most = max(counts.values(), default=0)
    names = sorted(name for name, count in counts.items() if count == most)
    return None if site.default in names or not names else names[0]


def _within(node: SlurmNode, partition: str | None, site: SlurmSite) -> bool:
    name = partition or site.default
    return name is None or name in node.partitions


def _misfit(spec: JobSpec, fits: list[Fit | None], nodes: tuple[SlurmNode, ...], site: SlurmSite) -> DoesNotFitError:
    whys = dict.fromkeys(_why(spec, choice, one) for choice, one in zip(spec.choices or (Choice(),), fits, strict=True))
    kinds = Counter(site.type_of(node) or "unknown type" for node in nodes)
    there = ", ".join(f"{count} x `{kind}`" for kind, count in sorted(kinds.items()))
    return DoesNotFitError(f"`{spec.name}` does not fit: {'; '.join(whys)}", hint=f"there are {there or 'no nodes'}")


def _why(spec: JobSpec, choice: Choice, one: Fit | None) -> str:
    if one is not None:
        return f"it wants {spec.nodes} nodes, and {len(one.nodes)} {'is' if len(one.nodes) == 1 else 'are'} of the kind"
    if choice.accelerator is not None:
        return f"no node has {choice.accelerator.count:g} `{choice.accelerator.name}`"
    return f"no node is a `{choice.instance_type}`"


def _device(one: Fit) -> str | None:
    if not one.devices:
        return None
    own = name_of(one.type) if one.type else None
    return own or (one.choice.accelerator.name if one.choice.accelerator else None)


def waiting(spec: JobSpec, found: Fit) -> Iterator[str]:
    """Yield what is to be said when not enough nodes can run jobs now."""
    if found.nodes and len(found.usable) < spec.nodes:
        ill = ", ".join(f"`{node.name}` is {node.state}" for node in found.nodes if not is_usable(node))
        yield f"{len(found.usable)} of {spec.nodes} nodes can run jobs now: the job waits ({ill})"
