"""What a placement asks of a node, as numbers for fitting and as the `resources` of a container.

Source: Kubernetes documentation, "Resource Management for Pods and Containers": extended resources and huge pages need
limits, and these are equal to the requests.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from hpctl.compile.asked import Toleration
from hpctl.compile.fleet import CPU, EFA, GIB, HUGE_PAGES, MEMORY, NEURON, NEURON_CORE, NEURON_DEVICE, STORAGE
from hpctl.facts.placement import Placement

_MIB = 1024


def demand_of(placement: Placement) -> dict[str, float]:
    """Return what one pod asks for, in the units of `facts.quantities`; what is 0 is left out."""
    told = {
        CPU: placement.cpus,
        MEMORY: placement.memory_gib * GIB,
        STORAGE: placement.storage_gib * GIB,
        HUGE_PAGES: placement.huge_pages_mib * 1024.0**2,
        placement.accelerator_resource or "": float(placement.accelerators),
        EFA: float(placement.efa),
    }
    return {name: amount for name, amount in told.items() if name and amount}


def resources_of(placement: Placement, limits: float | None) -> dict[str, Any]:
    """Return the `resources` of the job's container; `limits` are those of CPU and memory, as multiples of requests."""
    devices = {placement.accelerator_resource or "": placement.accelerators, EFA: placement.efa}
    pages = f"{placement.huge_pages_mib}Mi" if placement.huge_pages_mib else 0
    fixed = {name: str(count) for name, count in {**devices, HUGE_PAGES: pages}.items() if name and count}
    requests = {CPU: cores(placement.cpus), MEMORY: memory(placement.memory_gib)}
    if placement.storage_gib:
        requests[STORAGE] = f"{placement.storage_gib}Gi"
    capped = {}
    if limits is not None:
        capped = {CPU: cores(placement.cpus * limits), MEMORY: memory(placement.memory_gib * limits)}
    bounds = {**capped, **fixed}
    return {"requests": {**requests, **fixed}, **({"limits": bounds} if bounds else {})}


def tolerations_of(placement: Placement) -> tuple[Toleration, ...]:
    """Return the taints that the job bears anyway: those that keep its own devices for jobs that ask for them."""
    keys = [placement.accelerator_resource] if placement.accelerators else []
    if placement.accelerator_resource in {NEURON_CORE, NEURON_DEVICE}:
        keys.append(NEURON)
    if placement.efa:
        keys.append(EFA)
    return tuple(Toleration(key, "Exists", "", "NoSchedule") for key in keys if key)


def as_manifest(toleration: Toleration) -> dict[str, str]:
    """Return a toleration as pods write it."""
    return {"key": toleration.key, "operator": toleration.operator, "effect": toleration.effect}


def cores(cpus: float) -> str:
    """Return a number of CPUs as a quantity: `4`, `1500m`."""
    millis = max(1, round(cpus * 1000))
    return f"{millis}m" if millis % 1000 else str(millis // 1000)


def memory(gib: float) -> str:
    """Return an amount of memory as a quantity: `16Gi`, `1536Mi`."""
    mib = max(1, round(gib * _MIB))
    return f"{mib}Mi" if mib % _MIB else f"{mib // _MIB}Gi"


def told(resource: str, amount: float) -> str:
    """Return an amount of a resource in a sentence: `8 nvidia.com/gpu`, `96.5 CPUs`, `512 GiB of memory`."""
    match resource:
        case _ if resource == CPU:
            return f"{amount:g} CPUs"
        case _ if resource == MEMORY:
            return f"{round(amount / GIB, 1):g} GiB of memory"
        case _ if resource in {STORAGE, HUGE_PAGES}:
            return f"{round(amount / GIB, 1):g} GiB of `{resource}`"
    return f"{amount:g} `{resource}`"


def shortage(demand: Mapping[str, float], offered: Mapping[str, float]) -> str | None:
    """Name the first resource of which less is offered than asked for; None when all of it is there.

    Of CPU, memory and disk a node that does not tell is taken to have enough: every kubelet tells.
    """
    usual = dict.fromkeys((CPU, MEMORY, STORAGE), math.inf)
    there = {**usual, **offered}
    short = (name for name, amount in demand.items() if amount > there.get(name, 0.0) * (1 + 1e-9))
    return next(short, None)
