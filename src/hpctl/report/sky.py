"""SkyPilot set up for a cluster, and what its own check says."""

from __future__ import annotations

from typing import Literal

from hpctl.facts.records import Identity
from hpctl.report.base import Part, Report


class SkyStep(Part):
    """One thing that SkyPilot needs: what it is, where, and what becomes of it; `diff` are a file's changed lines."""

    part: Literal["environment", "context", "config", "efa", "labels"]
    subject: str
    change: Literal["add", "change", "keep"]
    detail: str = ""
    diff: tuple[str, ...] = ()


class SkySetupReport(Report):
    """What `hpctl sky setup` would do (`planned`), has done (`done`), or has no need to (`unchanged`).

    `environment` is the folder that holds SkyPilot of that `version`, `context` what SkyPilot calls the cluster.
    """

    kind: Literal["SkySetup"] = "SkySetup"
    cluster: str
    identity: Identity
    version: str
    environment: str
    context: str
    result: Literal["planned", "done", "unchanged"]
    steps: tuple[SkyStep, ...]
    notes: tuple[str, ...] = ()
    next_steps: tuple[str, ...] = ()

    def names(self) -> tuple[str, ...]:
        """Return the context's name."""
        return (self.context,)


class SkyAccelerators(Part):
    """How many accelerators of a kind SkyPilot counts in the cluster, and how many of them are free."""

    accelerator: str
    total: int
    free: int


class SkyCheckReport(Report):
    """What SkyPilot's own check says of a cluster.

    `state` is `ready`; `blind` where the context is enabled and tasks cannot ask for all of its accelerators, as nodes
    lack the label or have a wrong one; else `disabled`. `said` is SkyPilot's reason or note, and `elsewhere` are other
    contexts that it is allowed and cannot use.
    """

    kind: Literal["SkyCheck"] = "SkyCheck"
    cluster: str
    version: str
    context: str
    state: Literal["ready", "blind", "disabled"]
    said: str = ""
    accelerators: tuple[SkyAccelerators, ...] = ()
    elsewhere: tuple[str, ...] = ()
    next_steps: tuple[str, ...] = ()

    def names(self) -> tuple[str, ...]:
        """Return the context's name; the exit code says whether tasks can run there."""
        return (self.context,)
