"""Slurm's own commands on the controller of a Slurm cluster, as a port."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from hpctl.facts.session_ports import Target


class Slurm(Protocol):
    """What Slurm's commands say; besides its own errors, every method raises what those of `Sessions` raise."""

    def ask(self, controller: Target, command: Sequence[str], *, timeout_s: float = 60.0) -> str:
        """Run one of Slurm's commands as root, such as `("sinfo", "-N")`, and return what it prints.

        Its words reach it exactly, its times are UTC (`2026-01-31T09:00:00`), and no setting of a person changes what
        it prints. Raises `UnavailableError` (slurmctld does not answer, or the node has no Slurm), `NotFoundError` (no
        such job, node or partition), `AccessError` and `RefusedError` (whatever else Slurm does not do, in its words).
        """
        ...
