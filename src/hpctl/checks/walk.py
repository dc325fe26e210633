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


def networks(spec: ClusterSpec) -> Iterator[tuple[Path, Network]]:
    """Yield the cluster's network, then every group's own."""
    if spec.network:
        yield ("network",), spec.network
    for path, group in all_groups(spec):
        if group.override_network:
            yield (*path, "override_network"), group.override_network
