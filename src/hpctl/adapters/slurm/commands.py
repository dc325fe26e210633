"""Slurm's commands over sessions: the port `facts.slurm_ports.Slurm`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from hpctl.adapters.slurm.errors import demand_done
from hpctl.adapters.slurm.reading import RUNS, nodes_of, partitions_of, runs_of
from hpctl.facts.session_ports import Sessions, Target
from hpctl.facts.slurm_nodes import SlurmNode, SlurmPartition, SlurmRun

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

    def nodes(self, controller: Target) -> tuple[SlurmNode, ...]:
        """Ask for every node; what jobs hold of its accelerators stands among the details."""
        return nodes_of(self.ask(controller, ("scontrol", "--oneliner", "--all", "--details", "show", "node")))

    def partitions(self, controller: Target) -> tuple[SlurmPartition, ...]:
        """Ask for every partition, hidden ones too."""
        return partitions_of(self.ask(controller, ("scontrol", "--oneliner", "--all", "show", "partition")))

    def runs(self, controller: Target) -> tuple[SlurmRun, ...]:
        """Ask for every job that may hold nodes."""
        return tuple(runs_of(self.ask(controller, ("squeue", "--noheader", "--all", "--format", RUNS))))

    def drain(self, controller: Target, nodes: Sequence[str], reason: str) -> None:
        """Drain nodes; Slurm takes them in turn, up to one that it does not know."""
        self.ask(controller, (*_update(nodes), "state=drain", f"reason={reason}"))

    def resume(self, controller: Target, nodes: Sequence[str]) -> None:
        """Resume nodes; Slurm takes them in turn, up to one that it does not resume."""
        self.ask(controller, (*_update(nodes), "state=resume"))


def _update(nodes: Sequence[str]) -> tuple[str, ...]:
    return ("scontrol", "update", f"nodename={','.join(nodes)}")


def clean(command: Sequence[str]) -> tuple[str, ...]:
    """Return the words that run one of Slurm's commands as `Slurm.ask` promises; no shell reads the command's own."""
    return ("/bin/sh", "-c", _CLEAN, "hpctl", *command)
