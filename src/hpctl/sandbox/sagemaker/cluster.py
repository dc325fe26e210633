"""A HyperPod cluster as it was asked for: dated requests, its groups, and the seats of their nodes.

Nothing here changes with time; `timeline` computes what the cluster looks like at a moment.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hpctl.sandbox.clock import Moment


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


@dataclass(frozen=True)
class Group:
    """An instance group (or a restricted one): its specification, its seats, and the fault that awaits it.

    `fault` is the message with which its nodes will fail their EFA health check, None when they will not.
    """

    name: str
    spec: Mapping[str, Any]
    seats: tuple[Seat, ...]
    fault: str | None
    restricted: bool

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
        """Whether a group's nodes will fail their EFA health check."""
        return any(group.fault and group.seats for group in self.groups)

    def instance_id(self, seat: Seat, attempt: int) -> str:
        """Return the id of the instance that sits in a seat at an attempt (from 0): each attempt has its own."""
        text = f"{self.id} {seat.group} {seat.index} {attempt}"
        return f"i-{hashlib.sha256(text.encode()).hexdigest()[:17]}"
