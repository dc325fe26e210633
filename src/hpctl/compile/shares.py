"""How much of a node a job asks for: what is said counts, the rest is the share of what it asks of the accelerators.

Sources: proportional EFA, CPU and memory are hpctl's answer to AWS's command line, which asks for all EFA interfaces of
a node whatever the count of accelerators; the least amounts are SkyPilot 0.14.1's defaults on Kubernetes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from hpctl.compile.asked import Asked
from hpctl.compile.fleet import CPU, EFA, GIB, HUGE_PAGES, MEMORY, STORAGE, Pool
from hpctl.facts.placement import Placement
from hpctl.spec.job import Choice, JobSpec

LEAST_CPUS: Final = 2.0
LEAST_GIB: Final = 2.0
LEAST_CPUS_PER_DEVICE: Final = 4.0
LEAST_GIB_PER_DEVICE: Final = 16.0
_HUGE_PAGE_VARIABLE: Final = "FI_EFA_USE_HUGE_PAGE"
_HUGE_PAGES_MIB: Final = 5120
"""What AWS's samples for EFA ask for on a whole node."""
_MIB: Final = 1024.0**2
_FINE_BELOW: Final = 4.0
"""CPUs and GiB; larger amounts are whole ones."""


@dataclass(frozen=True, slots=True)
class Sharing:
    """A job that is to be placed: its wish, the way to be satisfied that is tried, the pool, what `pod_config` says."""

    spec: JobSpec
    choice: Choice
    pool: Pool
    asked: Asked

    @property
    def devices(self) -> int:
        """How many devices; part of one is one, and a type alone means all that a node of it has."""
        told = self.asked.count(self.pool.resource) if self.pool.resource else None
        if told is not None:
            return math.ceil(told / self.pool.units_per_device)
        if self.choice.accelerator is not None:
            return math.ceil(self.choice.accelerator.count)
        return self.pool.devices if self.takes_all else 0

    @property
    def takes_all(self) -> bool:
        """Whether an instance type is asked for, and nothing says how much of it."""
        choice = self.choice
        part = (choice.accelerator, choice.cpus, choice.memory_gib)
        return choice.instance_type is not None and part == (None, None, None)

    @property
    def is_blind(self) -> bool:
        """Whether devices are wanted that the nodes have and do not offer: no device plugin runs there."""
        wanted = self.choice.accelerator is not None or self.takes_all
        return wanted and self.pool.has_devices and self.pool.resource is None

    @property
    def share(self) -> float:
        """Which part of a node that is, by accelerators; without them all or nothing."""
        if self.devices:
            return min(1.0, self.devices / max(1, self.pool.devices))
        return float(self.takes_all)

    @property
    def efa(self) -> int:
        """How many EFA interfaces: an explicit count wins; one at least for accelerators that talk across nodes."""
        told = self.asked.count(EFA)
        if told is not None or self.choice.efa is not None:
            return told if told is not None else self.choice.efa or 0
        count = math.floor(self.share * self.pool.efa + 1e-9)
        alone = self.spec.nodes == 1 or not self.share
        return count if alone else max(count, min(1, self.pool.efa))

    @property
    def cpus(self) -> float:
        """How many CPUs."""
        told = self.asked.resources.get(CPU, self.choice.cpus)
        if told is not None:
            return told
        spare = self.pool.spare(CPU, self.spec.nodes)
        least = LEAST_CPUS_PER_DEVICE * self.devices or LEAST_CPUS
        amount = min(spare, max(self.share * spare, least))
        return _floor(amount, 1.0 if amount >= _FINE_BELOW else 0.1)

    @property
    def memory_gib(self) -> float:
        """How many GiB of memory."""
        if MEMORY in self.asked.resources:
            return self.asked.resources[MEMORY] / GIB
        if self.choice.memory_gib is not None:
            return self.choice.memory_gib
        spare = self.pool.spare(MEMORY, self.spec.nodes) / GIB
        least = LEAST_GIB_PER_DEVICE * self.devices or max(LEAST_GIB, self.cpus)
        amount = min(spare, max(self.share * spare, least))
        return _floor(amount, 1.0 if amount >= _FINE_BELOW else 0.25)

    @property
    def is_cramped(self) -> bool:
        """Whether the nodes leave less than the least amounts to a job that does not say how much it wants."""
        asked, choice = self.asked.resources, self.choice
        few_cpus = CPU not in asked and choice.cpus is None and self.cpus < LEAST_CPUS_PER_DEVICE * self.devices
        told_memory = MEMORY in asked or choice.memory_gib is not None
        return few_cpus or (not told_memory and self.memory_gib < LEAST_GIB_PER_DEVICE * self.devices)

    @property
    def storage_gib(self) -> int:
        """How many GiB of the node's disk: no more than it has."""
        wanted, there = self.choice.ephemeral_storage_gib or 0, self.pool.amount(STORAGE, self.spec.nodes)
        return min(wanted, math.floor(there / GIB)) if there else wanted

    @property
    def huge_pages_mib(self) -> int:
        """How many MiB of huge pages: where libfabric is told to use them and the nodes have them set aside."""
        if self.spec.env.get(_HUGE_PAGE_VARIABLE) != "1" or not self.efa:
            return 0
        there = self.pool.amount(HUGE_PAGES, self.spec.nodes) / _MIB
        return math.floor(self.share * min(there, _HUGE_PAGES_MIB) / 2) * 2


def share_of(sharing: Sharing) -> Placement:
    """Return what each node of a job asks for in a pool, whether the pool has it or not."""
    pool, devices = sharing.pool, sharing.devices
    return Placement(
        choice=sharing.choice,
        instance_type=pool.instance_type,
        accelerator_resource=pool.resource if devices else None,
        accelerators=devices * pool.units_per_device,
        devices=devices,
        efa=sharing.efa,
        cpus=sharing.cpus,
        memory_gib=sharing.memory_gib,
        whole_node=sharing.share >= 1.0,
        candidates=tuple(machine.node.name for machine in pool.machines),
        accelerator_name=pool.accelerator_name if devices else None,
        processes=max(1, devices * pool.processes_per_device),
        huge_pages_mib=sharing.huge_pages_mib,
        storage_gib=sharing.storage_gib,
    )


def _floor(amount: float, step: float) -> float:
    return round(math.floor(amount / step + 1e-9) * step, 2)
