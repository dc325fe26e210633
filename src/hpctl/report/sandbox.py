"""How sandboxes are, and the faults that are injected into them."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from hpctl.report.base import Part, Report


class Fault(Part):
    """A fault in force, with its scope and its bounds; None is no limit, or does not belong to this fault.

    `count` and `struck` are calls, or nodes for a fault of clusters, which does not tell how many it has struck.
    """

    id: str
    fault: str
    service: str | None = None
    operation: str | None = None
    cluster: str | None = None
    group: str | None = None
    node: str | None = None
    skip: int | None = None
    share: float | None = None
    seed: int | None = None
    count: int | None = None
    struck: int | None = None
    for_s: float | None = None
    until: datetime | None = None
    status: int | None = None
    retry_after_s: float | None = None
    lag_s: float | None = None
    lag_reads: int | None = None
    latency_s: float | None = None
    jitter_s: float | None = None


class FaultList(Report):
    """The faults in force in a sandbox, oldest first; after `--clear` those that have ended."""

    kind: Literal["FaultList"] = "FaultList"
    sandbox: str
    faults: tuple[Fault, ...]

    def names(self) -> tuple[str, ...]:
        """Return the ids."""
        return tuple(fault.id for fault in self.faults)


class SandboxReport(Report):
    """A sandbox: running, stopped (what it kept is there) or absent; `pace_s` is how long a creation takes in it.

    `slurm_lacks` says what its Slurm clusters lack on this machine, with what to install; None where nothing does.
    """

    kind: Literal["Sandbox"] = "Sandbox"
    name: str
    status: Literal["running", "stopped", "absent"]
    endpoint: str | None
    pid: int | None
    region: str | None
    account: str | None
    pace_s: float | None
    started_at: datetime | None
    home: str | None
    slurm_lacks: str | None = None
    faults: tuple[Fault, ...] = ()

    def names(self) -> tuple[str, ...]:
        """Return the sandbox's name."""
        return (self.name,)


class SandboxRow(Part):
    """A sandbox in a list."""

    name: str
    status: Literal["running", "stopped", "absent"]
    endpoint: str | None
    region: str | None
    pace_s: float | None


class SandboxList(Report):
    """The sandboxes that run or keep something, by name."""

    kind: Literal["SandboxList"] = "SandboxList"
    sandboxes: tuple[SandboxRow, ...]

    def names(self) -> tuple[str, ...]:
        """Return the names."""
        return tuple(row.name for row in self.sandboxes)
