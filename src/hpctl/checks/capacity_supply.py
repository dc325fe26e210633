"""Where scarce capacity is to come from: what on-demand capacity may not give, and what HyperPod cannot use."""

from __future__ import annotations

import re
from collections.abc import Iterator

from hpctl.catalog.instance_types import instance_type
from hpctl.checks.declare import Path, check, note, warn
from hpctl.checks.walk import all_groups, instance_groups, texts
from hpctl.facts.world import World
from hpctl.report.check import Finding
from hpctl.spec.cluster import ClusterSpec
from hpctl.spec.group_parts import Capacity
from hpctl.spec.groups import Group, InstanceGroup

LARGE = 4
"""Nodes of a scarce type from which on, in hpctl's own judgement, on-demand capacity is a risk worth a word."""

_SCARCE = re.compile(r"ml\.(?:p[4-9]|trn)")
_RESERVATION = re.compile(r"\bcr-[0-9a-f]{8,17}\b")
"""Ids of EC2's capacity reservations, Capacity Blocks included."""


@check(
    "capacity-on-demand-risk",
    "large groups of scarce types have a source of capacity",
    about=("instance_groups", "restricted_instance_groups", "node_provisioning"),
    blocking=False,
)
def on_demand_risk(spec: ClusterSpec, _world: World) -> Iterator[Finding]:
    """P4, P5, P6 and Trainium instances are often sold out, and what EC2 offers in a zone may still not be there.

    All at once or nothing is the rule without continuous provisioning: one node that is not to be had rolls the
    whole cluster back. With it nodes come as capacity does, which is only noted. A training plan reserves them.
    """
    for path, group in _scarce_groups(spec):
        subject, message = (
            f"instance group/{group.name}",
            f"{group.count} nodes of a scarce type come from on-demand capacity",
        )
        if spec.node_provisioning:
            yield note(subject, message, "seen: no training_plan_arn", at=(*path, "count"))
        else:
            remedy = "node_provisioning: Continuous"
            evidence = "seen: no training_plan_arn, no continuous provisioning"
            yield warn(subject, f"{message}, all or none", evidence, remedy=remedy, at=(*path, "count"))


@check(
    "capacity-min-count",
    "large groups of scarce types can begin with a part of their nodes",
    about=("instance_groups",),
    blocking=False,
)
def min_count(spec: ClusterSpec, _world: World) -> Iterator[Finding]:
    """`min_count` says how many nodes are worth having: with fewer after three hours the group is given back.

    Only a note: what is worth having depends on the jobs. Source: AWS documentation of MinInstanceCount.
    """
    for path, group in _scarce_groups(spec):
        if spec.node_provisioning and isinstance(group, InstanceGroup) and group.min_count is None:
            message = f"does not say how many of its {group.count} nodes are worth having"
            yield note(f"instance group/{group.name}", message, "add: min_count", at=path)


@check(
    "capacity-ec2-reservation",
    "no capacity reservation of EC2 is counted on",
    about=("tags", "instance_groups"),
    blocking=False,
)
def ec2_reservation(spec: ClusterSpec, _world: World) -> Iterator[Finding]:
    """HyperPod's instances are in an account of AWS's own: your capacity reservations and Capacity Blocks stay unused.

    A spec has no member for them, but tags and labels with their ids tell of the hope. Reserved capacity comes from
    training plans, or through the account team, which needs no id.
    """
    for path, key, value in texts(spec):
        if found := _RESERVATION.search(f"{key} {value}"):
            yield warn(
                f"{path[-2]}/{key}",
                f"`{found[0]}` is a capacity reservation of EC2, which HyperPod cannot use",
                remedy="aws sagemaker search-training-plan-offerings --target-resources hyperpod-cluster "
                f"--duration-hours 24 --instance-type {_first_type(spec)} --instance-count 1",
                at=path,
            )


def _scarce_groups(spec: ClusterSpec) -> Iterator[tuple[Path, Group]]:
    for path, group in all_groups(spec):
        spot = isinstance(group, InstanceGroup) and group.capacity is Capacity.SPOT
        reserved = group.training_plan_arn is not None
        if group.count >= LARGE and not spot and not reserved and all(map(_SCARCE.match, group.types)):
            yield path, group


def _first_type(spec: ClusterSpec) -> str:
    names = [name for _path, group in instance_groups(spec) for name in group.types]
    accelerated = [name for name in names if instance_type(name).accelerator_count]
    return (accelerated or names or ["ml.p5.48xlarge"])[0]
