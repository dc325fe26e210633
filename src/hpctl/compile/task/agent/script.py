"""A script of the user's as a session of processes: begun, waited for, ended."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

POLITE_S = 20.0
"""From SIGTERM to SIGKILL; a pod's own grace is 30 s."""


class Script:
    """`setup` or `run` of this node."""

    def __init__(self, scripts: Path, state: Path, phase: str) -> None:
        with contextlib.suppress(FileNotFoundError):
            (state / "begun").unlink()
        words = ["/bin/bash", str(scripts / "phase.sh"), phase]
        self.phase, self._begun = phase, state / "begun"
        self._process = subprocess.Popen(words, stdin=subprocess.DEVNULL, start_new_session=True)
        self._kill_at: float | None = None

    @property
    def code(self) -> int | None:
        """How it ended, as a shell tells it; None while it runs."""
        code = self._process.poll()
        return code if code is None or code >= 0 else 128 - code

    def stop(self) -> None:
        """Ask it to end: `look` ends it later."""
        if self._kill_at is None:
            # Before the user's first line an interactive bash is deaf, and has nothing to put in order.
            self._kill_at = time.monotonic() + (POLITE_S if self._begun.exists() else 0.0)
            self._signal(signal.SIGTERM)

    def look(self) -> None:
        """End for good what was asked and did not, and what a script that was asked has left."""
        if self._kill_at is not None and (self.code is not None or time.monotonic() > self._kill_at):
            self._signal(signal.SIGKILL)

    def _signal(self, number: int) -> None:
        for process in _session(self._process.pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, number)


def _session(leader: int) -> Iterator[int]:
    """Yield the processes of a session: an interactive bash puts what it starts into groups of its own."""
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            # After the name in parentheses: state, parent, group, session (proc(5)).
            fields = stat.read_text(errors="replace").rpartition(")")[2].split()
            if int(fields[3]) == leader and fields[0] != "Z":
                yield int(stat.parent.name)
