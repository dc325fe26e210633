"""Trying one way to satisfy a job on one pool of nodes: what it would ask for, and how many nodes have it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from hpctl.compile.fleet import CPU, Machine
from hpctl.compile.resources import demand_of, shortage, told, tolerations_of
from hpctl.compile.shares import Sharing, share_of
from hpctl.facts.placement import Placement

Rank = tuple[int, bool, int, tuple[bool, bool, float], int, str]


class Tier(IntEnum):
    """How well it fits; the lower the better."""

    NOW = 0
    """Enough nodes have room."""
    LATER = 1
    """Enough nodes would, without the pods that are there."""
    MENDED = 2
    """Enough nodes would, if all of them were healthy and let the pods on."""
    NEVER = 3


@dataclass(frozen=True, slots=True)
class Attempt:
    """How it went: of the pool's nodes `sized` are large enough, `able` of them can run pods, `roomy` can now.

    `taints` keep the job off healthy nodes that are large enough.
    """

    sharing: Sharing
    placement: Placement
    sized: tuple[Machine, ...]
    able: tuple[Machine, ...]
    roomy: tuple[Machine, ...]
    taints: tuple[str, ...]

    @property
    def tier(self) -> Tier:
        """How well it fits."""
        wanted = self.sharing.spec.nodes
        counts = (len(self.roomy), len(self.able), len(self.sized))
        return next((tier for tier, count in zip(Tier, counts, strict=False) if count >= wanted), Tier.NEVER)

    @property
    def rank(self) -> Rank:
        """The best attempt has the lowest.

        It fits, is of the very name, wastes least, talks by EFA where there are several nodes, has as much as SkyPilot
        asks for, and again wastes least; then the one with most nodes free.
        """
        sharing, choice, pool = self.sharing, self.sharing.choice, self.sharing.pool
        other = choice.accelerator is not None and choice.accelerator.name != pool.accelerator_name
        unlike = other or pool.devices < sharing.devices
        slow = sharing.spec.nodes > 1 and choice.efa != 0 and not self.placement.efa
        size = pool.amount(CPU, sharing.spec.nodes)
        kind = (slow, sharing.is_cramped, size)
        return self.tier, unlike, pool.devices, kind, -len(self.roomy), pool.instance_type or ""

    @property
    def shortage(self) -> str:
        """Why no node is large enough."""
        pool = self.sharing.pool
        demand = {**self.sharing.asked.resources, **demand_of(self.placement)}
        best = {name: max((one.offered.get(name, 0.0) for one in pool.machines), default=0.0) for name in demand}
        short = shortage(demand, best)
        where = f"`{pool.instance_type}`" if pool.instance_type else "the largest node"
        if short is None:
            return (
                f"no node of {where} has all of it together" if pool.instance_type else "no node has all of it together"
            )
        if "/" in short and not best[short]:
            return f"{where} offers no `{short}`"
        if short == pool.resource:
            return f"{where} has {pool.devices} `{pool.accelerator_name or short}`, not {self.placement.devices}"
        return f"{where} has {told(short, best[short])} for pods, not {told(short, demand[short])}"


def attempt(sharing: Sharing) -> Attempt:
    """Try a choice on a pool."""
    placement = share_of(sharing)
    demand, own = demand_of(placement), tolerations_of(placement)
    # What else `pod_config` asks for is asked of the node too.
    demand = {**sharing.asked.resources, **demand}
    large = (one for one in sharing.pool.machines if shortage(demand, one.offered) is None)
    sized = () if sharing.is_blind else tuple(large)
    barred = {
        one.node.name: [taint for taint in one.node.taints if not sharing.asked.bears(taint, own)] for one in sized
    }
    able = tuple(one for one in sized if one.healthy and not barred[one.node.name])
    taints = {str(taint) for one in sized if one.healthy for taint in barred[one.node.name]}
    roomy = tuple(one for one in able if shortage(demand, one.free) is None)
    return Attempt(sharing, placement, sized, able, roomy, tuple(sorted(taints)))
