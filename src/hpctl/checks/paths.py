"""Where packets of a subnet go: its route table, its way out, and the endpoints that stand in for one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from hpctl.checks.found import subnets_in_use
from hpctl.errors import UnavailableError
from hpctl.facts.network import NatGateway, Route, RouteTable, Subnet, VpcEndpoint
from hpctl.facts.world import World
from hpctl.spec.cluster import ClusterSpec
from hpctl.terms import Orchestrator

_DEFAULTS = ("0.0.0.0/0", "0.0.0.0/1", "128.0.0.0/1", "::/0", "::/1", "8000::/1")
"""Destinations of default routes; two halves are one in disguise."""

_NO_WAY_OUT = ("local", "igw-", "eigw-")
"""Targets that lead nodes nowhere: they have no public addresses, and `eigw-` takes IPv6 alone."""

_SERVICES = ("ec2", "ec2messages", "logs", "s3", "sagemaker.api", "ssm", "ssmmessages", "sts")
_SERVICES_ON_EKS = ("ecr.api", "ecr.dkr", "eks", "eks-auth")


def serving_table(world: World, subnet: Subnet) -> RouteTable:
    """Return the table that routes a subnet: the one associated with it, else the VPC's main table.

    Raises `UnavailableError` when neither was seen.
    """
    return _table_of(world, subnet.vpc_id, subnet.subnet_id)


def public_routes(table: RouteTable) -> Iterator[Route]:
    """Yield the default routes, of IPv4 or IPv6, to an internet gateway."""
    return (route for route in _defaults(table) if route.target.startswith("igw-"))


def has_way_out(world: World, table: RouteTable) -> bool:
    """Whether private addresses get out by a default route: a NAT gateway that leads on, or another network."""
    targets = [route.target for route in _defaults(table) if route.state == "active"]
    if any(map(_is_other_network, targets)):
        return True
    return any(target.startswith("nat-") and target in nat_gateways(world, table.vpc_id) for target in targets)


def nat_gateways(world: World, vpc_id: str) -> frozenset[str]:
    """Return the ids of the VPC's NAT gateways that are available, in a subnet that leads further.

    A public one needs an internet gateway there. A regional one is in no subnet and has routes of its own.
    """
    found = world.active_nat_gateways(vpc_id)
    return frozenset(gateway.gateway_id for gateway in found if _leads_on(world, vpc_id, gateway))


def closed_subnets(spec: ClusterSpec, world: World) -> Iterator[tuple[Subnet, RouteTable]]:
    """Yield the groups' private subnets without a way out, with their tables."""
    for subnet in subnets_in_use(spec, world).values():
        table = serving_table(world, subnet)
        if not any(public_routes(table)) and not has_way_out(world, table):
            yield subnet, table


def needed_services(spec: ClusterSpec) -> tuple[str, ...]:
    """Name the services that nodes call, as VPC endpoints name them.

    Source: AWS's sample templates for HyperPod on closed networks; `fsx` where a file system is mounted.
    """
    on_eks = _SERVICES_ON_EKS if spec.kind_of_orchestrator is Orchestrator.EKS else ()
    mounts = [one for group in spec.all_groups for one in group.storage if one.fsx_lustre or one.fsx_open_zfs]
    return tuple(sorted((*_SERVICES, *on_eks, *(("fsx",) if mounts else ()))))


def service_of(endpoint: VpcEndpoint, region: str) -> str:
    """Give the service's short name: `ecr.api` of `com.amazonaws.us-west-2.ecr.api`."""
    return endpoint.service.partition(f".{region}.")[2]


def interfaces(endpoints: Iterable[VpcEndpoint], region: str) -> dict[str, VpcEndpoint]:
    """Map services to their available interface endpoint; of several the one with private names."""
    there = [one for one in endpoints if one.kind == "Interface" and _available(one)]
    return {service_of(one, region): one for one in sorted(there, key=lambda one: one.private_dns)}


def s3_gateways(endpoints: Iterable[VpcEndpoint], region: str) -> list[VpcEndpoint]:
    """Return the available gateway endpoints of S3."""
    return [one for one in endpoints if one.kind == "Gateway" and _available(one) and service_of(one, region) == "s3"]


def closed_on_purpose(spec: ClusterSpec, endpoints: Iterable[VpcEndpoint], region: str) -> bool:
    """Whether somebody began to give the VPC endpoints instead of a way out."""
    return bool(interfaces(endpoints, region).keys() & set(needed_services(spec)))


def _table_of(world: World, vpc_id: str, subnet_id: str) -> RouteTable:
    tables = world.route_tables(vpc_id)
    own = next((table for table in tables if subnet_id in table.subnet_ids), None)
    table = own or next((table for table in tables if table.main), None)
    if table is None:
        raise UnavailableError(f"no route table of `{vpc_id}` serves `{subnet_id}`")
    return table


def _leads_on(world: World, vpc_id: str, gateway: NatGateway) -> bool:
    if gateway.subnet_id is None:
        return True
    table = _table_of(world, vpc_id, gateway.subnet_id)
    targets = [route.target for route in _defaults(table) if route.state == "active"]
    return any(_is_other_network(one) or (gateway.public and one.startswith("igw-")) for one in targets)


def _is_other_network(target: str) -> bool:
    return not target.startswith((*_NO_WAY_OUT, "nat-"))


def _defaults(table: RouteTable) -> Iterator[Route]:
    return (route for route in table.routes if route.destination in _DEFAULTS)


def _available(endpoint: VpcEndpoint) -> bool:
    return endpoint.state.lower() == "available"
