"""The network interfaces that nodes have in the customer's subnets: moto's EC2 shows and counts them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hpctl.sandbox.sagemaker.events import interface_id

if TYPE_CHECKING:
    from hpctl.sandbox.sagemaker.cluster import Cluster, Group, Seat


def take(ec2: Any, cluster: Cluster) -> None:
    """Give the nodes of a new cluster their interfaces."""
    for group in cluster.groups:
        if group.fault is None or not group.fault.before_instance:
            for seat in group.seats:
                _take(ec2, cluster, group, seat)


def give_back(ec2: Any, cluster: Cluster) -> None:
    """Remove the interfaces of a cluster's nodes."""
    for group in cluster.groups:
        for seat in group.seats:
            for card in range(len(seat.interfaces)):
                ec2.enis.pop(interface_id(cluster.instance_id(seat, 0), card), None)


def _take(ec2: Any, cluster: Cluster, group: Group, seat: Seat) -> None:
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
