"""Commands as processes of their own, started by the zygote."""

from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hpctl.errors import ExitCode
from tests.conftest import REPOSITORY
from tests.crash.sharedtime import SharedTime

PATIENCE_S = 90.0
DOCUMENTED = frozenset(ExitCode) - {ExitCode.BUG}
_LOOK_S = 0.003


@dataclass(frozen=True)
class Ended:
    """How a command ended; a negative code is the signal that ended it."""

    words: tuple[str, ...]
    code: int
    out: str
    err: str

    @property
    def is_sound(self) -> bool:
        """Whether it ended as a command may: killed, or with a documented code; and never with a traceback."""
        return (self.code in DOCUMENTED or self.code == -signal.SIGKILL) and "Traceback" not in self.err


@dataclass(frozen=True)
class Running:
    """A command that runs, or has run; `folder` holds what it says."""

    words: tuple[str, ...]
    folder: Path

    @property
    def pid(self) -> int:
        return int(_awaited(self.folder / "pid"))

    def kill(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)

    def has_said(self, words: str) -> None:
        """Wait until it has said this on stderr."""
        end = time.monotonic() + PATIENCE_S
        while words not in (told := self._said("err")):
            assert time.monotonic() < end, told
            assert not self.is_over or words in self._said("err"), told
            time.sleep(_LOOK_S)

    @property
    def is_over(self) -> bool:
        return (self.folder / "status").exists()

    def end(self) -> Ended:
        """Wait for the end."""
        code = int(_awaited(self.folder / "status"))
        return Ended(self.words, code, self._said("out"), self._said("err"))

    @property
    def disk(self) -> list[str]:
        """What it did to its records, when it has ended by itself."""
        done: list[str] = json.loads((self.folder / "disk.json").read_text())
        return done

    def _said(self, stream: str) -> str:
        path = self.folder / stream
        return path.read_text() if path.exists() else ""


@dataclass
class Zygote:
    """Starts commands."""

    _process: subprocess.Popen[str]
    _folder: Path
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def start(self, *words: str, env: Mapping[str, str], cwd: Path, **more: Any) -> Running:
        """Start a command; `more` is what the zygote's lines may say."""
        folder = self._folder / str(next(self._numbers))
        folder.mkdir()
        told = {"folder": str(folder), "words": words, "env": dict(env), "cwd": str(cwd), **more}
        assert self._process.stdin
        self._process.stdin.write(json.dumps(told) + "\n")
        self._process.stdin.flush()
        return Running(words, folder)


@contextmanager
def zygote(folder: Path, env: Mapping[str, str], shared: SharedTime) -> Iterator[Zygote]:
    """Run a zygote for as long as the block lasts; a spec `warm.yaml` in `folder` warms it."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.crash.zygote", str(shared.path)],
        env={**env, "PYTHONPATH": str(REPOSITORY), "HPCTL_STATE_HOME": str(folder / "warm")},
        cwd=folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    )
    assert process.stdin
    assert process.stdout
    try:
        assert process.stdout.readline() == "ready\n"
        yield Zygote(process, folder)
    finally:
        process.stdin.close()
        process.stdout.close()
        process.wait(PATIENCE_S)


def _awaited(path: Path) -> str:
    end = time.monotonic() + PATIENCE_S
    while not path.exists():
        assert time.monotonic() < end, f"{path.name} did not come: {list(path.parent.iterdir())}"
        time.sleep(_LOOK_S)
    return path.read_text()
