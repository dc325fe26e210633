"""Routes: node subnets are private, and lead to AWS's services all the same."""

from __future__ import annotations

from collections.abc import Iterator

from hpctl.checks.declare import check, fail
from hpctl.checks.fixes import enable_dns
from hpctl.checks.found import subnets_in_use
from hpctl.checks.paths import (
    closed_on_purpose,
    closed_subnets,
    nat_gateways,
    public_routes,
    serving_table,
)
from hpctl.checks.walk import places
from hpctl.facts.network import RouteTable, Subnet, Vpc
from hpctl.facts.world import World
from hpctl.report.check import Finding
from hpctl.spec.cluster import ClusterSpec


@check(
    "network-subnet-private",
    "the nodes' subnets are private",
    about=("network", "instance_groups"),
    needs=("network-ids-exist",),
    reads=("ec2:DescribeSubnets", "ec2:DescribeRouteTables"),
)
def subnet_private(spec: ClusterSpec, world: World) -> Iterator[Finding]:
    """HyperPod gives nodes no public address, so a default route to an internet gateway leads them nowhere.

    What counts is the route table that serves the subnet: the one associated with it, else the VPC's
    main table. Neither the subnet's name nor its setting to assign public addresses says anything about
    that. Source: AWS documentation (HyperPod in a VPC asks for private subnets).
    """
    at = places(spec)
    for subnet in subnets_in_use(spec, world).values():
        table = serving_table(world, subnet)
        for route in list(public_routes(table))[:1]:
            yield fail(
                subnet.subnet_id,
                f"`{subnet.subnet_id}` is public: its default route leads to an internet gateway",
                f"seen: {route.destination} to {route.target} in {table.route_table_id}",
                "needed: 0.0.0.0/0 to a NAT gateway",
                remedy=_private_instead(world, subnet),
                at=at["subnet_ids", subnet.subnet_id],
            )


@check(
    "network-egress-path",
    "the nodes' subnets lead to AWS services",
    about=("network", "instance_groups"),
    needs=("network-subnet-private",),
    reads=(
        "ec2:DescribeSubnets",
        "ec2:DescribeRouteTables",
        "ec2:DescribeNatGateways",
        "ec2:DescribeVpcEndpoints",
    ),
)
def egress_path(spec: ClusterSpec, world: World) -> Iterator[Finding]:
    """While a node starts it calls S3, CloudWatch, STS and others, so its subnet needs a way to them.

    A way is an active default route to a NAT gateway that is available, to a transit gateway, a peered
    VPC, a network interface or another network; or VPC endpoints instead (`network-endpoints-complete`
    says whether all are there). A NAT gateway leads only where the routes of its own subnet lead: a public one
    belongs in a subnet with an internet gateway. Without a way the bootstrap fails, "likely because of customer network
    misconfiguration", or lifecycle scripts wait for ever.
    """
    region = world.identity().region
    at = places(spec)
    for subnet, table in closed_subnets(spec, world):
        if not closed_on_purpose(spec, world.endpoints(subnet.vpc_id), region):
            yield fail(
                subnet.subnet_id,
                f"nodes in `{subnet.subnet_id}` cannot reach AWS services",
                f"seen: {_routes(table)} in {table.route_table_id}, no interface endpoints in {subnet.vpc_id}",
                *_stranded(world, table),
                "needed: 0.0.0.0/0 to a NAT gateway that is available, or the VPC endpoints",
                remedy=_nat_route(world, table, region),
                at=at["subnet_ids", subnet.subnet_id],
            )


@check(
    "network-dns",
    "the VPC resolves names",
    about=("network", "instance_groups"),
    needs=("network-ids-exist",),
    reads=("ec2:DescribeSubnets", "ec2:DescribeVpcs", "ec2:DescribeVpcAttribute"),
)
def dns(spec: ClusterSpec, world: World) -> Iterator[Finding]:
    """Nodes find AWS's services, each other and the EKS endpoint by name.

    The VPC needs both of its DNS attributes: support (a resolver at all) and hostnames (private names of
    nodes and of interface endpoints). EC2 turns hostnames off in every VPC but the default one.
    """
    region = world.identity().region
    for vpc_id in dict.fromkeys(subnet.vpc_id for subnet in subnets_in_use(spec, world).values()):
        for attribute, option in _dns_off(world.vpc(vpc_id)):
            yield fail(
                vpc_id,
                f"`{vpc_id}` has its DNS {attribute} off",
                remedy=f"aws ec2 modify-vpc-attribute --region {region} --vpc-id {vpc_id} --{option}",
                at=("network",) if spec.network else (),
                fix=(enable_dns(vpc_id, attribute),),
            )


def _private_instead(world: World, subnet: Subnet) -> str:
    """Name a private subnet of the VPC: of the same zone if there is one, the emptiest of them."""
    tables = [table for table in world.route_tables(subnet.vpc_id) if _leads_to_nat(table)]
    others = world.subnets(subnet_id for table in tables for subnet_id in table.subnet_ids).values()
    best = min(others, key=lambda other: (other.zone_id != subnet.zone_id, -other.free_addresses), default=None)
    if best is None:
        return f"use a subnet of `{subnet.vpc_id}` whose route table sends 0.0.0.0/0 to a NAT gateway"
    return f"use a private subnet, for example `{best.subnet_id}` (`{best.zone_id}`)"


def _leads_to_nat(table: RouteTable) -> bool:
    nat = any(route.target.startswith("nat-") and route.state == "active" for route in table.routes)
    return nat and not any(public_routes(table))


def _routes(table: RouteTable) -> str:
    return ", ".join(f"{route.destination} to {route.target} ({route.state})" for route in table.routes) or "no route"


def _stranded(world: World, table: RouteTable) -> Iterator[str]:
    leading = nat_gateways(world, table.vpc_id)
    for gateway in world.active_nat_gateways(table.vpc_id):
        if gateway.gateway_id not in leading and any(route.target == gateway.gateway_id for route in table.routes):
            yield f"seen: {gateway.gateway_id} is in {gateway.subnet_id}, which leads nowhere itself"


def _nat_route(world: World, table: RouteTable, region: str) -> str:
    gateways = sorted(nat_gateways(world, table.vpc_id))
    if not gateways:
        to = f"send 0.0.0.0/0 of `{table.route_table_id}` there"
        return f"make a NAT gateway in a public subnet of `{table.vpc_id}`, and {to}"
    verb = "replace" if any(route.destination == "0.0.0.0/0" for route in table.routes) else "create"
    return (
        f"aws ec2 {verb}-route --region {region} --route-table-id {table.route_table_id} "
        f"--destination-cidr-block 0.0.0.0/0 --nat-gateway-id {gateways[0]}"
    )


def _dns_off(vpc: Vpc) -> Iterator[tuple[str, str]]:
    if not vpc.dns_support:
        yield "support", "enable-dns-support"
    if not vpc.dns_hostnames:
        yield "hostnames", "enable-dns-hostnames"
