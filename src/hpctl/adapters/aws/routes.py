"""Route tables as EC2 tells them; Amazon VPC's user guide calls a route's two ends destination and target."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from hpctl.adapters.aws.errors import reads
from hpctl.facts.network import Route, RouteTable

_DESTINATIONS: Final = ("DestinationCidrBlock", "DestinationIpv6CidrBlock", "DestinationPrefixListId")
_TARGETS: Final = (
    "GatewayId",
    "NatGatewayId",
    "TransitGatewayId",
    "VpcPeeringConnectionId",
    "EgressOnlyInternetGatewayId",
    "LocalGatewayId",
    "CarrierGatewayId",
    "CoreNetworkArn",
    "OdbNetworkArn",
    "NetworkInterfaceId",
    "InstanceId",
)
"""Members that may name a route's target; an instance is reached through its interface, which is named too."""

_LEAVING: Final = frozenset({"disassociating", "disassociated", "failed"})


@reads("ec2:DescribeRouteTables")
def route_table_of(row: Mapping[str, Any]) -> RouteTable:
    """Read one table of DescribeRouteTables; gateways that are associated with it are left out."""
    associations = [one for one in row["Associations"] if one.get("AssociationState", {}).get("State") not in _LEAVING]
    return RouteTable(
        route_table_id=row["RouteTableId"],
        vpc_id=row["VpcId"],
        main=any(one.get("Main", False) for one in associations),
        subnet_ids=tuple(one["SubnetId"] for one in associations if one.get("SubnetId")),
        routes=tuple(map(_route_of, row["Routes"])),
    )


def _route_of(row: Mapping[str, Any]) -> Route:
    return Route(destination=_first(row, _DESTINATIONS), target=_first(row, _TARGETS), state=row["State"])


def _first(row: Mapping[str, Any], members: tuple[str, ...]) -> str:
    return next((str(row[member]) for member in members if row.get(member)), "")
