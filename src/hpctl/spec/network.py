"""Where nodes attach: subnets, security groups, and the kind of their network interfaces."""

from __future__ import annotations

from typing import Annotated, ClassVar

from hpctl.spec.limits import Limits
from hpctl.spec.members import Member, UpdatePolicy
from hpctl.spec.model import SpecModel

SecurityGroupId = Annotated[str, Limits("SecurityGroupId")]
SubnetId = Annotated[str, Limits("SubnetId")]


class Network(SpecModel):
    """A VPC seen from the nodes (SageMaker `VpcConfig`)."""

    aws_shape: ClassVar[str] = "VpcConfig"

    security_group_ids: Annotated[
        tuple[SecurityGroupId, ...],
        Limits("VpcSecurityGroupIds"),
        Member("SecurityGroupIds", "Security groups of every node; each lets its own members talk", UpdatePolicy.NEVER),
    ]
    subnet_ids: Annotated[
        tuple[SubnetId, ...],
        Limits("Subnets"),
        Member("Subnets", "Private subnets; groups with EFA need all of them in one zone", UpdatePolicy.NEVER),
    ]


class NetworkInterface(SpecModel):
    """How a group's nodes meet the network (SageMaker `ClusterNetworkInterface`)."""

    aws_shape: ClassVar[str] = "ClusterNetworkInterface"

    interface_type: Annotated[
        Annotated[str, Limits("ClusterInterfaceType")] | None,
        Member(
            "InterfaceType", "`efa`, or `efa-only` for interfaces without IP addresses", UpdatePolicy.REPLACES_GROUP
        ),
    ] = None
