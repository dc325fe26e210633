"""What Slurm says of its partitions and nodes, and what was done to nodes there."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from hpctl.report.base import Part, Report


class SlurmJobFacts(Part):
    """A job that holds a node; `state` is Slurm's word."""

    job_id: str
    user: str
    name: str
    state: str


class SlurmNodeFacts(Part):
    """A node as Slurm has it, and which node of the cluster it is (null where none has its name).

    `state` is as Slurm prints it (`IDLE+DRAIN`), `meaning` says it in words; `takes_jobs` whether a new job may come.
    `reason` is to the letter what `reason_by` gave at `reason_at`.
    """

    name: str
    node_id: str | None = None
    instance_group: str | None = None
    instance_type: str | None = None
    partitions: tuple[str, ...] = ()
    gres: str | None = None
    state: str
    meaning: str
    takes_jobs: bool
    reason: str | None = None
    reason_by: str | None = None
    reason_at: datetime | None = None
    jobs: tuple[SlurmJobFacts, ...] = ()


class SlurmPartitionFacts(Part):
    """A partition; `free` nodes take a job now, `busy` ones run some, `away` ones take none."""

    name: str
    state: str
    default: bool = False
    max_time: str | None = None
    nodes: int
    free: int
    busy: int
    away: int


class SlurmStatusReport(Report):
    """How Slurm is on a cluster; `controller` is the node that was asked, `unknown` are nodes that Slurm lacks."""

    kind: Literal["SlurmStatus"] = "SlurmStatus"
    cluster: str
    controller: str
    version: str | None = None
    partitions: tuple[SlurmPartitionFacts, ...] = ()
    nodes: tuple[SlurmNodeFacts, ...] = ()
    unknown: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()

    def names(self) -> tuple[str, ...]:
        """Return the nodes' names in Slurm."""
        return tuple(node.name for node in self.nodes)


class SlurmChangeReport(Report):
    """Nodes that were drained or resumed; `unchanged` names those that were so already, `nodes` are all, as now."""

    kind: Literal["SlurmChange"] = "SlurmChange"
    cluster: str
    verb: Literal["drain", "resume"]
    nodes: tuple[SlurmNodeFacts, ...]
    unchanged: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()

    def names(self) -> tuple[str, ...]:
        """Return the nodes' names in Slurm."""
        return tuple(node.name for node in self.nodes)
