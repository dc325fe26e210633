"""Where a job on Slurm would go, as its compiler and its checks see the cluster: frozen rows, in Slurm's words.

Sources: scontrol(1), `show node` and `show partition`; sinfo(1).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_UNUSABLE: Final = re.compile(
    r"DOWN|DRAIN(?:ED|ING)?|FAIL(?:ING)?|ERROR|INVAL(?:ID_REG)?|NO(?:T_RESPONDING|_RESPOND)|POWER(?:ED|ING)?_DOWN"
    r"|MAINT|RESERVED|UNKNOWN|FUTURE"
)
_COUNTED: Final = re.compile(
    r"(?P<name>[^:(,]+)(?::(?P<type>[^:(,]*[^:(,\d][^:(,]*))?(?::(?P<count>\d+))?(?:\([^)]*\))?"
)


@dataclass(frozen=True, slots=True)
class SlurmNode:
    """A node as Slurm has it.

    `state` is Slurm's word (`IDLE`, `IDLE+DRAIN`), `gres` as configured (`gpu:h100:8(S:0-1)`).
    `instance_type` keeps its `ml.`; None where nobody tells. 0 CPUs or MiB are not known.
    """

    name: str
    partitions: tuple[str, ...] = ()
    state: str = "IDLE"
    gres: str = ""
    features: tuple[str, ...] = ()
    cpus: int = 0
    memory_mib: int = 0
    instance_type: str | None = None

    @property
    def usable(self) -> bool:
        """Whether Slurm would start jobs on it, now or when others have ended."""
        words = re.split(r"[+*~#!%$@^-]+", self.state.upper())
        return not any(_UNUSABLE.fullmatch(word) for word in words)

    @property
    def kind(self) -> str | None:
        """Its instance type: as it is told, or by a feature that names one."""
        return self.instance_type or next((one for one in self.features if one.startswith("ml.")), None)

    def count(self, resource: str) -> int:
        """Return how many of a generic resource it has, of all types together: `gpu`."""
        rows = _COUNTED.finditer(self.gres)
        return sum(int(row["count"] or 1) for row in rows if row["name"] == resource)


@dataclass(frozen=True, slots=True)
class SlurmSite:
    """What is known of the cluster that a job goes to.

    `folder` is the job's own, absolute, on the file system that all nodes share. No `nodes` means that nobody has
    asked: nothing is judged then. `partition` is the one that was asked for beside the job's file, `default` Slurm's
    own choice. `containers` tells whether `srun` takes `--container-image` (enroot and pyxis); None is not known.
    """

    folder: str
    cluster: str
    nodes: tuple[SlurmNode, ...] = ()
    partition: str | None = None
    default: str | None = None
    containers: bool | None = None

    @property
    def partitions(self) -> tuple[str, ...]:
        """The partitions that have nodes, in order."""
        return tuple(sorted({name for node in self.nodes for name in node.partitions}))
