"""A script of the user's as a process group: begun, waited for, ended."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

POLITE_S = 20.0
"""From SIGTERM to SIGKILL; a pod's own grace is 30 s."""


class Script:
    """`setup` or `run` of this node."""

    def __init__(self, scripts: Path, phase: str) -> None:
        words = ["/bin/bash", str(scripts / "phase.sh"), phase]
        self.phase = phase
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
            self._kill_at = time.monotonic() + POLITE_S
            self._signal(signal.SIGTERM)

    def look(self) -> None:
        """End for good what was asked and did not, and what a script that was asked has left."""
        if self._kill_at is not None and (self.code is not None or time.monotonic() > self._kill_at):
            self._signal(signal.SIGKILL)

    def _signal(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)
