"""hpctl's own lifecycle scripts, as they stand in a folder of data beside this module.

They hold to what AWS documents of lifecycle scripts: `on_create.sh` runs as root, nodes on Slurm are Ubuntu and those
on EKS Amazon Linux 2023, and CloudWatch shows `/var/log/provision/provisioning.log`.
"""

from __future__ import annotations

from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final

from hpctl.terms import Orchestrator

__all__ = ["ENTRY", "lifecycle_scripts"]

ENTRY: Final = "on_create.sh"
"""The script that runs first."""

_FOLDER: Final = "node_scripts"
_DATA: Final = ".in"
"""Ends the names of files that are no part of this program, and would look like it."""


def lifecycle_scripts(orchestrator: Orchestrator) -> dict[str, bytes]:
    """Return the scripts for nodes of one orchestrator, by name: those of both, and its own."""
    folder = files("hpctl.catalog") / _FOLDER
    return {name: text for part in (folder, folder / orchestrator) for name, text in _files(part)}


def _files(folder: Traversable) -> list[tuple[str, bytes]]:
    found = sorted((one for one in folder.iterdir() if one.is_file()), key=lambda one: one.name)
    return [(one.name.removesuffix(_DATA), one.read_bytes()) for one in found]
