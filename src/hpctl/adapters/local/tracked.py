"""What git tracks in a folder: such files go along although a pattern of `.gitignore` names them."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Final

_PATIENCE_S: Final = 20.0
_COMMAND: Final = ("-c", "core.fsmonitor=false", "ls-files", "-z", "--cached", "--recurse-submodules")
"""`core.fsmonitor` may name a program of the repository's own, which is nothing to run for a list of files."""


def tracked_files(folder: Path, tell: Callable[[str], None]) -> tuple[str, ...]:
    """Return the paths of tracked files below a folder; none outside a repository. `tell` is told why none else."""
    if not any((one / ".git").exists() for one in (folder, *folder.parents)):
        return ()
    git = shutil.which("git")
    if git is None:
        tell("git is not installed here: tracked files that `.gitignore` names stay here")
        return ()
    try:
        done = subprocess.run(
            [git, "-C", str(folder), *_COMMAND],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=_PATIENCE_S,
        )
    except (OSError, subprocess.TimeoutExpired):
        tell("git does not answer: tracked files that `.gitignore` names stay here")
        return ()
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        tell(f"tracked files that `.gitignore` names stay here: git says `{said[0] if said else done.returncode}`")
        return ()
    return tuple(path.decode("utf-8", "surrogateescape") for path in done.stdout.split(b"\0") if path)
