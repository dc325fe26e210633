"""What must outlive a cluster that is being deleted, looked at before anybody is asked.

HyperPod removes the nodes' network interfaces with the cluster's own execution roles: without them the cluster stays
in `Deleting` until they are back.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from hpctl.errors import ConflictError, HpctlError
from hpctl.facts.records import Cluster
from hpctl.facts.world import World
from hpctl.plan.tags import PROTECTION_TAG, is_protected
from hpctl.terms import ClusterStatus

NEEDED: Final = ("ec2:DeleteNetworkInterface", "ec2:DeleteNetworkInterfacePermission")
"""What an execution role must be allowed until its last node is gone."""

STACK_TAG: Final = "aws:cloudformation:stack-name"
"""The tag that CloudFormation sets on what its stacks own (AWS CloudFormation user guide, resource tags)."""

_BUSY: Final = (ClusterStatus.CREATING, ClusterStatus.UPDATING, ClusterStatus.SYSTEM_UPDATING)
_WAIT: Final = "wait for it first, with `hpctl doctor {name} --wait --fail-on warn`"

_STUCK: Final = "the cluster would stay in `Deleting`"


def demand_unprotected(cluster: Cluster, world: World) -> None:
    """Raise `ConflictError` when the cluster's tags protect it; what cannot be read is no permission to delete."""
    if is_protected(world.cluster_tags(cluster.arn)):
        raise ConflictError(
            f"cluster `{cluster.name}` is protected by its tag `{PROTECTION_TAG}`; nothing was deleted",
            hint="to lift it, set `protection: false` in its spec: hpctl cluster update -f FILE\n"
            f"or take the tag away: aws sagemaker delete-tags --resource-arn {cluster.arn} --tag-keys {PROTECTION_TAG}",
        )


def unsettled(cluster: Cluster, world: World) -> Iterator[str]:
    """Yield why it may be the wrong moment, or the wrong place, to change the cluster."""
    if cluster.status in _BUSY:
        yield f"the cluster is `{cluster.status}`, and AWS refuses changes meanwhile: {_WAIT.format(name=cluster.name)}"
    try:
        stack = world.cluster_tags(cluster.arn).get(STACK_TAG)
    except HpctlError as error:
        yield f"whether a CloudFormation stack owns the cluster cannot be seen: {error.message}"
        return
    if stack:
        yield f"CloudFormation stack `{stack}` owns the cluster and will not know of this: change its template instead"


def warnings(cluster: Cluster, world: World) -> Iterator[str]:
    """Yield what would keep the deletion from ending, each with its remedy, and why it may not be for hpctl to do."""
    subnets = subnets_of(cluster)
    if subnets:  # in the service's own network nobody's role is needed to clear it
        for arn in dict.fromkeys(group.execution_role for group in cluster.instance_groups if group.execution_role):
            yield from _about_role(arn, world)
        yield from _about_network(subnets, cluster, world)
    yield from unsettled(cluster, world)


def subnets_of(cluster: Cluster) -> tuple[str, ...]:
    """Return every subnet of the cluster and of its instance groups, each once."""
    own = (subnet for group in cluster.instance_groups for subnet in group.subnet_ids)
    return tuple(dict.fromkeys((*cluster.subnet_ids, *own)))


def _about_role(arn: str, world: World) -> Iterator[str]:
    name = arn.rpartition("/")[2]
    try:
        if world.role(arn) is None:
            yield f"execution role `{name}` is gone: {_STUCK}; make it again first, allowed {' and '.join(NEEDED)}"
            return
        verdicts = world.verdicts(arn, NEEDED, ("*",))
    except HpctlError as error:
        yield f"whether execution role `{name}` can remove network interfaces cannot be seen: {error.message}"
        return
    refused = [one.action for one in verdicts if not one.allowed and not one.missing_context]
    if refused:
        yield f"execution role `{name}` is not allowed {' and '.join(refused)}: {_STUCK}; allow it first"


def _about_network(subnets: tuple[str, ...], cluster: Cluster, world: World) -> Iterator[str]:
    try:
        gone = [one for one in subnets if one not in world.subnets(subnets)]
        groups = cluster.security_group_ids
        gone += [one for one in groups if one not in world.security_groups(groups)]
    except HpctlError as error:
        yield f"whether the cluster's network is whole cannot be seen: {error.message}"
        return
    if gone:
        yield f"{', '.join(f'`{one}`' for one in gone)} of the cluster's network is gone: the deletion may hang"
