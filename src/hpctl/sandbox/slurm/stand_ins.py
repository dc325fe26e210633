"""Slurm's commands where HyperPod has them, and what says why there are none."""

from __future__ import annotations

import shlex
from typing import Final

_CLIENTS: Final = (
    "sacct", "sacctmgr", "salloc", "sattach", "sbatch", "sbcast", "scancel", "scontrol", "sdiag", "sinfo", "sprio",
    "squeue", "srun", "sshare", "sstat",
)  # fmt: skip
_BIN: Final = "/opt/slurm/bin"
# Where shells look first.
_LOCAL: Final = "/usr/local/bin"


def beside() -> dict[str, str]:
    """Return programs at HyperPod's places that are the machine's own."""
    return {f"{_BIN}/{name}": f'#!/bin/sh\nexec /usr/bin/{name} "$@"\n' for name in _CLIENTS}


def instead(why: str) -> dict[str, str]:
    """Return programs that say why there is no Slurm, and fail as a shell does that finds none."""
    text = f"#!/bin/sh\nprintf '%s: %s\\n' \"${{0##*/}}\" {shlex.quote(why)} >&2\nexit 127\n"
    return {f"{folder}/{name}": text for folder in (_BIN, _LOCAL) for name in _CLIENTS}
