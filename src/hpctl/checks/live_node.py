"""One node of a live cluster as SageMaker has it: its status and message, its events, its image, its scripts' log."""

from __future__ import annotations

from collections.abc import Iterator

from hpctl.catalog.failures import Scope, fill
from hpctl.catalog.matching import in_order, sightings
from hpctl.checks.declare import check, fail, note, warn
from hpctl.checks.live_happened import log_group
from hpctl.checks.live_words import cluster_of, silent, words_of
from hpctl.errors import NotFoundError
from hpctl.facts.incidents import UNHEALTHY, remedy_values
from hpctl.facts.live_targets import LiveCluster, LiveNode
from hpctl.facts.records import Cluster, Node
from hpctl.facts.world import World
from hpctl.report.check import Finding

_NODE = ("sagemaker:DescribeCluster", "sagemaker:DescribeClusterNode")


@check("live-node-status", "the node runs", reads=_NODE)
def status(live: LiveNode, world: World) -> Iterator[Finding]:
    """The status of a node counts; its message is the last thing that HyperPod said of it, and may be an old one."""
    cluster, node = _seen(live, world)
    told = words_of(node.message or "", cluster, node.instance_group)
    if node.status in UNHEALTHY:
        said = told.evidence if node.message else ("said: nothing",)
        remedy = told.remedy if node.message else f"hpctl explain {cluster.name} --node {node.node_id}"
        yield fail(_subject(node), f"has failed (`{node.status}`)", *_about(node), *said, remedy=remedy)
    elif node.status != "Running":
        said = told.evidence if node.message else ()
        remedy = f"hpctl doctor {cluster.name} --node {live.node_id} --wait"
        yield fail(_subject(node), f"is `{node.status}`", *_about(node), *said, remedy=remedy)
    elif node.message:
        yield note(_subject(node), "runs; what was said of it is history", f"said: {node.message}")


@check(
    "live-node-events",
    "no event tells of an error of the node that still matters",
    reads=(*_NODE, "sagemaker:DescribeClusterEvent", "sagemaker:ListClusterEvents"),
    blocking=False,
)
def events(live: LiveNode, world: World) -> Iterator[Finding]:
    """Errors of the last week that name this instance, with their causes. Of a node that runs they are history.

    Only clusters with continuous provisioning publish events; of others there is nothing to judge.
    """
    cluster, node = _seen(live, world)
    if not cluster.continuous:
        return
    for event in world.errors(live.cluster):
        told = words_of(event.failure_message or event.description, cluster, node.instance_group)
        if event.node_id != node.node_id or told.is_noise:
            continue
        when = f"event: {event.time:%Y-%m-%dT%H:%M:%SZ}: {event.event_id}"
        if node.status == "Running":
            yield note(_subject(node), "had an error, and runs now", when, *told.evidence)
        else:
            yield warn(_subject(node), "had an error", when, *told.evidence, remedy=told.remedy)


@check("live-node-image", "the node has the image of its group", reads=_NODE, blocking=False)
def image(live: LiveNode, world: World) -> Iterator[Finding]:
    """A node that an update of software passed over, or that it failed on, runs another image than its group.

    Jobs that span both meet two versions of drivers and of NCCL.
    """
    cluster, node = _seen(live, world)
    group = next((one for one in cluster.instance_groups if one.name == node.instance_group), None)
    if group is None or not node.image_id or not group.current_image or node.image_id == group.current_image:
        return
    yield warn(
        _subject(node),
        "runs another image than its group",
        f"of the node: {node.image_id}",
        f"of the group: {group.current_image}",
        remedy=f"hpctl cluster update-software {cluster.name} --group {group.name} --dry-run",
    )


@check(
    "live-node-log",
    "the log of the node's lifecycle scripts tells of no failure",
    reads=(*_NODE, "logs:DescribeLogStreams", "logs:GetLogEvents"),
    blocking=False,
)
def log(live: LiveNode, world: World) -> Iterator[Finding]:
    """What lifecycle scripts say is in CloudWatch Logs, a stream a node. A node that runs has passed them.

    Where a script failed and there is no stream, the node came not so far, its role may not write logs, or the script
    writes elsewhere than to /var/log/provision/provisioning.log.
    """
    cluster, node = _seen(live, world)
    group = log_group(cluster)
    streams = world.log_streams(group, f"LifecycleConfig/{node.instance_group}/{node.node_id}")
    if streams:
        yield from _told_by(streams[-1], group, node, cluster, world)
    elif node.status in UNHEALTHY:
        evidence, remedy = silent("lifecycle-silent", cluster, node.instance_group)
        yield warn(_subject(node), "has failed, and left no log", f"log group: {group}", *evidence, remedy=remedy)


def _told_by(stream: str, group: str, node: Node, cluster: Cluster, world: World) -> Iterator[Finding]:
    lines = [line.replace("\n", " ") for line in world.last_lines(group, stream)]
    for one in in_order(sightings("\n".join(lines), Scope.CLUSTER))[:1]:
        known = one.failure
        seen = (f"{stream}, line {one.line} of its last {len(lines)}: {one.text}", f"cause: {known.cause}")
        if node.status == "Running":
            yield note(
                _subject(node), "its scripts' log tells of a failure, and it runs", *seen, f"known as: {known.id}"
            )
        else:
            remedy = fill(known.remedy, remedy_values(cluster, node.instance_group))
            message = "its scripts' log tells of a failure"
            yield warn(_subject(node), message, *seen, f"known as: {known.id}", remedy=remedy)


def _seen(live: LiveNode, world: World) -> tuple[Cluster, Node]:
    cluster = cluster_of(LiveCluster(live.cluster), world)
    node = world.node(live.cluster, live.node_id)
    if node is None:
        raise NotFoundError(f"there is no node `{live.node_id}` any more")
    return cluster, node


def _about(node: Node) -> tuple[str, ...]:
    since = (f"launched: {node.launched_at:%Y-%m-%dT%H:%M:%SZ}",) if node.launched_at else ()
    return (f"{node.instance_type}, instance group {node.instance_group}", *since)


def _subject(node: Node) -> str:
    return f"node/{node.node_id}"
