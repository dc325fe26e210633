"""Saying why no nodes of the cluster could ever run a job, and what nearest to it they could."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

from hpctl.compile.asked import Asked
from hpctl.compile.attempts import Attempt, attempt
from hpctl.compile.fleet import CPU, GIB, MEMORY, Machine, pools_of
from hpctl.compile.shares import Sharing
from hpctl.errors import DoesNotFitError
from hpctl.facts.kubernetes import KubernetesNode
from hpctl.spec.job import Accelerator, Choice, JobSpec


def misfit(
    spec: JobSpec, nodes: Sequence[KubernetesNode], machines: tuple[Machine, ...], tried: Sequence[Attempt | None]
) -> DoesNotFitError:
    """Return the error for a job of which every choice failed; `tried` has the best attempt at each."""
    if not nodes:
        return DoesNotFitError(f"`{spec.name}` does not fit: the cluster has no nodes", hint="add instances to a group")
    if not machines:
        message = f"`{spec.name}` does not fit: no node has the labels that `pod_config` asks for"
        return DoesNotFitError(message, hint=_there(tuple(Machine(node) for node in nodes)))
    choices = spec.choices or (Choice(),)
    whys = [_why(choice, one, machines) for choice, one in zip(choices, tried, strict=True)]
    message = f"`{spec.name}` does not fit: {'; '.join(dict.fromkeys(whys))}"
    nearest = next((text for one in tried if one for text in _nearest(one)), None)
    there = _there(machines)
    return DoesNotFitError(message, hint=f"nearest that fits: {nearest}\n{there}" if nearest else there)


def _why(choice: Choice, best: Attempt | None, machines: tuple[Machine, ...]) -> str:
    if best is None:
        return _no_such_node(choice, machines)
    pool, wanted = best.sharing.pool, best.sharing.spec.nodes
    if best.sharing.is_blind:
        return f"the nodes of `{pool.instance_type}` offer no accelerators: their device plugin does not run"
    if not best.sized:
        return best.shortage
    which = f" of `{pool.instance_type}`" if pool.instance_type else ""
    return (
        f"it wants {wanted} nodes, and {len(best.sized)}{which} {'is' if len(best.sized) == 1 else 'are'} large enough"
    )


def _no_such_node(choice: Choice, machines: tuple[Machine, ...]) -> str:
    types = {one.node.instance_type for one in machines}
    match choice:
        case Choice(accelerator=Accelerator(name=name), instance_type=str(wanted)) if wanted in types:
            return f"`{wanted}` has no `{name}`"
        case Choice(instance_type=str(wanted)):
            meant = f", there is `ml.{wanted}`" if f"ml.{wanted}" in types else ""
            return f"no node is a `{wanted}`{meant}"
        case Choice(accelerator=Accelerator(name=name)):
            return f"no node has `{name}`"
    return "no node tells its instance type"


def _nearest(best: Attempt) -> Iterator[str]:
    """Yield what the same nodes could run: as much as one has, on as many nodes as come nearest to the sum."""
    sharing, pool = best.sharing, best.sharing.pool
    smaller, wanted = best, sharing.spec.nodes
    if not best.sized:
        choice = _reduced(sharing)
        if choice is None:
            return
        smaller = attempt(replace(sharing, choice=choice, asked=Asked()))
        wanted = math.ceil(wanted * max(1.0, sharing.devices / max(1, pool.devices)))
    if count := min(len(smaller.sized), wanted):
        yield f"{count} {_nodes(count)} with {_each(smaller)}"


def _reduced(sharing: Sharing) -> Choice | None:
    """Return a choice that a node of the pool has, None when it has no device at all."""
    choice, pool, nodes = sharing.choice, sharing.pool, sharing.spec.nodes
    if choice.accelerator is not None:
        if not pool.devices:
            return None
        count = min(sharing.devices, pool.devices)
        return Choice(accelerator=Accelerator(name=choice.accelerator.name, count=count))
    cpus = math.floor(min(sharing.cpus, pool.spare(CPU, nodes)))
    memory_gib = math.floor(min(sharing.memory_gib, pool.spare(MEMORY, nodes) / GIB))
    return Choice(cpus=cpus or None, memory_gib=memory_gib or None)


def _each(one: Attempt) -> str:
    pool, placement = one.sharing.pool, one.placement
    which = f" (`{pool.instance_type}`)" if pool.instance_type else ""
    size = f"{placement.cpus:g} CPUs and {placement.memory_gib:g} GiB"
    return f"{placement.devices} `{pool.accelerator_name}`{which}" if placement.devices else f"{size}{which}"


def _there(machines: tuple[Machine, ...]) -> str:
    rows = [
        f"{len(pool.machines)} x `{pool.instance_type}`"
        + (f" ({pool.devices} {pool.accelerator_name or 'accelerators'})" if pool.devices else "")
        for pool in pools_of(machines)
    ]
    return f"the cluster has {', '.join(rows)}" if rows else "no node of the cluster tells its instance type"


def _nodes(count: int) -> str:
    return "node" if count == 1 else "nodes"
