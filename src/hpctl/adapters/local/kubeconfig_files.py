"""Which kubeconfig files kubectl reads, and which one it writes to.

Source: client-go `tools/clientcmd` (`PathOptions`, `ClientConfigLoadingRules`): an explicit file alone; else the files
of KUBECONFIG, of which the first that exists takes what is new, or the last if none does; else `~/.kube/config`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from hpctl.errors import UsageError


@dataclass(frozen=True, slots=True)
class KubeconfigFiles:
    """The files in the order in which kubectl merges them (the first that has a name wins), and where new names go."""

    read: tuple[Path, ...]
    new: Path


def kubeconfig_files(explicit: str | None, env: Mapping[str, str]) -> KubeconfigFiles:
    """Return the files that `--kubeconfig` or the environment names.

    Raises:
        UsageError: nothing says where the caller's home is, and nothing else names a file.
    """
    if explicit:
        path = Path(explicit).absolute()
        return KubeconfigFiles((path,), path)
    if listed := env.get("KUBECONFIG"):
        named = tuple(dict.fromkeys(Path(one).absolute() for one in listed.split(os.pathsep) if one))
        if named:
            return KubeconfigFiles(named, next((path for path in named if path.exists()), named[-1]))
    try:
        path = Path.home() if "HOME" not in env else Path(env["HOME"])
    except RuntimeError as error:
        raise _homeless() from error
    if not path.is_absolute():
        raise _homeless()
    path = path / ".kube" / "config"
    return KubeconfigFiles((path,), path)


def _homeless() -> UsageError:
    return UsageError("nothing says where your home directory is", hint="name a kubeconfig: --kubeconfig FILE")
