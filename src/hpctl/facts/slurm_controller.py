"""Find the node of a Slurm cluster on which Slurm's commands are run: one that is its controller.

Which instance group that is, a cluster says in one of three ways: by the Slurm role of the group, by the file
`provisioning_parameters.json` beside its lifecycle scripts, or, with scripts that know it otherwise, by nothing but the
slurmctld that runs there.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from hpctl.errors import HpctlError, NotFoundError, RefusedError, UnavailableError, UsageError
from hpctl.facts.ports import Clusters, Storage
from hpctl.facts.records import Live, Node
from hpctl.facts.s3_folders import bucket_and_prefix
from hpctl.facts.session_ports import Sessions, Target
from hpctl.terms import Orchestrator, SlurmNodeType

PARAMETERS: Final = "provisioning_parameters.json"
_RUNNING: Final = "Running"
_ASKS: Final = ("pgrep", "-x", "slurmctld")
_AT_A_TIME: Final = 4
"""Groups that are asked at the same time: sessions begin at three a second anyway."""


def controller_of(name: str, clusters: Clusters, storage: Storage, sessions: Sessions) -> Target:
    """Return a controller that runs, of the cluster of that name or ARN.

    Raises `UsageError` for a cluster on EKS, `NotFoundError` when no group has a controller, `UnavailableError` when
    none runs.
    """
    live = clusters.live(name)
    cluster = live.cluster
    if cluster.orchestrator != Orchestrator.SLURM:
        message = f"cluster `{cluster.name}` is orchestrated by EKS, and has no Slurm"
        raise UsageError(message, hint=f"hpctl node list --cluster {cluster.name}")
    nodes = tuple(clusters.nodes(cluster.arn))
    groups = controller_groups(live, storage)
    if groups:
        node = _running(cluster.name, [node for node in nodes if node.instance_group in groups], groups)
        return _target(live, node)
    return _found_by_asking(live, nodes, sessions)


def controller_groups(live: Live, storage: Storage) -> frozenset[str]:
    """Return the names of the groups whose nodes are controllers, as far as the cluster itself says so."""
    with_role = {one.name for one in live.cluster.instance_groups if one.slurm_node_type == SlurmNodeType.CONTROLLER}
    if with_role or any(one.slurm_node_type for one in live.cluster.instance_groups):
        return frozenset(with_role)
    known = {one.name for one in live.cluster.instance_groups}
    return frozenset(name for name in _in_files(live, storage) if name in known)


def _in_files(live: Live, storage: Storage) -> Iterator[str]:
    """Yield what the parameters beside the lifecycle scripts name; each folder is looked into once."""
    for bucket, prefix in dict.fromkeys(_folders(live.request)):
        try:
            content = json.loads(storage.read(bucket, f"{prefix}{PARAMETERS}"))
        except (NotFoundError, RefusedError, ValueError):  # scripts of one's own may know it otherwise
            continue
        name = content.get("controller_group") if isinstance(content, Mapping) else None
        if isinstance(name, str):
            yield name


def _folders(request: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for group in request.get("InstanceGroups", ()):
        folder = bucket_and_prefix(group.get("LifeCycleConfig", {}).get("SourceS3Uri", ""))
        if folder:
            yield folder


def _running(cluster: str, nodes: Iterable[Node], groups: Iterable[str]) -> Node:
    seen = sorted(nodes, key=lambda node: node.node_id)
    for node in seen:
        if node.status == _RUNNING:
            return node
    names = ", ".join(f"`{name}`" for name in sorted(groups))
    states = ", ".join(f"`{node.node_id}` is `{node.status}`" for node in seen) or "it has no node"
    message = f"no Slurm controller of cluster `{cluster}` runs (instance group {names}): {states}"
    raise UnavailableError(message, hint=f"hpctl doctor {cluster}")


def _found_by_asking(live: Live, nodes: Iterable[Node], sessions: Sessions) -> Target:
    """Ask a node of each group whether slurmctld runs there."""
    first = {node.instance_group: node for node in reversed(tuple(nodes)) if node.status == _RUNNING}
    targets = [_target(live, node) for node in first.values()]
    with ThreadPoolExecutor(_AT_A_TIME, thread_name_prefix="controller") as pool:
        answers = list(pool.map(lambda target: _has_slurmctld(target, sessions), targets))
    for target, answer in zip(targets, answers, strict=True):
        if answer is True:
            return target
    for answer in answers:
        if isinstance(answer, HpctlError):
            raise answer
    name = live.cluster.name
    raise NotFoundError(
        f"no node of cluster `{name}` is its Slurm controller",
        cause="no instance group has the role, no `provisioning_parameters.json` names one, and slurmctld runs nowhere",
        hint=f"hpctl doctor {name}",
    )


def _has_slurmctld(target: Target, sessions: Sessions) -> bool | HpctlError:
    try:
        return sessions.run(target, _ASKS, timeout_s=30.0).exit_code == 0
    except HpctlError as error:
        return error


def _target(live: Live, node: Node) -> Target:
    return Target(live.cluster.cluster_id, node.instance_group, node.node_id)
