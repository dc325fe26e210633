"""`hpctl node` on a cluster that tests share, as a person runs it."""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.functional.cli.command import EXECUTABLE, PATIENCE_S, Ended, Hpctl
from tests.functional.slurm.ready import SlurmCluster


@dataclass(frozen=True)
class OnNodes:
    """The verbs of `hpctl node` on one cluster, and the ids of its nodes."""

    hpctl: Hpctl
    cluster: SlurmCluster

    @property
    def workers(self) -> list[str]:
        return [str(node["InstanceId"]) for node in self.cluster.nodes()]

    @property
    def controller(self) -> str:
        return str(self.cluster.nodes("controller")[0]["InstanceId"])

    def __call__(self, *words: str, ends: int = 0, stdin: str = "") -> Ended:
        return self.hpctl("node", *words, ends=ends, stdin=stdin)

    def bytes(self, *words: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        """Run a verb whose streams are no text."""
        return subprocess.run(
            [EXECUTABLE, "node", *words],
            input=stdin,
            env=self.hpctl.env,
            cwd=self.hpctl.folder,
            capture_output=True,
            timeout=PATIENCE_S,
            check=False,
        )


def environment(cluster: SlurmCluster, folder: Path) -> Mapping[str, str]:
    """Return the environment of commands: that cluster, and records of this test's own."""
    return cluster.environ | {
        "HPCTL_CLUSTER": cluster.name,
        "HPCTL_STATE_HOME": str(folder / "state"),
        "HOME": str(folder),
    }


def tree(root: Path) -> dict[str, tuple[Any, ...]]:
    """Return everything below a folder: kind, mode and content by relative name."""
    return {str(path.relative_to(root)): _entry(path) for path in sorted(root.rglob("*"))}


def _entry(path: Path) -> tuple[Any, ...]:
    if path.is_symlink():
        return ("link", str(path.readlink()))
    mode = oct(path.stat().st_mode & 0o7777)
    return ("folder", mode) if path.is_dir() else ("file", mode, hashlib.sha256(path.read_bytes()).hexdigest())


@contextmanager
def started(command: Hpctl, *words: str) -> Iterator[subprocess.Popen[str]]:
    """Run the command in the background until this is left."""
    process = command.start(*words)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def alive(pid: int) -> bool:
    """Whether a process of this machine is there, a node's ones included."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
