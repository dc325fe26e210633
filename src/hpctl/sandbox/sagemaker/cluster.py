"""A HyperPod cluster as it was asked for: dated requests, its groups, and the seats of their nodes.

Nothing here changes with time; `timeline` computes what the cluster looks like at a moment.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
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
    """An instance group (or a restricted one): its specification, its seats, and the fault that awaits it.

    `script` is what its nodes run, None when they run nothing or never come so far; `ended` is how that went.
    `logs` tells whether its role may write what the scripts say to CloudWatch.
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
class Cluster:
    """A cluster: what CreateCluster asked, when, and when DeleteCluster came, if it did."""

    id: str
    arn: str
    request: Mapping[str, Any]
    groups: tuple[Group, ...]
    created: Moment
    deleted: Moment | None = None

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
    def faulty(self) -> bool:
        """Whether nodes of a group will fail."""
        return any(group.fault and group.seats for group in self.groups)

    @property
    def log_group(self) -> str:
        """The CloudWatch log group of its nodes."""
        return f"/aws/sagemaker/Clusters/{self.name}/{self.id}"

    def instance_id(self, seat: Seat, attempt: int) -> str:
        """Return the id of the instance that sits in a seat at an attempt (from 0): each attempt has its own."""
        text = f"{self.id} {seat.group} {seat.index} {attempt}"
        return f"i-{hashlib.sha256(text.encode()).hexdigest()[:17]}"
