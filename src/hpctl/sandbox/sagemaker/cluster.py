"""A HyperPod cluster as it was asked for: its creation, and the dated changes that were asked for since.

Nothing here changes with time; `course` plays what follows from it, up to a moment.
"""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from hpctl.sandbox.clock import Moment
    from hpctl.sandbox.scripts import Outcome, Script


class Stage(StrEnum):
    """Where in a node's life a fault strikes, in the order of that life."""

    CAPACITY = "capacity"
    INTERFACE = "interface"
    EFA = "efa"
    BOOTSTRAP = "bootstrap"
    SCRIPTS = "scripts"


@dataclass(frozen=True)
class Fault:
    """What goes wrong with the nodes of a group, in AWS's words."""

    stage: Stage
    message: str

    @property
    def before_instance(self) -> bool:
        """Whether the seat never gets an instance for it."""
        return self.stage in {Stage.CAPACITY, Stage.INTERFACE}


@dataclass(frozen=True)
class Ended:
    """How the run of a group's lifecycle script ended, and when."""

    at: datetime
    outcome: Outcome


@dataclass(frozen=True)
class Seat:
    """The place of one node in its group: it outlives the instances that sit in it."""

    group: str
    index: int
    logical_id: str
    instance_type: str
    subnet_id: str | None
    address: str
    zone: str
    zone_id: str
    # The addresses of each of its network interfaces in the customer's subnet; `address` is the first of the first.
    interfaces: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True)
class Group:
    """An instance group (or a restricted one) as one request specifies it.

    `seats` are those that the request brings nodes up in, and `fault` is what awaits these nodes. `script` is what they
    run, None when they run nothing or never come so far; `ended` is how that went. `logs` tells whether the group's
    role may write what the scripts say to CloudWatch.
    """

    name: str
    spec: Mapping[str, Any]
    seats: tuple[Seat, ...]
    fault: Fault | None
    restricted: bool
    script: Script | None = None
    ended: Ended | None = None
    logs: bool = True

    @property
    def deep_checked(self) -> bool:
        """Whether nodes go through deep health checks before they run."""
        return bool(self.spec.get("OnStartDeepHealthChecks"))


@dataclass(frozen=True)
class Change:
    """What was asked of a cluster that exists, and when; `groups` bring up nodes, `closes` are logical ids to close."""

    at: Moment
    request: Mapping[str, Any] = field(default_factory=dict)
    groups: tuple[Group, ...] = ()
    closes: tuple[str, ...] = ()


class Updated(Change):
    """UpdateCluster: its groups are specified anew, their seats are the new ones alone."""


class NodesAdded(Change):
    """BatchAddClusterNodes."""


class NodesDeleted(Change):
    """BatchDeleteClusterNodes."""


@dataclass(frozen=True)
class Rebooted(Change):
    """BatchRebootClusterNodes: `nodes` are logical ids."""

    nodes: tuple[str, ...] = ()


class Replaced(Change):
    """BatchReplaceClusterNodes: its groups hold the seats that get new instances."""


class SoftwareUpdated(Change):
    """UpdateClusterSoftware: its groups hold the seats that get the software, and run the scripts again."""


@dataclass(frozen=True)
class HealthChecked(Change):
    """StartClusterHealthCheck: `nodes` are logical ids."""

    nodes: tuple[str, ...] = ()


class Deleted(Change):
    """DeleteCluster."""


@dataclass(frozen=True)
class Cluster:
    """A cluster: what CreateCluster asked and when, and the changes since, in their order."""

    id: str
    arn: str
    request: Mapping[str, Any]
    groups: tuple[Group, ...]
    created: Moment
    changes: tuple[Change, ...] = ()

    @property
    def name(self) -> str:
        """The cluster's name."""
        return str(self.request["ClusterName"])

    @property
    def continuous(self) -> bool:
        """Whether nodes come and go on their own (NodeProvisioningMode Continuous)."""
        return self.request.get("NodeProvisioningMode") == "Continuous"

    @property
    def eks(self) -> bool:
        """Whether EKS is the orchestrator."""
        return "Eks" in self.request.get("Orchestrator", {})

    @property
    def deleted(self) -> Moment | None:
        """When its deletion was asked for, if it was."""
        last = self.changes[-1] if self.changes else None
        return last.at if isinstance(last, Deleted) else None

    @property
    def patched(self) -> bool:
        """Whether UpdateClusterSoftware was ever asked for."""
        return any(isinstance(change, SoftwareUpdated) for change in self.changes)

    @property
    def log_group(self) -> str:
        """The CloudWatch log group of its nodes."""
        return f"/aws/sagemaker/Clusters/{self.name}/{self.id}"

    def runs(self) -> Iterator[tuple[int, Group]]:
        """Yield every group of every request with the number of the request: 0 is the creation."""
        for number, groups in enumerate((self.groups, *(change.groups for change in self.changes))):
            for group in groups:
                yield number, group

    def operation_id(self, number: int) -> str:
        """Return the id of the operation that a request starts: 0 is the creation."""
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{self.arn} creation{f' {number}' if number else ''}"))

    def instance_id(self, seat: Seat, attempt: int) -> str:
        """Return the id of the instance that sits in a seat at an attempt (from 0): each attempt has its own."""
        text = f"{self.id} {seat.group} {seat.index} {attempt}"
        return f"i-{hashlib.sha256(text.encode()).hexdigest()[:17]}"
