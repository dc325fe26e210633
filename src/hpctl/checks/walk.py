"""Go through a spec's groups with the path of each: names may repeat, paths do not."""

from __future__ import annotations

from collections.abc import Iterator

from hpctl.checks.declare import Path
from hpctl.spec.cluster import ClusterSpec
from hpctl.spec.groups import Group, InstanceGroup


def instance_groups(spec: ClusterSpec) -> Iterator[tuple[Path, InstanceGroup]]:
    """Yield the ordinary instance groups."""
    for index, group in enumerate(spec.instance_groups):
        yield ("instance_groups", index), group


def all_groups(spec: ClusterSpec) -> Iterator[tuple[Path, Group]]:
    """Yield the ordinary groups, then the restricted ones."""
    yield from instance_groups(spec)
    for index, group in enumerate(spec.restricted_instance_groups):
        yield ("restricted_instance_groups", index), group
