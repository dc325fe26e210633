"""Say why a live cluster, or one node of it, is not as wanted: from its message, nodes, events and scripts' logs.

Rules: what blocks comes before what degrades, words that tell a reason before those that only say that something
failed, and among equals the earliest counts. What could not be read is said and is no "all is well".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final, TypeVar

from hpctl.catalog.failures import KnownFailure, Scope, Severity, failure
from hpctl.catalog.matching import in_order, match, sightings, weight
from hpctl.errors import (
    AccessError,
    ChecksUnknownError,
    ClusterFailedError,
    NotFoundError,
    RefusedError,
    UnavailableError,
)
from hpctl.facts.incidents import ERROR, UNHEALTHY, collapse, remedy_values
from hpctl.facts.ports import Ports
from hpctl.facts.records import Cluster, Event, Node
from hpctl.report.explanation import Evidence, Explanation, ExplanationReport
from hpctl.services.events import in_full
from hpctl.services.explain import facts, near
from hpctl.terms import ClusterStatus

T = TypeVar("T")

_SLOW: Final = timedelta(hours=1)
_STREAMS: Final = 5
"""Logs of nodes that are read, and nodes that are asked for their message."""

_SHOWN: Final = 3
"""Places that are named for one failure."""

_SCRIPTS: Final = frozenset({"lifecycle-failed", "lifecycle-timeout"})
_WORD: Final = 500


@dataclass(frozen=True)
class _Found:
    """Something that was said somewhere: `row` is None when nobody knows the words."""

    row: KnownFailure | None
    evidence: Evidence
    group: str | None = None


@dataclass
class _Look:
    """One look at a cluster: what was found, and what could not be read."""

    cluster: Cluster
    ports: Ports
    node_id: str | None
    found: list[_Found] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)

    def at(self, what: str, read: Callable[[], T], otherwise: T) -> T:
        """Return what `read` does; where that cannot be, note it."""
        try:
            return read()
        except (AccessError, RefusedError, UnavailableError) as error:
            self.unread.append(f"{what}: {error.message}")
            return otherwise

    def hear(self, text: str, evidence: Evidence, group: str | None = None) -> None:
        """Note what a message tells."""
        self.found.append(_Found(match(text, Scope.CLUSTER), evidence, group))

    def see(self, failure_id: str, evidence: Evidence, group: str | None = None) -> None:
        """Note a failure that no words tell of."""
        self.found.append(_Found(failure(failure_id), evidence, group))


def explain_cluster(name: str, ports: Ports, *, node_id: str | None = None) -> ExplanationReport:
    """Return why a cluster, or one of its nodes, is not well; `NotFoundError` when there is none of that name."""
    cluster = ports.clusters.describe(name)
    look = _Look(cluster, ports, node_id)
    nodes: tuple[Node, ...] = look.at("the nodes", lambda: _nodes(look), ())
    _hear_cluster(look)
    _hear_nodes(look, nodes)
    _hear_events(look)
    well = _is_well(cluster, nodes, node_id)
    if not well:
        _hear_scripts(look, nodes)
        _see_states(look)
    return _report(look, well=well)


def demand_well(report: ExplanationReport) -> None:
    """Raise `ClusterFailedError` for what blocks or nobody knows, `ChecksUnknownError` for what could not be read."""
    bad = [one for one in report.explanations if one.known is None or one.known.severity == Severity.BLOCKS]
    if bad:
        ids = ", ".join(f"`{one.known.failure}`" if one.known else "a failure that is not known" for one in bad)
        raise ClusterFailedError(f"{report.subject} is not well: {ids}")
    if report.unread:
        raise ChecksUnknownError(
            f"{report.subject} may be well, but not everything could be read",
            hint="get the permissions that are named above, then look again",
        )


def _nodes(look: _Look) -> tuple[Node, ...]:
    clusters, arn = look.ports.clusters, look.cluster.arn
    if look.node_id:
        return (clusters.node(arn, look.node_id),)
    return tuple(clusters.nodes(arn))


def _is_well(cluster: Cluster, nodes: Iterable[Node], node_id: str | None) -> bool:
    broken = any(node.status in UNHEALTHY for node in nodes)
    if node_id:
        return not broken
    settled = all(group.settled for group in cluster.instance_groups)
    return cluster.status == ClusterStatus.IN_SERVICE and settled and not broken


def _hear_cluster(look: _Look) -> None:
    message = look.cluster.failure_message
    if message and look.node_id is None:
        look.hear(message, Evidence(place=f"cluster {look.cluster.name}", text=message[:_WORD]))


def _hear_nodes(look: _Look, nodes: Iterable[Node]) -> None:
    for node in [node for node in nodes if node.status in UNHEALTHY or look.node_id][:_STREAMS]:
        full = look.at(f"node {node.node_id}", lambda node=node: _in_full(look, node), node)  # type: ignore[misc]
        if full.message:
            evidence = Evidence(place=f"node {full.node_id}, status {full.status}", text=full.message[:_WORD])
            look.hear(full.message, evidence, full.instance_group)


def _in_full(look: _Look, node: Node) -> Node:
    if node.message is not None:
        return node
    try:
        return look.ports.clusters.node(look.cluster.arn, node.node_id)
    except NotFoundError:  # a failed node may vanish between two attempts
        return node


def _hear_events(look: _Look) -> None:
    if not look.cluster.continuous:  # others publish none
        return
    events: tuple[Event, ...] = look.at("the events", lambda: _errors(look), ())
    for event in events:
        text = event.failure_message or event.description
        if not event.failure_message and look.found and match(text, Scope.CLUSTER) is None:
            continue  # that something failed is known already
        where = event.node_id or event.instance_group
        place = f"event {event.event_id}" + (f" of {where}" if where else "")
        look.hear(text, Evidence(place=place, text=text[:_WORD], time=event.time), event.instance_group)


def _errors(look: _Look) -> tuple[Event, ...]:
    clusters, arn = look.ports.clusters, look.cluster.arn
    newest_first = tuple(clusters.events(arn, node_id=look.node_id))
    errors = (event for event in collapse(reversed(newest_first)) if event.level == ERROR)
    return tuple(in_full(arn, errors, clusters))


def _hear_scripts(look: _Look, nodes: Iterable[Node]) -> None:
    """Read the logs of the lifecycle scripts; where scripts failed and there are none, that is telling, too."""
    cluster = look.cluster
    group = f"/aws/sagemaker/Clusters/{cluster.name}/{cluster.cluster_id}"
    prefix = "LifecycleConfig/" + next((f"{n.instance_group}/{n.node_id}" for n in nodes if look.node_id), "")
    streams = look.at("the logs of the lifecycle scripts", lambda: _streams(look, group, prefix), None)
    if streams is None:
        return
    heard = [_hear_log(look, group, stream) for stream in streams[-_STREAMS:]]
    if not any(heard) and any(one.row and one.row.id in _SCRIPTS for one in look.found):
        text = "the streams are empty" if streams else "there is no stream"
        look.see("lifecycle-silent", Evidence(place=f"log group {group}", text=text))


def _streams(look: _Look, group: str, prefix: str) -> tuple[str, ...] | None:
    try:
        return look.ports.logs.streams(group, prefix)
    except NotFoundError:
        return ()


def _hear_log(look: _Look, group: str, stream: str) -> bool:
    """Note what a log tells, and return whether it says anything at all."""
    lines: tuple[str, ...] = look.at(f"log stream {stream}", lambda: look.ports.logs.last_lines(group, stream), ("",))
    for one in in_order(sightings("\n".join(line.replace("\n", " ") for line in lines), Scope.CLUSTER))[:1]:
        place = f"log {stream}, line {one.line} of its last {len(lines)}"
        look.found.append(_Found(one.failure, Evidence(place=place, text=one.text), stream.split("/")[1]))
    return bool(lines)


def _see_states(look: _Look) -> None:
    """Note what the state of the cluster tells where no words do."""
    cluster, now = look.cluster, look.ports.clock.now()
    if any(one.row is None or one.row.severity is not Severity.NOISE for one in look.found) or look.node_id:
        return
    for group in cluster.instance_groups:
        if cluster.status == ClusterStatus.IN_SERVICE and not group.settled:
            text = f"{group.current_count} of {group.target_count} nodes are there"
            look.see("in-service-without-nodes", Evidence(place=f"instance group {group.name}", text=text), group.name)
    if cluster.status == ClusterStatus.CREATING and now - cluster.created_at > _SLOW:
        place = f"cluster {cluster.name}"
        look.see("creation-slow", Evidence(place=place, text="status Creating", time=cluster.created_at))


def _report(look: _Look, *, well: bool) -> ExplanationReport:
    telling = [one for one in look.found if one.row is None or one.row.severity is not Severity.NOISE]
    explanations = tuple(_merged(telling, look.cluster))
    unknown = next((one.evidence.text for one in telling if one.row is None), None)
    subject = f"node {look.node_id}" if look.node_id else f"cluster {look.cluster.name}"
    return ExplanationReport(
        subject=subject,
        explanations=() if well else explanations,
        past=explanations if well else (),
        nearest=near(unknown) if unknown and not well else (),
        unread=tuple(look.unread),
    )


def _merged(found: Iterable[_Found], cluster: Cluster) -> Iterator[Explanation]:
    """Yield each failure once with the places that tell of it, the cause of the others first."""
    by_failure: dict[str, list[_Found]] = {}
    for one in found:
        by_failure.setdefault(one.row.id if one.row else one.evidence.text, []).append(one)
    for same in sorted(by_failure.values(), key=_order):
        first = same[0]
        known = facts(first.row, remedy_values(cluster, first.group)) if first.row else None
        yield Explanation(known=known, evidence=tuple(one.evidence for one in same[:_SHOWN]))


def _order(same: list[_Found]) -> tuple[int, float]:
    first = same[0]
    timed = [one.evidence.time.timestamp() for one in same if one.evidence.time]
    return (weight(first.row) if first.row else 1), min(timed, default=0.0)
