"""What a command is about to do: shown by `plan` and `--dry-run`, confirmed, and applied as it stands."""

from __future__ import annotations

from typing import Any, Literal

from hpctl.facts.records import Identity
from hpctl.report.base import Part, Report
from hpctl.report.check import CheckReport


class Action(Part):
    """One call that changes something at AWS: `request` is sent exactly as it stands here."""

    verb: Literal["create", "delete"]
    subject: str
    request: dict[str, Any]


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


class PlanReport(Report):
    """A plan for one cluster. `state` says how wish and world stand to each other.

    absent: nothing of that name exists yet · same: it exists as asked, nothing to do ·
    other: it exists with another spec · present: it exists (plans to delete). `arn` is that of what exists.
    """

    kind: Literal["Plan"] = "Plan"
    identity: Identity
    cluster: str
    arn: str | None = None
    orchestrator: str
    state: Literal["absent", "same", "other", "present"]
    actions: tuple[Action, ...]
    groups: tuple[PlannedGroup, ...] = ()
    goes: tuple[str, ...] = ()
    stays: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()
    checks: CheckReport | None = None

    def names(self) -> tuple[str, ...]:
        """Return `verb/subject` of every action."""
        return tuple(f"{action.verb}/{action.subject}" for action in self.actions)
