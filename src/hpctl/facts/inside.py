"""What a node says of itself, and the port that asks it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from hpctl.facts.session_ports import Target


@dataclass(frozen=True, slots=True)
class Disk:
    """A mounted file system (df): shares of it that are used, in percent; `inodes_percent` where it counts any."""

    path: str
    source: str
    used_percent: int
    free_kib: int
    inodes_percent: int | None = None


@dataclass(frozen=True, slots=True)
class Gpu:
    """A GPU (nvidia-smi); None is what it does not tell.

    `uncorrected` counts ECC errors since the driver was loaded, `remapping_failed` says that a bad row of memory could
    not be replaced by a spare one.
    """

    index: str
    uuid: str
    name: str
    temperature_c: int | None = None
    uncorrected: int | None = None
    remapping_pending: bool | None = None
    remapping_failed: bool | None = None


@dataclass(frozen=True, slots=True)
class Inside:
    """One look at a node from inside.

    `at` is the node's clock, `asked_at` and `answered_at` are this machine's before and after. `services` are those
    programs of Slurm and Kubernetes that run. `gpus` is None where there is no nvidia-smi or it fails, with
    `gpu_trouble` for what it said; `neuron_devices` are the device files. `shared` says of /fsx whether it can be
    written to (None: there is none). `kernel` are lines of the kernel's log that tell of accelerators.
    """

    at: datetime
    asked_at: datetime
    answered_at: datetime
    host: str = ""
    up_s: float = 0.0
    cpus: int = 0
    memory_kib: int = 0
    available_kib: int = 0
    disks: tuple[Disk, ...] = ()
    mounts: Mapping[str, str] = field(default_factory=dict, hash=False)
    """File systems by their mount points: `/fsx` → `lustre`."""
    services: frozenset[str] = frozenset()
    efa_devices: tuple[str, ...] = ()
    gpus: tuple[Gpu, ...] | None = None
    gpu_trouble: str = ""
    driver: str | None = None
    neuron_devices: tuple[str, ...] = ()
    kernel: tuple[str, ...] = ()
    shared_writable: bool | None = None
    credentials: tuple[str, ...] = ()
    homes_on_root: tuple[str, ...] = ()
    out_of_reach: frozenset[str] = frozenset()
    """Sections that the node could not answer, such as `kernel` without the right to read it."""


class Probes(Protocol):
    """Looks at nodes from inside."""

    def look(self, node: Target) -> Inside:
        """Look once, by one program that changes nothing; raises what sessions raise.

        It writes an empty file on /fsx and takes it away again: nothing else tells whether that can be written to.
        """
        ...
