"""Run a program in the foreground: argument vectors only, never a shell."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path


def run(argv: Sequence[str], *, folder: Path) -> int:
    """Run `argv` in `folder` with this process's streams; return its exit code (negative: the signal that ended it)."""
    return subprocess.run(argv, cwd=folder, check=False).returncode
