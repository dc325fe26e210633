"""The accelerators of a cluster: how many there are, and how many a job can have now."""

from __future__ import annotations

from typing import Literal

from hpctl.report.base import Part, Report


class AcceleratorNode(Part):
    """The accelerators of one kind on one node.

    `total` is what the node offers to pods (on Slurm: to jobs), `used` what they ask of it, `free` what another one can
    have now: nothing on a node that takes none, and `trouble` says why in words (empty where there is none). `efa` are
    the node's network interfaces of that kind, `efa_free` those that another pod can have; jobs of Slurm share them.
    Pods ask by the key `resource`; on Slurm it is `gres/gpu`, or `whole nodes` where Slurm was not told of any.
    """

    node: str
    accelerator: str
    resource: str
    instance_type: str | None = None
    instance_group: str | None = None
    total: int
    used: int
    free: int
    efa: int = 0
    efa_free: int = 0
    trouble: str = ""


class AcceleratorRow(Part):
    """All accelerators of one kind; `requestable` are the amounts that a job can usefully ask for on one node."""

    accelerator: str
    requestable: tuple[int, ...]
    total: int
    used: int
    free: int
    nodes: int


class AcceleratorListReport(Report):
    """What the cluster has, by kind and by node; `notices` say what could not be seen, and what follows from it."""

    kind: Literal["AcceleratorList"] = "AcceleratorList"
    cluster: str
    accelerators: tuple[AcceleratorRow, ...]
    nodes: tuple[AcceleratorNode, ...]
    notices: tuple[str, ...] = ()

    def names(self) -> tuple[str, ...]:
        """Return the kinds of accelerators, as jobs ask for them."""
        return tuple(row.accelerator for row in self.accelerators)
