"""What is, about clusters and their nodes."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from hpctl.facts.records import Cluster, ClusterSummary, Event, Node
from hpctl.report.base import Part, Report


class Diagnosis(Part):
    """Something wrong with a live cluster or node: what it is, what causes it, what to do next.

    `failure` is the id of the known failure, `final` says that waiting will not cure it.
    """

    subject: str
    message: str
    cause: str | None = None
    remedy: str | None = None
    failure: str | None = None
    final: bool = False


class ClusterListReport(Report):
    """The clusters of a Region, newest first."""

    kind: Literal["ClusterList"] = "ClusterList"
    region: str
    clusters: tuple[ClusterSummary, ...]

    def names(self) -> tuple[str, ...]:
        """Return the cluster names."""
        return tuple(cluster.name for cluster in self.clusters)


class ClusterReport(Report):
    """One cluster: what it is, what is wrong with it, what to type next."""

    kind: Literal["Cluster"] = "Cluster"
    region: str
    cluster: Cluster
    nodes_by_status: dict[str, int]
    diagnoses: tuple[Diagnosis, ...] = ()
    next_steps: tuple[str, ...] = ()

    def names(self) -> tuple[str, ...]:
        """Return the cluster's name."""
        return (self.cluster.name,)


class EventListReport(Report):
    """Events of a cluster, oldest first, and what the known ones among the errors mean.

    `since`, `instance_group` and `node_id` are what was asked for; `note` says why the events are derived ones.
    """

    kind: Literal["EventList"] = "EventList"
    cluster: str
    since: datetime | None = None
    instance_group: str | None = None
    node_id: str | None = None
    note: str | None = None
    events: tuple[Event, ...]
    diagnoses: tuple[Diagnosis, ...] = ()

    def names(self) -> tuple[str, ...]:
        """Return the event ids."""
        return tuple(event.event_id for event in self.events)


class NodeListReport(Report):
    """The nodes of a cluster."""

    kind: Literal["NodeList"] = "NodeList"
    cluster: str
    nodes: tuple[Node, ...]

    def names(self) -> tuple[str, ...]:
        """Return the node ids."""
        return tuple(node.node_id for node in self.nodes)


class NodeReport(Report):
    """One node, and what is wrong with it."""

    kind: Literal["Node"] = "Node"
    cluster: str
    node: Node
    diagnoses: tuple[Diagnosis, ...] = ()

    def names(self) -> tuple[str, ...]:
        """Return the node's id."""
        return (self.node.node_id,)


class OutcomeReport(Report):
    """How a create, update or delete ended (or, without waiting, that it began).

    `left_behind` is what a deleted cluster left in the account; `next_steps` name the commands that clear it away.
    """

    kind: Literal["Outcome"] = "Outcome"
    cluster: str
    verb: Literal["create", "update", "update-software", "delete", "reboot", "replace"]
    result: Literal["done", "started", "unchanged"]
    arn: str | None = None
    elapsed_s: float | None = None
    left_behind: tuple[str, ...] = ()
    next_steps: tuple[str, ...] = ()

    def names(self) -> tuple[str, ...]:
        """Return the cluster's name."""
        return (self.cluster,)
