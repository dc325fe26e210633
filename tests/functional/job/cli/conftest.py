"""One sandbox with a cluster of two nodes for each test process, reached by the command alone."""

from __future__ import annotations

import itertools
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import pytest

from tests.conftest import present
from tests.functional.cli.command import EXECUTABLE, Hpctl, bare_environment

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Jobs:
    """The command in a sandbox whose only cluster has two nodes of eight GPUs."""

    hpctl: Hpctl

    @property
    def folder(self) -> Path:
        """Where the command runs."""
        return self.hpctl.folder

    def name(self) -> str:
        """Return a name that no job has."""
        return f"job-{next(_numbers)}"

    def write(self, name: str, text: str) -> str:
        """Write a file where the command runs, and return its name."""
        (self.folder / name).write_text(text, encoding="utf-8")
        return name

    def state(self, job: str) -> str:
        """Return the state of a job."""
        return str(self.hpctl("job", "describe", job, "-o", "json").json()["state"])


def _environment_of(sandbox: str, hpctl: Hpctl) -> dict[str, str]:
    exports = hpctl("sandbox", "env", "--name", sandbox).out
    script = f"{exports}\nenv -0"
    told = subprocess.run(["/bin/sh", "-c", script], env=hpctl.env, capture_output=True, encoding="utf-8", check=True)
    pairs = (line.partition("=") for line in told.stdout.split("\0") if line)
    return {name: value for name, _, value in pairs if name not in {"_", "OLDPWD", "PWD", "SHLVL"}}


@pytest.fixture(scope="session")
def jobs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Jobs]:
    """A sandbox, and in it the cluster of the examples; the examples' job beside it."""
    present(EXECUTABLE, "the command `hpctl`", "run `make test`")
    home = tmp_path_factory.mktemp("jobs")
    outside = bare_environment() | {
        "HPCTL_SANDBOX_HOME": str(home / "sandboxes"),
        "HPCTL_STATE_HOME": str(home / "state"),
    }
    folder = home / "work"
    folder.mkdir()
    for name in ("eks.yaml", "train.yaml", "train.py"):
        (folder / name).write_bytes((files("hpctl.examples") / name).read_bytes())
    hpctl = Hpctl(outside, folder)
    hpctl("sandbox", "up", "--name", "jobs", "--pace", "0.5")
    try:
        inside = Hpctl(_environment_of("jobs", hpctl), folder)
        inside("cluster", "create", "-f", "eks.yaml", "--yes")
        yield Jobs(inside)
    finally:
        hpctl("sandbox", "down", "--name", "jobs", "--delete")
