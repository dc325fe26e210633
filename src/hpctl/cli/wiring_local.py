"""What of this machine services are handed: its files, its kubeconfig, and the programs on it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hpctl.facts.kubeconfig import Kubeconfig
    from hpctl.services.connect import Program
    from hpctl.services.sky.setup import Tools


def write_ssh_config(path: Path, text: str) -> None:
    """Save a configuration of ssh, whole or not at all; `UsageError` says why it cannot be written."""
    from hpctl.adapters.local.planfile import SSH_CONFIG, write

    write(path, text, SSH_CONFIG)


def read_scripts(folder: str | Path) -> dict[str, bytes]:
    """Return the files of a folder of scripts by name; `UsageError` says why it cannot be read."""
    from hpctl.adapters.local.scriptfolder import read

    return read(Path(folder))


def write_scripts(folder: str, scripts: Mapping[str, bytes]) -> None:
    """Write files into a folder; `ConflictError` when something else is there under one of their names."""
    from hpctl.adapters.local.scriptfolder import write

    write(Path(folder), scripts)


def read_plan(file: str) -> str:
    """Return the text of a saved plan; `UsageError` says why it cannot be read."""
    from hpctl.adapters.local.planfile import read

    return read(Path(file))


def write_plan(file: str, text: str) -> None:
    """Save a plan for its owner alone, whole or not at all; `UsageError` says why it cannot be written."""
    from hpctl.adapters.local.planfile import write

    write(Path(file), text)


def read_bundle(file: str) -> str:
    """Return the text of a bundle of doctor; `UsageError` says why it cannot be read."""
    from hpctl.adapters.local.planfile import BUNDLE, read

    return read(Path(file), BUNDLE)


def write_bundle(file: str, text: str) -> None:
    """Save a bundle of doctor for its owner alone, whole or not at all; `UsageError` says why it cannot be written."""
    from hpctl.adapters.local.planfile import BUNDLE, write

    write(Path(file), text, BUNDLE)


def kubeconfig(file: str | None) -> Kubeconfig:
    """Return the kubeconfig of this name, or the one that kubectl takes by itself."""
    from hpctl.adapters.local.clock import SystemClock
    from hpctl.adapters.local.kubeconfig import KubeconfigOnDisk

    return KubeconfigOnDisk(file, os.environ, SystemClock())


def sky_tools() -> Tools:
    """Return what of this machine SkyPilot is set up with: hpctl itself, kubectl's kubeconfig, and SkyPilot."""
    from hpctl.adapters.local.sky import SkyPilotOnDisk
    from hpctl.services.sky.setup import Tools

    return Tools(program(), kubeconfig(None), SkyPilotOnDisk(os.environ))


def program() -> Program:
    """Return how this hpctl is run, for whoever runs it again."""
    from hpctl.adapters.local.machine import this_program
    from hpctl.services.connect import Program

    return Program(this_program(), os.environ)
