"""Which instance type a group gets: the first that its zones offer and its quota covers (ClusterInstanceRequirements).

The order is AWS's documentation; that a quota counts like capacity is unverified.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hpctl.sandbox.quotas import table
from hpctl.sandbox.sagemaker.faults import types_of
from hpctl.sandbox.sagemaker.members import is_spot

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hpctl.sandbox.account import Account


def chosen_type(request: Mapping[str, Any], group: Mapping[str, Any], account: Account) -> str:
    """Return the type of a group's instances; the preferred one where none is to be had."""
    types = types_of(group)
    plan = account.plan(group["TrainingPlanArn"]) if "TrainingPlanArn" in group else None
    if len(types) == 1:
        return types[0]
    if plan is not None:
        return plan.instance_type if plan.instance_type in types else types[0]
    zones = set(_zones(request, group, account))
    return next((kind for kind in types if _is_to_be_had(kind, group, zones, account)), types[0])


def _is_to_be_had(kind: str, group: Mapping[str, Any], zones: set[str], account: Account) -> bool:
    spot = is_spot(group)
    quota = table.spot_usage(kind) if spot else table.cluster_usage(kind)
    left = account.quota(quota) - account.in_use.get((kind, spot), 0)
    return group["InstanceCount"] <= left and any(account.offers(kind, zone) for zone in zones)


def _zones(request: Mapping[str, Any], group: Mapping[str, Any], account: Account) -> Iterator[str]:
    network = group.get("OverrideVpcConfig") or request.get("VpcConfig")
    if network is None:
        yield account.home_zone()[1]
        return
    for subnet_id in network["Subnets"]:
        if subnet := account.subnet(subnet_id):
            yield subnet.zone_id
