"""One look at a node from inside: the port `facts.inside.Probes`."""

from __future__ import annotations

from importlib.resources import files
from typing import Final

from hpctl.adapters.probe.reading import inside_of
from hpctl.facts.inside import Inside
from hpctl.facts.ports import Clock
from hpctl.facts.session_ports import Sessions, Target

_SHELL: Final = ("/bin/sh", "-s")
_PATIENCE_S: Final = 120.0
"""nvidia-smi takes up to half a minute on a node with eight GPUs that nobody uses; df hangs where storage is gone."""


class SessionProbes:
    """Runs `look.sh` on nodes."""

    def __init__(self, sessions: Sessions, clock: Clock) -> None:
        """Reach nodes through `sessions`; `clock` is this machine's."""
        self._sessions = sessions
        self._clock = clock

    def look(self, node: Target) -> Inside:
        """Look once."""
        asked_at = self._clock.now()
        ran = self._sessions.run(node, _SHELL, stdin=_program(), timeout_s=_PATIENCE_S)
        return inside_of(ran.stdout.decode("utf-8", "replace"), asked_at, self._clock.now())


def _program() -> bytes:
    return (files("hpctl.adapters.probe") / "look.sh").read_bytes()
