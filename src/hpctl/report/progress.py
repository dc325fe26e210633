"""What a long command says while it works: typed steps, one JSON object a line with `-o jsonl`."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from hpctl.facts.node_care import NodeRefusal
from hpctl.facts.records import Event, Operation
from hpctl.report.action import Verb
from hpctl.report.base import Part
from hpctl.report.cluster import Diagnosis


class GroupProgress(Part):
    """How far one instance group is."""

    name: str
    status: str | None
    current_count: int
    target_count: int


class Started(Part):
    """An action was sent to AWS; `does` says in words what it does, where the verb alone does not.

    `refused` are nodes that AWS left out.
    """

    type: Literal["started"] = "started"
    time: datetime
    verb: Verb
    cluster: str
    arn: str | None = None
    does: str | None = None
    refused: tuple[NodeRefusal, ...] = ()


class Observed(Part):
    """The cluster as last seen; `waiting_for` is what is still missing, in words."""

    type: Literal["observed"] = "observed"
    time: datetime
    elapsed_s: float
    cluster: str
    status: str
    groups: tuple[GroupProgress, ...]
    waiting_for: str


class EventSeen(Part):
    """An event that was not there before; known failures come with cause and remedy."""

    type: Literal["event"] = "event"
    time: datetime
    event: Event
    diagnosis: Diagnosis | None = None


class OperationSeen(Part):
    """An operation of the cluster that began, or that came into another status."""

    type: Literal["operation"] = "operation"
    time: datetime
    operation: Operation


class Remarked(Part):
    """Something to know: what cannot be seen, or what keeps the cluster from getting where it should."""

    type: Literal["remark"] = "remark"
    time: datetime
    message: str
    cause: str | None = None
    hint: str | None = None


class Finished(Part):
    """The wanted state is reached."""

    type: Literal["finished"] = "finished"
    time: datetime
    elapsed_s: float
    cluster: str
    status: str


Progress = Started | Observed | EventSeen | OperationSeen | Remarked | Finished
