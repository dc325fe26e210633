"""What somebody should know about where their job goes: sentences without a full stop."""

from __future__ import annotations

from collections.abc import Iterator

from hpctl.compile.attempts import Attempt, Tier
from hpctl.compile.fleet import EFA, NEURON, NEURON_CORE, NEURON_DEVICE
from hpctl.spec.job import Contract


def remarks(found: Attempt) -> Iterator[str]:
    """Yield what is worth saying about an attempt that is taken."""
    yield from _waiting(found)
    yield from _fabric(found)
    yield from _devices(found)
    wished, given = found.sharing.choice.ephemeral_storage_gib, found.placement.storage_gib
    if wished and given < wished:
        yield f"the nodes' disks have {given} GiB for pods: that is asked for, not {wished}"


def _waiting(found: Attempt) -> Iterator[str]:
    wanted = found.sharing.spec.nodes
    match found.tier:
        case Tier.LATER:
            yield f"{len(found.roomy)} of {wanted} nodes have room now: the job waits for the others"
        case Tier.MENDED if found.taints:
            taints = ", ".join(f"`{taint}`" for taint in found.taints)
            count = f"{len(found.able)} of {wanted} nodes take it now"
            yield f"{count}: others have {taints}, which `pod_config` can tolerate"
        case Tier.MENDED:
            yield f"{len(found.able)} of {wanted} nodes can run pods now: the job waits until others are healthy"


def _fabric(found: Attempt) -> Iterator[str]:
    sharing, placement = found.sharing, found.placement
    facts, told = sharing.pool.facts, (sharing.choice.efa, sharing.asked.count(EFA))
    if sharing.spec.nodes == 1 or placement.efa or told != (None, None) or not sharing.share:
        return
    if facts is not None and facts.efa_interfaces:
        have = f"`{facts.name}` has {facts.efa_interfaces} EFA interfaces, and its nodes offer none"
        yield f"{have}: without the EFA device plugin, nodes talk over TCP, many times slower"


def _devices(found: Attempt) -> Iterator[str]:
    sharing, placement, pool = found.sharing, found.placement, found.sharing.pool
    if sharing.spec.contract is not Contract.SKYPILOT or sharing.choice.accelerator is None:
        return
    name = sharing.choice.accelerator.name
    if placement.devices == 1 < pool.devices:
        yield f"`{name}` is one of the {pool.devices} of a node; `{name}:{pool.devices}` is all of them"
    if placement.accelerator_resource in {NEURON, NEURON_DEVICE, NEURON_CORE}:
        yield f"`SKYPILOT_NUM_GPUS_PER_NODE` is {placement.devices}: Neuron chips; SkyPilot itself says 0"
