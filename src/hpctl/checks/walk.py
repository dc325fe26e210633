"""Go through a spec's groups and networks with the path of each: names may repeat, paths do not."""

from __future__ import annotations

from collections.abc import Iterator

from hpctl.checks.declare import Path
from hpctl.spec.cluster import ClusterSpec
from hpctl.spec.groups import Group, InstanceGroup
from hpctl.spec.network import Network


def instance_groups(spec: ClusterSpec) -> Iterator[tuple[Path, InstanceGroup]]:
    """Yield the ordinary instance groups."""
    for index, group in enumerate(spec.instance_groups):
        yield ("instance_groups", index), group


def all_groups(spec: ClusterSpec) -> Iterator[tuple[Path, Group]]:
    """Yield the ordinary groups, then the restricted ones."""
    yield from instance_groups(spec)
    for index, group in enumerate(spec.restricted_instance_groups):
        yield ("restricted_instance_groups", index), group


def texts(spec: ClusterSpec) -> Iterator[tuple[Path, str, str]]:
    """Yield what people write down freely: tags and Kubernetes labels, as place, key and value."""
    for key, value in spec.tags.items():
        yield ("tags", key), key, value
    for path, group in instance_groups(spec):
        for key, value in (group.kubernetes.labels if group.kubernetes else {}).items():
            yield (*path, "kubernetes", "labels", key), key, value


def networks(spec: ClusterSpec) -> Iterator[tuple[Path, Network]]:
    """Yield the cluster's network, then every group's own."""
    if spec.network:
        yield ("network",), spec.network
    for path, group in all_groups(spec):
        if group.override_network:
            yield (*path, "override_network"), group.override_network


def placed_groups(spec: ClusterSpec) -> Iterator[tuple[Path, Group, Network]]:
    """Yield the groups whose network the spec names: their own, else the cluster's."""
    for path, group in all_groups(spec):
        network = spec.effective_network(group)
        if network:
            yield path, group, network


def different_networks(spec: ClusterSpec) -> Iterator[tuple[Path, Network]]:
    """Yield the networks that groups are in, each once, with its first place."""
    seen: set[Network] = set()
    for path, group, network in placed_groups(spec):
        if network not in seen:
            seen.add(network)
            yield network_path(path, group), network


def network_path(path: Path, group: Group) -> Path:
    """Give the place of the network that a group at `path` is in."""
    return ("network",) if group.override_network is None else (*path, "override_network")


def places(spec: ClusterSpec) -> dict[tuple[str, str], Path]:
    """Map every id, as one of `subnet_ids` or of `security_group_ids`, to the first place that names it."""
    found: dict[tuple[str, str], Path] = {}
    for path, network in networks(spec):
        for member, ids in (("subnet_ids", network.subnet_ids), ("security_group_ids", network.security_group_ids)):
            for index, resource_id in enumerate(ids):
                found.setdefault((member, resource_id), (*path, member, index))
    return found
