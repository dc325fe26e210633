"""Nodes and partitions as Slurm has them, in Slurm's words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from hpctl.facts.records import Node

_MARKS: Final = {
    "*": "NOT_RESPONDING",
    "~": "POWERED_DOWN",
    "#": "POWERING_UP",
    "%": "POWERING_DOWN",
    "$": "MAINTENANCE",
    "@": "REBOOT_REQUESTED",
    "^": "REBOOT_ISSUED",
    "!": "POWER_DOWN",
    "-": "PLANNED",
}
"""What older releases write after a state (man 1 sinfo, "NODE STATE CODES")."""


@dataclass(frozen=True, slots=True)
class SlurmNode:
    """One node (scontrol show node).

    `state` is as Slurm prints it, such as `IDLE+DRAIN`. `reason` is to the letter what somebody (`reason_by`) gave at
    `reason_at`. `gres` is such as `gpu:8`, empty without; `gres_used` is what jobs hold of it, such as
    `gpu:3(IDX:0-2)`. Memory is in MiB. `instance_type` is the feature that names one.
    """

    name: str
    state: str
    partitions: tuple[str, ...] = ()
    gres: str = ""
    features: tuple[str, ...] = ()
    cpus: int = 0
    memory_mib: int = 0
    address: str | None = None
    host: str | None = None
    version: str | None = None
    booted_at: datetime | None = None
    slurmd_since: datetime | None = None
    reason: str | None = None
    reason_by: str | None = None
    reason_at: datetime | None = None
    gres_used: str = ""

    @property
    def words(self) -> tuple[str, ...]:
        """Return the state, then its flags, each as newer releases write it."""
        return tuple(word for part in self.state.upper().split("+") for word in _words(part))

    @property
    def instance_type(self) -> str | None:
        """Return the instance type that the features name, as HyperPod writes them."""
        return next((one for one in self.features if one.startswith("ml.")), None)

    def has(self, *flags: str) -> bool:
        """Whether the state, or one of its flags, is one of these."""
        return not set(flags).isdisjoint(self.words)


def _words(part: str) -> Iterator[str]:
    state = part.rstrip("".join(_MARKS))
    yield state
    yield from (_MARKS[mark] for mark in part[len(state) :])


@dataclass(frozen=True, slots=True)
class SlurmPartition:
    """One partition (scontrol show partition); `nodes` is a host list, empty without nodes."""

    name: str
    state: str
    is_default: bool = False
    nodes: str = ""
    node_count: int = 0
    max_time: str = ""


@dataclass(frozen=True, slots=True)
class SlurmRun:
    """A job that holds nodes (squeue): `nodes` are their names, each."""

    job_id: str
    user: str
    state: str
    partition: str
    nodes: tuple[str, ...]
    name: str


def slurm_name(node: Node) -> str | None:
    """Return what Slurm calls a node of a cluster: the first part of its private DNS name, `ip-10-1-0-5`."""
    return node.private_dns_name.partition(".")[0] if node.private_dns_name else None
