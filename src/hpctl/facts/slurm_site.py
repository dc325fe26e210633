"""Where a job on Slurm would go, as its compiler and its checks see the cluster."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from hpctl.facts.slurm_nodes import SlurmNode, SlurmPartition

_UNUSABLE: Final = (
    *("DOWN", "DRAIN", "DRAINED", "DRAINING", "ERROR", "FAIL", "FAILING", "FUTURE", "INVAL", "INVALID_REG", "MAINT"),
    *("MAINTENANCE", "NO_RESPOND", "NOT_RESPONDING", "POWERED_DOWN", "POWER_DOWN", "POWERING_DOWN", "UNKNOWN"),
)
_COUNTED: Final = re.compile(
    r"(?P<name>[^:(,]+)(?::(?P<type>[^:(,]*[^:(,\d][^:(,]*))?(?::(?P<count>\d+))?(?:\([^)]*\))?"
)


@dataclass(frozen=True, slots=True)
class SlurmSite:
    """What is known of the cluster that a job goes to.

    `folder` is the job's own, absolute, on the file system that all nodes share. No `nodes` means that nobody has
    asked: nothing is judged then. `types` are instance types by the name of the node, where AWS tells them; features of
    Slurm's tell them too. `partition` is the one that was asked for beside the job's file. `containers` tells whether
    `srun` takes `--container-image` (enroot and pyxis); None is not known.
    """

    folder: str
    cluster: str
    nodes: tuple[SlurmNode, ...] = ()
    partitions: tuple[SlurmPartition, ...] = ()
    types: Mapping[str, str] = field(default_factory=dict, hash=False)
    partition: str | None = None
    containers: bool | None = None

    @property
    def default(self) -> str | None:
        """The partition of jobs that name none."""
        return next((one.name for one in self.partitions if one.is_default), None)

    @property
    def partition_names(self) -> tuple[str, ...]:
        """The names of all partitions, in order."""
        told = {one.name for one in self.partitions}
        return tuple(sorted(told | {name for node in self.nodes for name in node.partitions}))

    def type_of(self, node: SlurmNode) -> str | None:
        """Return the instance type of a node, with its `ml.`; None where nobody tells."""
        return self.types.get(node.name) or node.instance_type


def is_usable(node: SlurmNode) -> bool:
    """Whether Slurm would start jobs on a node, now or when others have ended (sinfo(1), "NODE STATE CODES")."""
    return not node.has(*_UNUSABLE)


def count_of(node: SlurmNode, resource: str) -> int:
    """Return how many of a generic resource a node has, of all types together: `gpu`."""
    rows = _COUNTED.finditer(node.gres)
    return sum(int(row["count"] or 1) for row in rows if row["name"] == resource)
