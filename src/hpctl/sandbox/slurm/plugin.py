"""The sandbox's plugin of srun: built once where a compiler and Slurm's headers are, and kept in the sandbox's home."""

from __future__ import annotations

import hashlib
import logging
import os
import subprocess
from importlib.resources import files
from pathlib import Path
from typing import Final

from hpctl.sandbox.slurm.installed import missing_for_options

_LONGEST_S: Final = 60.0
_VERSION: Final = Path("/usr/include/slurm/slurm_version.h")
_log = logging.getLogger(__name__)


def built(folder: Path) -> Path | None:
    """Return the folder of the plugin, building it first if need be; None where that cannot be done."""
    if missing_for_options():
        return None
    source = files("hpctl.sandbox.slurm").joinpath("spank.c").read_bytes()
    version = _VERSION.read_bytes() if _VERSION.exists() else b""
    kept = folder / hashlib.sha256(source + version).hexdigest()[:16]
    made = kept / "options.so"
    if not made.exists():
        kept.mkdir(parents=True, exist_ok=True)
        kept.chmod(0o755)
        try:
            _build(source, made)
        except (OSError, subprocess.SubprocessError) as error:
            said = getattr(error, "stderr", None) or str(error).encode()
            _log.warning("the options of srun cannot be built: %s", said.decode(errors="replace"))
            return None
    return kept


def _build(source: bytes, made: Path) -> None:
    partly = made.with_suffix(f".{os.getpid()}")
    words = ["gcc", "-x", "c", "-shared", "-fPIC", "-O2", "-o", str(partly), "-"]
    subprocess.run(words, input=source, check=True, capture_output=True, timeout=_LONGEST_S)
    partly.chmod(0o755)
    partly.replace(made)
