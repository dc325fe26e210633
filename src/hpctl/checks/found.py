"""What a spec's networks name, found in the account; nothing is judged on half of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from hpctl.checks.walk import placed_groups
from hpctl.errors import NotFoundError
from hpctl.facts.network import SecurityGroup, Subnet
from hpctl.facts.world import World
from hpctl.spec.cluster import ClusterSpec


def named_subnets(spec: ClusterSpec, world: World) -> dict[str, Subnet]:
    """Return every subnet that the spec names; raises `NotFoundError` when one does not exist."""
    subnets = world.subnets(spec.subnet_ids)
    _all_there(spec.subnet_ids, subnets, "subnets")
    return {subnet_id: subnets[subnet_id] for subnet_id in spec.subnet_ids}


def named_security_groups(spec: ClusterSpec, world: World) -> dict[str, SecurityGroup]:
    """Return every security group that the spec names; raises `NotFoundError` when one does not exist."""
    groups = world.security_groups(spec.security_group_ids)
    _all_there(spec.security_group_ids, groups, "security groups")
    return {group_id: groups[group_id] for group_id in spec.security_group_ids}


def subnets_in_use(spec: ClusterSpec, world: World) -> dict[str, Subnet]:
    """Return the subnets that instance groups get: what every group with a network of its own overrides is left out."""
    subnets = named_subnets(spec, world)
    wanted = (subnet_id for _path, _group, network in placed_groups(spec) for subnet_id in network.subnet_ids)
    return {subnet_id: subnets[subnet_id] for subnet_id in dict.fromkeys(wanted)}


def security_groups_in_use(spec: ClusterSpec, world: World) -> dict[str, SecurityGroup]:
    """Return the security groups that instance groups get."""
    groups = named_security_groups(spec, world)
    wanted = (group_id for _path, _group, network in placed_groups(spec) for group_id in network.security_group_ids)
    return {group_id: groups[group_id] for group_id in dict.fromkeys(wanted)}


def _all_there(wanted: Iterable[str], found: Mapping[str, object], what: str) -> None:
    if absent := [f"`{resource_id}`" for resource_id in wanted if resource_id not in found]:
        # Only with `network-ids-exist` left out: what was not seen must not count as good.
        raise NotFoundError(f"{what} do not exist: {', '.join(absent)}")
