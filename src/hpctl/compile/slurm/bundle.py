"""What a job on Slurm compiles to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from hpctl.facts.placement import Placement


@dataclass(frozen=True, slots=True)
class SlurmBundle:
    """A job for Slurm: the script for sbatch, and what must lie in the job's own folder before it is submitted.

    `files` are private to the user, by their names in the folder; `archives` are gzipped tars by the folder below it
    that they are unpacked to; `folders` are those that must be there, empty or not. No value of a variable stands in
    `script`.
    """

    script: str
    files: Mapping[str, bytes] = field(repr=False, hash=False)
    archives: Mapping[str, bytes] = field(repr=False, hash=False)
    folders: tuple[str, ...]
    placement: Placement
    notices: tuple[str, ...] = ()
