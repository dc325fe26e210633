"""kubectl, run as a user runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.contract.kubernetes.space import Space

EXECUTABLE = Path(sys.executable).with_name("kubectl")
PATIENCE_S = 90


@dataclass(frozen=True)
class Ended:
    """How a run ended."""

    code: int
    out: str
    err: str

    @property
    def rows(self) -> list[list[str]]:
        """Return the words of each line."""
        return [line.split() for line in self.out.splitlines()]

    def json(self) -> Any:
        """Return the one document on stdout."""
        return json.loads(self.out)


@dataclass(frozen=True)
class Kubectl:
    """The command, in a namespace and a folder."""

    space: Space
    folder: Path

    def __call__(self, *words: str, ends: int = 0, stdin: str = "", env: Mapping[str, str] | None = None) -> Ended:
        """Run to the end, and demand the exit code."""
        ran = subprocess.run(
            self._line(words),
            input=stdin,
            env={**self._environ, **(env or {})},
            cwd=self.folder,
            capture_output=True,
            encoding="utf-8",
            timeout=PATIENCE_S,
            check=False,
        )
        assert ran.returncode == ends, f"{words} ended with {ran.returncode}:\n{ran.stdout}\n{ran.stderr}"
        return Ended(ran.returncode, ran.stdout, ran.stderr)

    @contextmanager
    def started(self, *words: str) -> Iterator[subprocess.Popen[str]]:
        """Run beside the test, and end it afterwards."""
        running = subprocess.Popen(
            self._line(words),
            env=self._environ,
            cwd=self.folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            # Where it says which container it took, among others.
            stderr=subprocess.DEVNULL,
            encoding="utf-8",
        )
        with running:
            try:
                yield running
            finally:
                running.kill()

    def write(self, body: Mapping[str, Any], name: str = "object.json") -> str:
        """Write an object to a file; returns its name."""
        (self.folder / name).write_text(json.dumps(body))
        return name

    def _line(self, words: tuple[str, ...]) -> list[str]:
        return [str(EXECUTABLE), "--namespace", self.space.name, *words]

    @property
    def _environ(self) -> dict[str, str]:
        told = {"KUBECONFIG": str(self.space.cluster.kubeconfig), "HOME": str(self.folder)}
        return {name: os.environ[name] for name in ("PATH", "LC_ALL", "TZ") if name in os.environ} | told
