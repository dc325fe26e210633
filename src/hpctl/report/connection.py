"""What connecting to a cluster answers."""

from __future__ import annotations

from typing import Any, Literal

from hpctl.report.base import Report


class ConnectionReport(Report):
    """A cluster in a kubeconfig.

    `result` is what became of the file (`planned`: what would); `changed` names what is new or different in it, of
    `cluster`, `user`, `context` and `current-context`. `entries` are the three as they stand there. `notes` are what
    is to be said about the file and the credentials.
    """

    kind: Literal["Connection"] = "Connection"
    cluster: str
    eks_cluster: str
    region: str
    account: str
    kubeconfig: str
    context: str
    current_context: str | None
    result: Literal["connected", "unchanged", "planned"]
    changed: tuple[str, ...]
    entries: dict[str, Any]
    notes: tuple[str, ...] = ()
    next_steps: tuple[str, ...] = ()

    def names(self) -> tuple[str, ...]:
        """Return the context's name."""
        return (self.context,)
