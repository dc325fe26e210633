"""The spec of a live cluster."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hpctl.errors import NotFoundError, SpecError
from hpctl.facts.world import World
from hpctl.plan.diff import own_left_out
from hpctl.plan.tags import is_protected, pairs, protection_of
from hpctl.spec.cluster import ClusterSpec
from hpctl.spec.create_cluster import from_create_cluster, to_create_cluster


def export(name: str, world: World) -> ClusterSpec:
    """Return the spec that asks for the cluster as it lives; planning it finds nothing to do.

    Raises `NotFoundError` when there is no such cluster, `SpecError` when it has what this hpctl does not know.
    """
    live = world.live(name)
    if live is None:
        raise NotFoundError(f"there is no cluster `{name}`", hint="the clusters that there are: hpctl cluster list")
    tags = world.cluster_tags(live.cluster.arn)
    request = {**live.request, "Tags": pairs(own_left_out(tags))}
    try:
        spec = from_create_cluster(request)
    except SpecError as error:
        message = f"cluster `{name}` has what this hpctl does not know of"
        raise SpecError(message, error.problems, hint="a newer hpctl may") from error
    identity = world.identity()
    guards = {"region": identity.region, "account": identity.account, "protection": is_protected(tags)}
    return spec.model_copy(update=guards)


def as_request(spec: ClusterSpec) -> Mapping[str, Any]:
    """Return the CreateCluster request that an exported spec amounts to; its protection is a tag."""
    request = to_create_cluster(spec, account=spec.account, region=spec.region)
    tags = dict(spec.tags) | protection_of(spec)
    return {**request, **({"Tags": pairs(tags)} if tags else {})}
