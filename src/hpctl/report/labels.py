"""Labels of nodes: what they are, and what becomes of them."""

from __future__ import annotations

from typing import Literal

from hpctl.facts.records import Identity
from hpctl.report.base import Part, Report


class NodeLabelRow(Part):
    """The label of one node: its value `before` and `after`, None for none; `reason` says why nothing is changed."""

    node: str
    instance_type: str | None = None
    change: Literal["add", "change", "remove", "keep", "leave"]
    before: str | None = None
    after: str | None = None
    reason: str = ""


class NodeLabelsReport(Report):
    """What `hpctl node label` would change (`planned`), has changed (`done`), or has no need to (`unchanged`)."""

    kind: Literal["NodeLabels"] = "NodeLabels"
    cluster: str
    identity: Identity
    label: str
    result: Literal["planned", "done", "unchanged"]
    nodes: tuple[NodeLabelRow, ...]

    def names(self) -> tuple[str, ...]:
        """Return the nodes whose label changes."""
        return tuple(row.node for row in self.nodes if row.change in ("add", "change", "remove"))
