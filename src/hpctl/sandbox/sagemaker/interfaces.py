"""The network interfaces that nodes have in the customer's subnets: moto's EC2 shows and counts them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hpctl.sandbox.sagemaker.life import interface_id

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hpctl.sandbox.sagemaker.cluster import Cluster, Group, Seat

Held = dict[str, tuple[str, ...]]


def take(ec2: Any, cluster: Cluster, groups: Iterable[Group]) -> Held:
    """Give the nodes of new seats their interfaces; return their ids by the seats' logical ids."""
    return {
        seat.logical_id: tuple(_take(ec2, cluster, group, seat))
        for group in groups
        if group.fault is None or not group.fault.before_instance
        for seat in group.seats
    }


def give_back(ec2: Any, interfaces: Iterable[str]) -> None:
    """Remove interfaces."""
    for interface in interfaces:
        ec2.enis.pop(interface, None)


def _take(ec2: Any, cluster: Cluster, group: Group, seat: Seat) -> Iterable[str]:
    network = group.spec.get("OverrideVpcConfig") or cluster.request.get("VpcConfig") or {}
    for card, addresses in enumerate(seat.interfaces):
        rows = [{"Primary": not number, "PrivateIpAddress": each} for number, each in enumerate(addresses)]
        interface = ec2.create_network_interface(
            seat.subnet_id,
            addresses[0],
            rows,
            device_index=card,
            group_ids=network.get("SecurityGroupIds"),
            description=f"SageMaker HyperPod cluster {cluster.arn}",
        )
        del ec2.enis[interface.id]
        interface.id = interface_id(cluster.instance_id(seat, 0), card)
        interface.requester_managed = True
        interface.status = "in-use"
        ec2.enis[interface.id] = interface
        yield interface.id
