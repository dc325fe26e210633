"""Say what is wrong with a live cluster, why, and what to do: from statuses, messages and known failures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from hpctl.catalog.failures import Scope, Severity, fill
from hpctl.catalog.matching import match
from hpctl.facts.incidents import UNHEALTHY, remedy_values
from hpctl.facts.records import Cluster, Event, Node
from hpctl.report.cluster import Diagnosis
from hpctl.terms import ClusterStatus


def diagnose(cluster: Cluster, nodes: Iterable[Node], events: Iterable[Event]) -> tuple[Diagnosis, ...]:
    """Return what is wrong with `cluster`, the most telling first and nothing twice."""
    found: dict[object, Diagnosis] = {}
    for one in (*_cluster(cluster), *_nodes(cluster, nodes), *_events(cluster, events), *_late(cluster)):
        found.setdefault(one.failure or (one.subject, one.message), one)
    return tuple(found.values())


def diagnose_event(event: Event, cluster: Cluster) -> Diagnosis | None:
    """Return what an error event means, or None when it is no error."""
    if event.level != "Error":
        return None
    subject = f"instance group/{event.instance_group}" if event.instance_group else f"cluster/{cluster.name}"
    return explain(subject, event.failure_message or event.description, remedy_values(cluster, event.instance_group))


def is_noise(event: Event) -> bool:
    """Whether an event is known to mean nothing while nodes come and go."""
    known = match(event.description, Scope.CLUSTER)
    return known is not None and known.severity is Severity.NOISE


def diagnose_node(node: Node, cluster: Cluster) -> Diagnosis | None:
    """Return what is wrong with a node, or None when nothing is; messages of healthy nodes may be old."""
    if node.status not in UNHEALTHY:
        return None
    text = node.message or f"the node is in status {node.status}"
    return explain(f"node/{node.node_id}", text, remedy_values(cluster, node.instance_group))


def diagnose_deletion(cluster: Cluster, nodes: Iterable[Node]) -> tuple[Diagnosis, ...]:
    """Return what keeps nodes from ending, each reason once: messages count whatever status a node is in then."""
    found: dict[str, Diagnosis] = {}
    for node in nodes:
        told = explain(f"node/{node.node_id}", node.message or "", remedy_values(cluster, node.instance_group))
        if told.failure:
            found.setdefault(told.failure, told)
    return tuple(found.values())


def diagnose_failure(cluster: Cluster, seen: Iterable[Diagnosis]) -> Diagnosis | None:
    """Return why `cluster` will never be in service, or None while it still may."""
    hopeless = next((one for one in seen if one.final), None)
    if cluster.status == ClusterStatus.FAILED:
        text = cluster.failure_message or "AWS gives no reason"
        told = explain(f"cluster/{cluster.name}", text, remedy_values(cluster, None))
        return told if told.failure else hopeless or told
    return hopeless


def explain(subject: str, text: str, values: Mapping[str, str | None]) -> Diagnosis:
    """Return AWS's words with the known failure behind them, if any; `values` fill the remedy's placeholders."""
    known = match(text, Scope.CLUSTER)
    if known is None:
        return Diagnosis(subject=subject, message=text)
    return Diagnosis(
        subject=subject,
        message=text,
        cause=known.cause,
        remedy=fill(known.remedy, values),
        failure=known.id,
        final=known.final,
    )


def _cluster(cluster: Cluster) -> Iterator[Diagnosis]:
    if cluster.failure_message:
        yield explain(f"cluster/{cluster.name}", cluster.failure_message, remedy_values(cluster, None))
    elif cluster.status == ClusterStatus.FAILED:
        yield Diagnosis(subject=f"cluster/{cluster.name}", message="the cluster failed and AWS gives no reason")


def _nodes(cluster: Cluster, nodes: Iterable[Node]) -> Iterator[Diagnosis]:
    for node in nodes:
        if found := diagnose_node(node, cluster):
            yield found


def _events(cluster: Cluster, events: Iterable[Event]) -> Iterator[Diagnosis]:
    for event in events:
        if found := diagnose_event(event, cluster):
            yield found


def _late(cluster: Cluster) -> Iterator[Diagnosis]:
    if cluster.status in (ClusterStatus.DELETING, ClusterStatus.FAILED):
        return
    for group in cluster.instance_groups:
        if not group.settled:
            yield Diagnosis(
                subject=f"instance group/{group.name}",
                message=f"{group.current_count} of {group.target_count} nodes are there",
                remedy=f"hpctl node list --cluster {cluster.name}",
            )
