"""What tests of several rooms share: one Slurm cluster a process."""

from __future__ import annotations

from tests.functional.slurm.ready import ready_slurm

__all__ = ["ready_slurm"]
