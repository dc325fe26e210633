"""What commands on nodes answer."""

from __future__ import annotations

from typing import Literal

from hpctl.report.base import Part, Report


class NodeError(Part):
    """Why there is no answer of a node: `code` and `exit_code` are those of hpctl's errors."""

    code: str
    exit_code: int
    message: str
    hint: str | None = None


class NodeOutput(Part):
    r"""What a command wrote to one of its streams; bytes that are no UTF-8 stand as `\xff`.

    `text` is the beginning, `total_bytes` what there was in all.
    """

    text: str = ""
    total_bytes: int = 0
    truncated: bool = False


class NodeRun(Part):
    """How a command ended on one node.

    `exit_code` is null when that is not known: `error` says why. `result` is `no-answer` then, or `timed-out` when the
    command was ended because its time ran out. Streams are empty where they were shown as they came.
    """

    node: str
    instance_group: str
    result: Literal["succeeded", "failed", "timed-out", "no-answer"]
    exit_code: int | None
    elapsed_s: float
    stdout: NodeOutput = NodeOutput()
    stderr: NodeOutput = NodeOutput()
    error: NodeError | None = None


class NodeRunListReport(Report):
    """How a command ended on each node, in the order of the nodes; `exit_code` is what hpctl ends with."""

    kind: Literal["NodeRunList"] = "NodeRunList"
    cluster: str
    command: tuple[str, ...]
    exit_code: int
    runs: tuple[NodeRun, ...]

    def names(self) -> tuple[str, ...]:
        """Return the ids of the nodes on which the command did not succeed."""
        return tuple(run.node for run in self.runs if run.result != "succeeded")
