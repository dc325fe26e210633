"""Capacity: the types are offered where the nodes go, and training plans fit the groups that name them."""

from __future__ import annotations

from collections.abc import Iterator

from hpctl.catalog.instance_types import instance_type
from hpctl.checks.declare import Path, check, fail, note, warn
from hpctl.checks.found import subnets_in_use
from hpctl.checks.walk import all_groups, instance_groups, network_path, placed_groups
from hpctl.errors import NotFoundError, UnavailableError
from hpctl.facts.network import Subnet
from hpctl.facts.records import TrainingPlan
from hpctl.facts.world import World
from hpctl.report.check import Finding
from hpctl.spec.cluster import ClusterSpec
from hpctl.spec.group_parts import Capacity
from hpctl.spec.groups import Group, InstanceGroup
from hpctl.terms import AcceleratorKind, SlurmNodeType

ULTRASERVER_NODES = {"p6e-gb200": (9, 18)}
"""Nodes of the UltraServers that a family's types are parts of (ml.u-p6e-gb200x36, ml.u-p6e-gb200x72).

Source: AWS Machine Learning Blog 2025-08-13, P6e-GB200 UltraServers on SageMaker HyperPod.
"""


@check(
    "capacity-type-offered",
    "every instance type is offered where its nodes go",
    about=("instance_groups", "network"),
    needs=("network-ids-exist",),
    reads=("ec2:DescribeSubnets", "ec2:DescribeInstanceTypeOfferings"),
)
def type_offered(spec: ClusterSpec, world: World) -> Iterator[Finding]:
    """No Region offers every type in every Availability Zone, and a subnet is in one zone for ever.

    A group fails when EC2 offers none of its types in the zone of one of its subnets. Zones are compared
    by id (`usw2-az1`), for their names differ between accounts. What is offered may still be sold out.
    Groups with a training plan are left to `capacity-plan-az`, UltraServers to `capacity-ultraserver`.
    """
    subnets = subnets_in_use(spec, world)
    for path, group, network in placed_groups(spec):
        if group.training_plan_arn or _ultraserver(group):
            continue
        offering = frozenset().union(*(world.zones_offering(name) for name in group.types))
        wrong = [subnets[one] for one in dict.fromkeys(network.subnet_ids) if subnets[one].zone_id not in offering]
        if wrong:
            there = [
                subnet.subnet_id for subnet in world.subnets(spec.subnet_ids).values() if subnet.zone_id in offering
            ]
            yield fail(
                f"instance group/{group.name}",
                f"{_types(group)} is not offered in {', '.join(f'`{zone}`' for zone in _zones(wrong))}",
                *(f"{subnet.subnet_id}: {subnet.zone_id}" for subnet in wrong),
                f"offered in: {', '.join(sorted(offering)) or 'no zone of this Region'}",
                remedy=_elsewhere(group, offering, there),
                at=(*network_path(path, group), "subnet_ids"),
            )


@check(
    "capacity-plan-status",
    "training plans can be used",
    about=("instance_groups",),
    reads=("sagemaker:DescribeTrainingPlan",),
)
def plan_status(spec: ClusterSpec, world: World) -> Iterator[Finding]:
    """A group gets the capacity of a training plan that is Active or Scheduled and was bought for HyperPod clusters.

    A Scheduled plan is good too: its nodes come when it begins.
    """
    for path, group, plan in _plans(spec, world):
        at = (*path, "training_plan_arn")
        subject = f"instance group/{group.name}"
        if plan is None:
            yield fail(
                subject,
                f"there is no training plan `{group.training_plan_arn}`",
                remedy=f"aws sagemaker list-training-plans --region {world.identity().region}",
                at=at,
            )
            continue
        yield from _usable(plan, subject, at)
        if "hyperpod-cluster" not in plan.target_resources:
            yield fail(
                subject,
                f"training plan `{plan.name}` is not for HyperPod clusters",
                f"seen: {', '.join(plan.target_resources) or 'nothing'}",
                "needed: hyperpod-cluster",
                remedy="name a training plan with target resource hyperpod-cluster",
                at=at,
            )


@check(
    "capacity-plan-type",
    "training plans have the type and the nodes",
    about=("instance_groups",),
    needs=("capacity-plan-status", "capacity-plan-group"),
    reads=("sagemaker:DescribeTrainingPlan",),
)
def plan_type(spec: ClusterSpec, world: World) -> Iterator[Finding]:
    """A training plan reserves instances of one type; groups that share it share what is available of them.

    Before a plan begins nothing is available yet, so that the number is only noted.
    """
    asked: dict[str, int] = {}
    for path, group, plan in _seen_plans(spec, world):
        subject, at = f"instance group/{group.name}", (*path, "training_plan_arn")
        if plan.instance_type is None:
            raise UnavailableError(f"training plan `{plan.name}` does not say its instance type")
        if plan.instance_type not in group.types:
            yield fail(
                subject,
                f"training plan `{plan.name}` reserves `{plan.instance_type}`, not {_types(group)}",
                remedy=f"type: {plan.instance_type}",
                at=at,
            )
            continue
        asked[plan.arn] = asked.get(plan.arn, 0) + group.count
        if asked[plan.arn] > plan.available_count:
            yield _too_few(plan, group, asked[plan.arn], path)


@check(
    "capacity-plan-az",
    "training plans are in a zone of their group",
    about=("instance_groups", "network"),
    needs=("network-ids-exist", "capacity-plan-status"),
    reads=("ec2:DescribeSubnets", "sagemaker:DescribeTrainingPlan"),
)
def plan_zone(spec: ClusterSpec, world: World) -> Iterator[Finding]:
    """Reserved capacity is in one Availability Zone, and a group without a subnet there never gets it.

    The failure then speaks of insufficient capacity, although it is paid for.
    """
    if not any(group.training_plan_arn for group in spec.all_groups):
        return
    subnets = subnets_in_use(spec, world)
    for path, group, plan in _seen_plans(spec, world):
        network = spec.effective_network(group)
        if network is None:
            continue
        if plan.zone_id is None:
            raise UnavailableError(f"training plan `{plan.name}` does not say its Availability Zone")
        zones = _zones([subnets[subnet_id] for subnet_id in network.subnet_ids])
        if plan.zone_id not in zones:
            there = [one.subnet_id for one in world.subnets(spec.subnet_ids).values() if one.zone_id == plan.zone_id]
            yield fail(
                f"instance group/{group.name}",
                f"training plan `{plan.name}` is in `{plan.zone_id}`, where `{group.name}` has no subnet",
                f"seen: {', '.join(zones)}",
                f"needed: {plan.zone_id}",
                remedy=_move(group, [plan.zone_id], there),
                at=(*network_path(path, group), "subnet_ids"),
            )


@check("capacity-plan-group", "training plans are for compute nodes with accelerators", about=("instance_groups",))
def plan_group(spec: ClusterSpec, _world: World) -> Iterator[Finding]:
    """Training plans reserve accelerators; on a CPU group, a Slurm controller or a login group they are refused."""
    for path, group in all_groups(spec):
        if group.training_plan_arn and (reason := _no_compute(group)):
            yield fail(
                f"instance group/{group.name}",
                f"has a training plan, but {reason}",
                remedy=f"remove `training_plan_arn` from `{group.name}`",
                at=(*path, "training_plan_arn"),
            )


@check("capacity-spot", "no Slurm controller runs on Spot capacity", about=("instance_groups",))
def spot(spec: ClusterSpec, _world: World) -> Iterator[Finding]:
    """A Spot instance can be taken back at any time, and with the controller goes the whole cluster.

    That Spot needs continuous provisioning is `spec-continuous-required`, its quota `quota-spot-type`.
    """
    for path, group in instance_groups(spec):
        is_controller = group.slurm is not None and group.slurm.node_type == SlurmNodeType.CONTROLLER
        if is_controller and group.capacity is Capacity.SPOT:
            yield fail(
                f"instance group/{group.name}",
                "is the Slurm controller and asks for Spot capacity",
                remedy="capacity: on_demand",
                at=(*path, "capacity"),
            )


@check("capacity-ultraserver", "whole UltraServers come from a training plan", about=("instance_groups",))
def ultraserver(spec: ClusterSpec, _world: World) -> Iterator[Finding]:
    """P6e-GB200 nodes are parts of an UltraServer, which is sold through training plans only.

    One UltraServer is 9 or 18 nodes; a count that is no multiple of 9 leaves a part of one idle, which
    is paid for all the same.
    """
    for path, group in all_groups(spec):
        sizes = _ultraserver(group)
        if not sizes:
            continue
        if not group.training_plan_arn:
            yield fail(
                f"instance group/{group.name}",
                f"{_types(group)} is to be had with a training plan only",
                remedy="aws sagemaker search-training-plan-offerings --target-resources hyperpod-cluster "
                "--duration-hours 24 --ultra-server-type ml.u-p6e-gb200x72 --ultra-server-count 1",
                at=path,
            )
        if group.count % min(sizes):
            yield warn(
                f"instance group/{group.name}",
                f"{group.count} nodes are no whole UltraServers",
                f"UltraServers have {' or '.join(map(str, sizes))} nodes",
                remedy=f"count: {-(-group.count // min(sizes)) * min(sizes)}",
                at=(*path, "count"),
            )


def _ultraserver(group: Group) -> tuple[int, ...]:
    families = [instance_type(name).family for name in group.types]
    return next((ULTRASERVER_NODES[family] for family in families if family in ULTRASERVER_NODES), ())


def _types(group: Group) -> str:
    return " or ".join(f"`{name}`" for name in group.types)


def _zones(subnets: list[Subnet]) -> list[str]:
    return list(dict.fromkeys(subnet.zone_id for subnet in subnets))


def _elsewhere(group: Group, offering: frozenset[str], there: list[str]) -> str:
    if not offering:
        return f"choose another type for `{group.name}`, or another Region"
    return _move(group, sorted(offering), there)


def _move(group: Group, zones: list[str], subnet_ids: list[str]) -> str:
    where = f"give `{group.name}` subnets in `{'` or `'.join(zones)}` only"
    return f"{where}, for example `{'`, `'.join(subnet_ids)}`" if subnet_ids else where


def _plans(spec: ClusterSpec, world: World) -> Iterator[tuple[Path, Group, TrainingPlan | None]]:
    for path, group in all_groups(spec):
        if group.training_plan_arn:
            yield path, group, world.training_plan(group.training_plan_arn)


def _seen_plans(spec: ClusterSpec, world: World) -> Iterator[tuple[Path, Group, TrainingPlan]]:
    for path, group, plan in _plans(spec, world):
        if plan is None:
            # Only with `capacity-plan-status` left out: a plan that is not there must not count as one that fits.
            raise NotFoundError(f"there is no training plan `{group.training_plan_arn}`")
        yield path, group, plan


def _usable(plan: TrainingPlan, subject: str, at: Path) -> Iterator[Finding]:
    match plan.status:
        case "Active":
            return
        case "Scheduled":
            begins = f"{plan.start_at:%Y-%m-%d %H:%M} UTC" if plan.start_at else "later"
            yield note(subject, f"training plan `{plan.name}` begins {begins}, and no node comes before", at=at)
        case "Pending" | "Expired" | "Failed":
            yield fail(
                subject,
                f"training plan `{plan.name}` is `{plan.status}`",
                f"seen: {plan.status}",
                "needed: Active or Scheduled",
                remedy="name a training plan that is Active or Scheduled",
                at=at,
            )
        case status:
            yield warn(subject, f"status `{status}` of training plan `{plan.name}` is unknown to hpctl", at=at)


def _too_few(plan: TrainingPlan, group: Group, asked: int, path: Path) -> Finding:
    subject, at = f"instance group/{group.name}", (*path, "count")
    message = f"training plan `{plan.name}` has {plan.available_count} instances available, and {asked} are asked for"
    if plan.status == "Scheduled":
        return note(subject, message, at=at)
    left = group.count - (asked - plan.available_count)
    return fail(
        subject,
        message,
        f"available: {plan.available_count}",
        f"asked for: {asked}",
        remedy=f"count: {left}" if left > 0 else f"take `training_plan_arn` from `{group.name}`",
        at=at,
    )


def _no_compute(group: Group) -> str | None:
    if all(instance_type(name).accelerator_kind is AcceleratorKind.NONE for name in group.types):
        return f"{_types(group)} has no accelerators"
    role = group.slurm.node_type if isinstance(group, InstanceGroup) and group.slurm else None
    return f"its nodes are `{role}` nodes" if role in (SlurmNodeType.CONTROLLER, SlurmNodeType.LOGIN) else None
