"""What copying to nodes and from them answers."""

from __future__ import annotations

from typing import Literal

from hpctl.report.base import Part, Report
from hpctl.report.node_run import NodeError


class NodeCopy(Part):
    """What was copied to a node or from it; `left_out` names what was not, and why. `error` says why nothing was."""

    node: str
    instance_group: str
    result: Literal["copied", "failed"]
    files: int = 0
    total_bytes: int = 0
    left_out: tuple[str, ...] = ()
    error: NodeError | None = None


class NodeCopyListReport(Report):
    """A copy to nodes or from one: `source` and `destination` are paths, one of them on the nodes.

    `exit_code` is what hpctl ends with.
    """

    kind: Literal["NodeCopyList"] = "NodeCopyList"
    cluster: str
    direction: Literal["to", "from"]
    source: str
    destination: str
    exit_code: int
    copies: tuple[NodeCopy, ...]

    def names(self) -> tuple[str, ...]:
        """Return the ids of the nodes that were copied to or from."""
        return tuple(one.node for one in self.copies if one.result == "copied")
