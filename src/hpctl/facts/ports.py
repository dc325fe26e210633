"""What hpctl asks of the outside world, as Protocols; `adapters/` implements them.

Every method may raise `AccessError`, `UnavailableError` or `RefusedError`; what else it raises is said beside it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from hpctl.facts.records import Cluster, ClusterSummary, EksCluster, Event, Identity, Node, SecurityGroup, Subnet


class Clusters(Protocol):
    """HyperPod's part of the SageMaker API. Names may be ARNs wherever AWS takes both."""

    def create(self, request: Mapping[str, object]) -> str:
        """Send CreateCluster and return the cluster's ARN; `ConflictError` when the name is in use."""
        ...

    def describe(self, name: str) -> Cluster:
        """Return the cluster; `NotFoundError` when there is none."""
        ...

    def summaries(self, *, name_contains: str | None = None) -> Iterator[ClusterSummary]:
        """Yield every cluster of the Region, newest first, page by page."""
        ...

    def delete(self, name: str) -> None:
        """Start deleting; `ConflictError` while the cluster is busy, `NotFoundError` when there is none."""
        ...

    def nodes(self, name: str, *, instance_group: str | None = None) -> Iterator[Node]:
        """Yield the cluster's nodes, page by page; `NotFoundError` when there is no such cluster."""
        ...

    def node(self, name: str, node_id: str) -> Node:
        """Return one node in full, by node id or logical id; `NotFoundError` when there is none."""
        ...

    def events(self, name: str, *, since: datetime | None = None) -> Iterator[Event]:
        """Yield events, newest first; only clusters with continuous provisioning have them (else `RefusedError`)."""
        ...

    def event(self, name: str, event_id: str) -> Event:
        """Return one event with its failure message; `NotFoundError` when it is gone."""
        ...

    def tags(self, arn: str) -> dict[str, str]:
        """Return the tags of a cluster."""
        ...


class Network(Protocol):
    """What EC2 tells of the network. Ids that do not exist are absent from the answer."""

    def subnets(self, subnet_ids: Iterable[str]) -> tuple[Subnet, ...]:
        """Return the subnets that exist among `subnet_ids`."""
        ...

    def security_groups(self, group_ids: Iterable[str]) -> tuple[SecurityGroup, ...]:
        """Return the security groups that exist among `group_ids`."""
        ...


class Eks(Protocol):
    """What EKS tells of its clusters."""

    def describe(self, name: str) -> EksCluster:
        """Return the EKS cluster; `NotFoundError` when there is none of that name in the Region."""
        ...


class Caller(Protocol):
    """Who signs the requests."""

    def identity(self) -> Identity:
        """Return account, principal and Region; `AccessError` without valid credentials."""
        ...


class Clock(Protocol):
    """Time, passed in so that tests own it."""

    def now(self) -> datetime:
        """Return the current time in UTC."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait."""
        ...


@dataclass(frozen=True)
class Ports:
    """One of each: what `cli.wiring` builds and services are given."""

    clusters: Clusters
    network: Network
    eks: Eks
    caller: Caller
    clock: Clock
    region: str
