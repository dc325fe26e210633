"""Queues that share a cluster: what each may use, what it uses, and what waits in it."""

from __future__ import annotations

from typing import Literal

from hpctl.report.base import Part, Report


class QueueAmount(Part):
    """One resource of one flavor: amounts in Kubernetes' base units (bytes of memory, cores, devices).

    `used` is what admitted jobs have, `reserved` that and what jobs hold whose admission is still checked, `borrowed`
    what of `reserved` is other queues' quota. `may_borrow` and `may_lend` are None where no limit is set.
    """

    flavor: str
    resource: str
    quota: float
    used: float
    reserved: float
    borrowed: float
    may_borrow: float | None = None
    may_lend: float | None = None


class TeamQueue(Part):
    """A LocalQueue, which jobs of its namespace name; `trouble` says why it admits nothing (empty where it does)."""

    namespace: str
    name: str
    cluster_queue: str
    pending: int
    admitted: int
    trouble: str = ""


class WaitingJob(Part):
    """What waits for quota, the next one first; `reason` is what Kueue says, and after a preemption what that means."""

    position: int
    namespace: str
    job: str
    queue: str
    priority: int
    priority_class: str = ""
    reason: str = ""


class QueueRow(Part):
    """A ClusterQueue: a quota, and the queues of namespaces that draw on it."""

    name: str
    cohort: str = ""
    pending: int
    admitted: int
    trouble: str = ""
    amounts: tuple[QueueAmount, ...]
    queues: tuple[TeamQueue, ...]


class QueueListReport(Report):
    """The queues of a cluster; `notices` say what could not be seen."""

    kind: Literal["QueueList"] = "QueueList"
    cluster: str
    queues: tuple[QueueRow, ...]
    notices: tuple[str, ...] = ()

    def names(self) -> tuple[str, ...]:
        """Return the names of the cluster queues."""
        return tuple(row.name for row in self.queues)


class QueueReport(Report):
    """One queue, and what waits in it; `notices` say what could not be seen."""

    kind: Literal["Queue"] = "Queue"
    cluster: str
    queue: QueueRow
    waiting: tuple[WaitingJob, ...]
    notices: tuple[str, ...] = ()

    def names(self) -> tuple[str, ...]:
        """Return the name of the cluster queue."""
        return (self.queue.name,)
