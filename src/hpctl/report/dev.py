"""What commands answer about development pods."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from hpctl.facts.dev import DevState
from hpctl.report.base import Part, Report


class DevRow(Part):
    """One development pod. `accelerators` is what was asked for; `reason` says why it does not run.

    `claim` holds its working directory; null where that is in the pod and goes with it.
    """

    namespace: str
    name: str
    user: str
    state: DevState
    reason: str | None = None
    accelerators: str | None = None
    instance_type: str | None = None
    image: str | None = None
    node: str | None = None
    claim: str | None = None
    idle_stop_s: int | None = None
    created: datetime
    started: datetime | None = None


class DevListReport(Report):
    """The development pods of a namespace, or (null) of all."""

    kind: Literal["DevList"] = "DevList"
    cluster: str
    namespace: str | None
    pods: tuple[DevRow, ...]

    def names(self) -> tuple[str, ...]:
        """Return the names."""
        return tuple(row.name for row in self.pods)


class DevOutcomeReport(Report):
    """What became of a development pod.

    `include` is the line that lets ssh find it by its name; null where no way for ssh was prepared.
    """

    kind: Literal["DevOutcome"] = "DevOutcome"
    verb: Literal["up", "stop", "down"]
    result: Literal["created", "resumed", "running", "stopped", "deleted", "unchanged"]
    cluster: str
    pod: DevRow | None = None
    name: str
    namespace: str
    include: str | None = None
    notes: tuple[str, ...] = ()
    next_steps: tuple[str, ...] = ()

    def names(self) -> tuple[str, ...]:
        """Return the name."""
        return (self.name,)


class DevSyncReport(Report):
    """What was brought to a development pod (`sent`) and from it (`fetched`), by paths below the folder.

    `conflicts` differ on both sides since they were the same, and were left alone. `deleted_here` and `deleted_there`
    are on the other side only because the one side has deleted them; `removed` were deleted there for that. `exit_code`
    is what hpctl ends with: 6 with conflicts.
    """

    kind: Literal["DevSync"] = "DevSync"
    cluster: str
    name: str
    folder: str
    sent: tuple[str, ...] = ()
    fetched: tuple[str, ...] = ()
    conflicts: tuple[str, ...] = ()
    deleted_here: tuple[str, ...] = ()
    deleted_there: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    sent_bytes: int = 0
    fetched_bytes: int = 0
    exit_code: int = 0
    next_steps: tuple[str, ...] = ()

    def names(self) -> tuple[str, ...]:
        """Return every path that was brought."""
        return (*self.sent, *self.fetched)
