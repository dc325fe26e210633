"""The installed `hpctl`, run as a user runs it: another process, real streams, a real exit code."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from hpctl.errors import ExitCode

EXECUTABLE = Path(sys.executable).with_name("hpctl")
DOCUMENTED = frozenset(ExitCode) - {ExitCode.BUG}
PATIENCE_S = 90

_INHERITED = ("HOME", "KUBECONFIG", "LC_ALL", "PATH", "TZ", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME")


def bare_environment() -> dict[str, str]:
    """What every run starts from: nothing of CI, of colour or of a screen that the tests' own process knows."""
    return {name: os.environ[name] for name in _INHERITED if name in os.environ}


@dataclass(frozen=True)
class Ended:
    """How a run ended; `seconds` is wall time."""

    words: tuple[str, ...]
    code: int
    out: str
    err: str
    seconds: float

    def json(self) -> Any:
        """Return the one JSON document on stdout."""
        return json.loads(self.out)

    def json_lines(self) -> list[Any]:
        """Return what stands on each line of stdout."""
        return [json.loads(line) for line in self.out.splitlines()]

    def error(self) -> Any:
        """Return the error object on the last line of stderr."""
        return json.loads(self.err.splitlines()[-1])["error"]


@dataclass(frozen=True)
class Hpctl:
    """The command with its environment and its folder."""

    env: Mapping[str, str]
    folder: Path

    def __call__(self, *words: str, ends: int | None = ExitCode.OK, stdin: str = "") -> Ended:
        """Run to the end and demand the exit code (None: any); no run may end undocumented or with a traceback."""
        begun = time.monotonic()
        done = subprocess.run(
            [EXECUTABLE, *words],
            input=stdin,
            env=self.env,
            cwd=self.folder,
            capture_output=True,
            encoding="utf-8",
            timeout=PATIENCE_S,
            check=False,
        )
        ended = Ended(words, done.returncode, done.stdout, done.stderr, time.monotonic() - begun)
        assert ended.code in DOCUMENTED, ended
        assert "Traceback" not in ended.err, ended
        assert ends in {None, ended.code}, ended
        return ended

    def start(self, *words: str) -> subprocess.Popen[str]:
        """Start in the background, both streams piped and nothing to read on stdin."""
        return subprocess.Popen(
            [EXECUTABLE, *words],
            env=self.env,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )

    def with_env(self, **changes: str | None) -> Hpctl:
        """Return the command in a changed environment; None unsets."""
        kept = {name: value for name, value in self.env.items() if name not in changes}
        return replace(self, env=kept | {name: value for name, value in changes.items() if value is not None})
