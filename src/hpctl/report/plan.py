"""What a command is about to do: shown by `plan` and `--dry-run`, confirmed, and applied as it stands."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from hpctl.facts.jobs import JobState
from hpctl.facts.records import Identity
from hpctl.report.action import Action
from hpctl.report.base import Part, Report
from hpctl.report.check import CheckReport


class Change(Part):
    """One field that differs: `path` as the spec writes it, and what its update policy says.

    `refused` says that `cluster update` does not make it; `note` then says why, and the way round. Else `note` is what
    the change does that may surprise.
    """

    path: str
    kind: Literal["add", "change", "remove"]
    before: Any = None
    after: Any = None
    policy: Literal["in place", "replaces the group", "never"]
    note: str | None = None
    refused: bool = False


class PlannedGroup(Part):
    """One instance group as asked for, with what the catalog says about its type (totals over the group)."""

    name: str
    instance_type: str
    count: int
    role: str | None = None
    accelerators: str | None = None
    vcpus: int | None = None
    memory_gib: float | None = None
    efa_interfaces: int | None = None
    addresses: int | None = None
    subnet_ids: tuple[str, ...] = ()


class LeftAlone(Part):
    """What a check found and `doctor --fix` does nothing about: `why`, and where the remedy is a person's to choose."""

    check: str
    subjects: tuple[str, ...]
    why: str


class PlannedEnd(Part):
    """A job that ends with its cluster. `owner` is its user on Slurm, its namespace on EKS, whose jobs have no user."""

    job: str
    owner: str
    state: JobState
    nodes: int
    started: datetime | None = None


class PlanReport(Report):
    """A plan for one cluster. `state` says how wish and world stand to each other.

    absent: nothing of that name exists yet · same: it exists as asked, nothing to do ·
    changed: it exists and `changes` lead to the spec · other: it exists with another spec, and this plan does not
    touch it · present: it exists (plans to delete, or to update its software) ·
    around: it is left as it is, and what stands around it changes (`doctor --fix`; `left_alone` is what that leaves).
    `arn` is that of what exists, `basis` a
    digest of what the plan was decided on: applied later, it must still hold. `run_id` marks what the plan creates.
    `ends` are jobs that a deletion would end; with `--yes` nobody is told, and nobody looks.
    """

    kind: Literal["Plan"] = "Plan"
    identity: Identity
    cluster: str
    arn: str | None = None
    orchestrator: str
    state: Literal["absent", "same", "changed", "other", "present", "around"]
    run_id: str | None = None
    basis: str | None = None
    changes: tuple[Change, ...] = ()
    actions: tuple[Action, ...]
    groups: tuple[PlannedGroup, ...] = ()
    goes: tuple[str, ...] = ()
    stays: tuple[str, ...] = ()
    ends: tuple[PlannedEnd, ...] = ()
    notices: tuple[str, ...] = ()
    left_alone: tuple[LeftAlone, ...] = ()
    checks: CheckReport | None = None

    def names(self) -> tuple[str, ...]:
        """Return `verb/subject` of every action."""
        return tuple(f"{action.verb}/{action.subject}" for action in self.actions)
