"""How a sandbox is."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from hpctl.report.base import Report


class SandboxReport(Report):
    """A sandbox: running, stopped (what it kept is there) or absent; `pace_s` is how long a creation takes in it."""

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

    def names(self) -> tuple[str, ...]:
        """Return the sandbox's name."""
        return (self.name,)
