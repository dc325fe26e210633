"""Slurm's commands over sessions: the port `facts.slurm_ports.Slurm`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from hpctl.adapters.slurm.errors import demand_done
from hpctl.facts.session_ports import Sessions, Target

_PATH: Final = "/opt/slurm/bin:/opt/slurm/sbin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
"""HyperPod's images have Slurm in /opt/slurm, others where packages put it."""

_CLEAN: Final = (
    f"export PATH={_PATH}; "
    'exec env -i ${SLURM_CONF:+SLURM_CONF="$SLURM_CONF"} '
    'PATH="$PATH" HOME=/root LC_ALL=C TZ=UTC SLURM_TIME_FORMAT=standard "$@"'
)
"""Of a node's environment only the way to Slurm's configuration stays: SQUEUE_FORMAT and its like change answers."""


class SlurmCommands:
    """Runs them in an environment of their own."""

    def __init__(self, sessions: Sessions) -> None:
        """Reach nodes through `sessions`."""
        self._sessions = sessions

    def ask(self, controller: Target, command: Sequence[str], *, timeout_s: float = 60.0) -> str:
        """Run the command and return what it prints; bytes that are no UTF-8 become replacement characters."""
        ran = self._sessions.run(controller, clean(command), timeout_s=timeout_s)
        demand_done(command[0], ran)
        return ran.stdout.decode("utf-8", "replace")


def clean(command: Sequence[str]) -> tuple[str, ...]:
    """Return the words that run one of Slurm's commands as `Slurm.ask` promises; no shell reads the command's own."""
    return ("/bin/sh", "-c", _CLEAN, "hpctl", *command)
