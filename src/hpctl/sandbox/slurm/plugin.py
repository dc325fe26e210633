"""The sandbox's plugin of srun: built once where a compiler and Slurm's headers are, and kept in the sandbox's home."""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
import subprocess
from importlib.resources import files
from pathlib import Path
from typing import Final

from hpctl.sandbox.slurm.installed import SEARCHED, missing_for_options

_LONGEST_S: Final = 60.0
# The sandbox's own environment is bare, and gcc looks for its parts by PATH.
_ENVIRONMENT: Final = {"PATH": SEARCHED, "LC_ALL": "C"}
_VERSION: Final = Path("/usr/include/slurm/slurm_version.h")
_log = logging.getLogger(__name__)


def place(folder: Path) -> Path | None:
    """Return where the plugin for this Slurm is to be; None where none can be built."""
    if missing_for_options():
        return None
    version = _VERSION.read_bytes() if _VERSION.exists() else b""
    return folder / hashlib.sha256(_source() + version).hexdigest()[:16]


def make_room(kept: Path) -> None:
    """Make its folder, which nodes show to all of their users."""
    kept.mkdir(parents=True, exist_ok=True)
    kept.chmod(0o755)


def build(kept: Path) -> bool:
    """Build the plugin in its folder, unless it is there; returns whether it is."""
    made = kept / "options.so"
    partly = kept / f"options.{os.getpid()}"
    words = [shutil.which("gcc", path=SEARCHED) or "gcc", "-x", "c", "-shared", "-fPIC", "-O2", "-o", str(partly), "-"]
    if made.exists():
        return True
    make_room(kept)
    try:
        subprocess.run(words, input=_source(), check=True, capture_output=True, timeout=_LONGEST_S, env=_ENVIRONMENT)
    except (OSError, subprocess.SubprocessError) as error:
        said = getattr(error, "stderr", None) or str(error).encode()
        _log.warning("the options of srun cannot be built: %s", said.decode(errors="replace"))
        return False
    partly.chmod(0o755)
    partly.replace(made)
    return True


def _source() -> bytes:
    return files("hpctl.sandbox.slurm").joinpath("spank.c").read_bytes()
