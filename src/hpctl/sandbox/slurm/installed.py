"""Which parts of Slurm the sandbox finds on this machine, and what to install for those that it does not."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

from hpctl.sandbox.kube.kubelet.cri import namespaced

_PROGRAMS: Final = {"slurmctld": "slurmctld", "slurmd": "slurmd", "srun": "slurm-client", "munged": "munge"}
"""The Debian package of each program."""
SEARCHED: Final = "/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin"
"""Where programs are looked for: the PATH of a person who is not root often lacks daemons."""
_HEADER: Final = Path("/usr/include/slurm/spank.h")


def missing() -> tuple[str, ...]:
    """Return the Debian packages without which there is no Slurm."""
    return tuple(package for program, package in _PROGRAMS.items() if shutil.which(program, path=SEARCHED) is None)


def missing_for_options() -> tuple[str, ...]:
    """Return the Debian packages without which srun does not take HyperPod's options."""
    compiler = () if shutil.which("gcc", path=SEARCHED) else ("gcc", "libc6-dev")
    return compiler if _HEADER.exists() else (*compiler, "libslurm-dev")


def why_not() -> str | None:
    """Say why Slurm clusters have no Slurm here; None where they have."""
    if not namespaced():
        return "nodes have no Slurm here: it needs Linux, and the sandbox to be started by root"
    if packages := missing():
        return f"nodes have no Slurm: it is not installed here ({_install(packages)})"
    return None


def lacking() -> str | None:
    """Say what Slurm clusters lack here, with what to install; None where nothing does."""
    packages = missing_for_options()
    if (why := why_not()) or not packages:
        return why
    return f"srun takes neither --auto-resume nor --container-image here ({_install(packages)})"


def _install(packages: tuple[str, ...]) -> str:
    return f"sudo apt-get install --no-install-recommends {' '.join(packages)}"
