"""Slurm on the controller of a Slurm cluster, as a port."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from hpctl.errors import UnavailableError
from hpctl.facts.session_ports import Target
from hpctl.facts.slurm_nodes import SlurmNode, SlurmPartition, SlurmRun


class SlurmDownError(UnavailableError):
    """The node answers and Slurm does not: slurmctld is not up, or there is no Slurm."""


class Slurm(Protocol):
    """What Slurm's commands say; besides its own errors, every method raises what those of `Sessions` raise.

    Its own are `SlurmDownError` (slurmctld does not answer, or the node has no Slurm), `NotFoundError` (no such job,
    node or partition), `AccessError` and `RefusedError` (whatever else Slurm does not do, in its words).
    """

    def ask(self, controller: Target, command: Sequence[str], *, timeout_s: float = 60.0) -> str:
        """Run one of Slurm's commands as root, such as `("sinfo", "-N")`, and return what it prints.

        Its words reach it exactly, its times are UTC (`2026-01-31T09:00:00`), and no setting of a person changes what
        it prints.
        """
        ...

    def nodes(self, controller: Target) -> tuple[SlurmNode, ...]:
        """Return every node."""
        ...

    def partitions(self, controller: Target) -> tuple[SlurmPartition, ...]:
        """Return every partition."""
        ...

    def runs(self, controller: Target) -> tuple[SlurmRun, ...]:
        """Return the jobs of everybody that hold nodes, those that are just ending among them."""
        ...

    def drain(self, controller: Target, nodes: Sequence[str], reason: str) -> None:
        """Let nodes take no further job; what runs there goes on."""
        ...

    def resume(self, controller: Target, nodes: Sequence[str]) -> None:
        """Let nodes take jobs again."""
        ...
