"""What happened to a live cluster: its nodes' statuses and messages, its events, and whether its logs can be read."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from typing import Final

from hpctl.catalog.failures import Severity
from hpctl.checks.declare import check, fail, note, warn
from hpctl.checks.live_words import Words, cluster_of, listed, words_of
from hpctl.facts.incidents import UNHEALTHY
from hpctl.facts.live_targets import LiveCluster
from hpctl.facts.records import Cluster, Event, Node
from hpctl.facts.world import World
from hpctl.report.check import Finding
from hpctl.terms import ClusterStatus

_SLOW: Final = timedelta(hours=1)
"""After so long a node that is to come does not only take its time any more."""

_RECENT: Final = timedelta(days=1)
"""Errors that are older are told by `hpctl cluster events` alone."""

_OFTEN: Final = 3
"""As many faults of one kind in one instance group within a week are no accident (AWS documentation: compare the
accelerators' ids then, and open a case)."""

_NO_ACCIDENT: Final = (Severity.BLOCKS, Severity.NOISE)
"""What strikes every node until its cause is mended, or means nothing."""

_ASKED: Final = 10
"""Nodes without a message in the list that are asked for one by one."""

_EVENTS: Final = ("sagemaker:DescribeClusterEvent", "sagemaker:ListClusterEvents")
_VARYING: Final = re.compile(r"\b(?:i-[0-9a-f]+|[0-9a-f]{8,}|\d+(?:\.\d+)*)\b")


@check(
    "live-nodes-running",
    "every node runs",
    reads=("sagemaker:DescribeCluster", "sagemaker:DescribeClusterNode", "sagemaker:ListClusterNodes"),
    blocking=False,
)
def nodes_running(live: LiveCluster, world: World) -> Iterator[Finding]:
    """The status of a node counts; its message is the last thing that HyperPod said of it, and may be an old one.

    So of a node that runs the message is only noted, of one that failed it is explained. HyperPod replaces failed nodes
    where node recovery is on; until then the node is not there for jobs.
    """
    cluster, nodes = cluster_of(live, world), world.nodes(live.name)
    broken = [node for node in nodes if node.status in UNHEALTHY]
    yield from _broken(_in_full(live, broken, world), cluster)
    late = [node for node in nodes if node.status == "Pending" and _is_late(node, world)]
    if late:
        remedy = f"hpctl cluster events {live.name}\nhpctl explain {live.name}"
        yield warn(
            _who(late), "is `Pending` for more than an hour", *listed([_line(node) for node in late]), remedy=remedy
        )
    for node in nodes:
        if node.status == "Running" and node.message:
            yield note(f"node/{node.node_id}", "runs; what was said of it is history", f"said: {node.message}")


@check(
    "live-events-errors",
    "no event tells of an error that still matters",
    reads=("sagemaker:DescribeCluster", *_EVENTS),
    blocking=False,
)
def events_errors(live: LiveCluster, world: World) -> Iterator[Finding]:
    """Errors of the last day, each kind once, with its cause. Of a cluster that has all its nodes they are history.

    One fault shows as two events within a second, which count as one; what a cluster that grows always says is left
    out. Only clusters with continuous provisioning publish events; of others there is nothing to judge.
    """
    cluster = cluster_of(live, world)
    if not cluster.continuous:
        return
    complain = note if _has_all(cluster) else warn
    for same in _by_kind(_recent(world.errors(live.name), world), cluster):
        told, newest = same[-1][0], same[-1][1]
        evidence = (
            f"events: {len(same)}, the last at {newest.time:%Y-%m-%dT%H:%M:%SZ}: {newest.event_id}",
            *told.evidence,
        )
        subject = f"instance group/{newest.instance_group}" if newest.instance_group else f"cluster/{live.name}"
        if complain is note:
            yield note(subject, "had an error, and has all its nodes now", *evidence)
        else:
            yield warn(subject, "had an error", *evidence, remedy=told.remedy)


@check(
    "live-fault-recurrence",
    "no fault of nodes comes again and again",
    reads=("sagemaker:DescribeCluster", *_EVENTS),
    blocking=False,
)
def fault_recurrence(live: LiveCluster, world: World) -> Iterator[Finding]:
    """The same fault three times within a week in one instance group is no accident, though each was recovered from.

    The host may be bad behind every replacement, or the job may do it: compare the accelerators' ids, and the job that
    ran. What keeps every node from coming up, such as a lifecycle script that fails, is tried again and again and does
    not count: `live-events-errors` names it.
    """
    cluster = cluster_of(live, world)
    if not cluster.continuous:
        return
    faults: defaultdict[tuple[str | None, str], list[Event]] = defaultdict(list)
    for event in world.errors(live.name):
        told = words_of(_text(event), cluster, event.instance_group)
        if event.node_id and not (told.known and told.known.severity in _NO_ACCIDENT):
            faults[event.instance_group, told.known.id if told.known else _VARYING.sub("…", told.text)].append(event)
    for (group, kind), same in faults.items():
        if len(same) >= _OFTEN:
            lines = listed([f"{event.time:%Y-%m-%dT%H:%M:%SZ}: {event.node_id}" for event in reversed(same)])
            yield warn(
                f"instance group/{group}",
                f"the same fault {len(same)} times within a week: {' '.join(kind.split())[:120]}",
                *lines,
                remedy=f"hpctl cluster events {live.name} --since 7d\n"
                "open a case with AWS that names these nodes and times, where the hosts differ and the job does not",
            )


@check(
    "live-log-access",
    "the logs of the lifecycle scripts can be read",
    reads=("sagemaker:DescribeCluster", "logs:DescribeLogStreams"),
    blocking=False,
)
def log_access(live: LiveCluster, world: World) -> Iterator[Finding]:
    """HyperPod writes what lifecycle scripts say to a log group that the cluster's id names, a stream a node.

    Without it a script that fails leaves no trace but that it failed. The nodes write with their execution role.
    """
    cluster = cluster_of(live, world)
    if not any(group.current_count for group in cluster.instance_groups):
        return
    name = log_group(cluster)
    if world.log_streams(name, "LifecycleConfig/") is None:
        region = cluster.region
        yield warn(
            f"cluster/{cluster.name}",
            "there are no logs of lifecycle scripts",
            f"log group: {name}",
            remedy="allow the execution role logs:CreateLogGroup, logs:CreateLogStream, logs:PutLogEvents and "
            f"logs:DescribeLogStreams\naws logs describe-log-groups --region {region} --log-group-name-prefix {name}",
        )


def log_group(cluster: Cluster) -> str:
    """Return the log group of a cluster (AWS documentation, SageMaker HyperPod lifecycle scripts)."""
    return f"/aws/sagemaker/Clusters/{cluster.name}/{cluster.cluster_id}"


def _has_all(cluster: Cluster) -> bool:
    return cluster.status == ClusterStatus.IN_SERVICE and all(group.settled for group in cluster.instance_groups)


def _recent(events: Iterable[Event], world: World) -> list[Event]:
    return [event for event in events if world.now() - event.time <= _RECENT]


def _by_kind(events: Iterable[Event], cluster: Cluster) -> list[list[tuple[Words, Event]]]:
    """Return errors by what they tell of; those that only say that something failed only where nothing says more."""
    kinds: defaultdict[tuple[str | None, str], list[tuple[Words, Event]]] = defaultdict(list)
    for event in events:
        told = words_of(_text(event), cluster, event.instance_group)
        if not told.is_noise:
            kinds[event.instance_group, told.alike].append((told, event))
    telling = [same for same in kinds.values() if same[-1][0].known or same[-1][1].failure_message]
    return telling or list(kinds.values())


def _text(event: Event) -> str:
    return event.failure_message or event.description


def _in_full(live: LiveCluster, nodes: list[Node], world: World) -> list[Node]:
    """Return nodes with their messages, which a list may leave out."""
    silent = [node for node in nodes if node.message is None][:_ASKED]
    with ThreadPoolExecutor(max(1, len(silent)), thread_name_prefix="nodes") as pool:
        asked = pool.map(partial(world.node, live.name), [node.node_id for node in silent])
        full = {node.node_id: node for node in asked if node}
    return [full.get(node.node_id, node) for node in nodes]


def _broken(nodes: list[Node], cluster: Cluster) -> Iterator[Finding]:
    kinds: defaultdict[tuple[str, str], list[tuple[Words, Node]]] = defaultdict(list)
    for node in nodes:
        told = words_of(node.message or f"the node is in status {node.status}", cluster, node.instance_group)
        kinds[node.instance_group, told.alike].append((told, node))
    for same in kinds.values():
        told, broken = same[0][0], [node for _told, node in same]
        lines = listed([_line(node) for node in broken])
        remedy = f"{told.remedy}\nhpctl doctor {cluster.name} --node {broken[0].node_id}"
        yield fail(_who(broken), f"has failed (`{broken[0].status}`)", *lines, *told.evidence, remedy=remedy)


def _is_late(node: Node, world: World) -> bool:
    return node.launched_at is not None and world.now() - node.launched_at > _SLOW


def _who(nodes: list[Node]) -> str:
    if len(nodes) == 1:
        return f"node/{nodes[0].node_id}"
    groups = ", ".join(dict.fromkeys(node.instance_group for node in nodes))
    return f"each of {len(nodes)} nodes of {groups}"


def _line(node: Node) -> str:
    since = f", since {node.launched_at:%Y-%m-%dT%H:%M:%SZ}" if node.launched_at else ""
    return f"{node.node_id}: {node.status}{since}"
