"""VPC endpoints: what a closed network needs of them, and what makes them reachable."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from hpctl.checks.declare import check, fail, warn
from hpctl.checks.fixes import answer_to_names, serve_table
from hpctl.checks.found import named_subnets, subnets_in_use
from hpctl.checks.paths import (
    closed_on_purpose,
    closed_subnets,
    has_way_out,
    interfaces,
    needed_services,
    s3_gateways,
    serving_table,
)
from hpctl.checks.traffic import covers, https, rules, shown
from hpctl.checks.walk import different_networks, places
from hpctl.errors import UnavailableError
from hpctl.facts.network import Direction, Permission, RouteTable, SecurityGroup, Subnet, VpcEndpoint
from hpctl.facts.world import World
from hpctl.report.action import Action
from hpctl.report.check import Finding
from hpctl.spec.cluster import ClusterSpec
from hpctl.spec.network import Network

_READS = ("ec2:DescribeSubnets", "ec2:DescribeRouteTables", "ec2:DescribeNatGateways", "ec2:DescribeVpcEndpoints")


@check(
    "network-endpoints-complete",
    "closed subnets have every VPC endpoint that nodes need",
    about=("network", "instance_groups", "orchestrator"),
    needs=("network-egress-path",),
    reads=_READS,
)
def endpoints_complete(spec: ClusterSpec, world: World) -> Iterator[Finding]:
    """A subnet without a way out reaches AWS services by VPC endpoints, and each missing one is another failure.

    Nodes need s3, logs, sts, ec2, ec2messages, ssm, ssmmessages and sagemaker.api; on EKS ecr.api,
    ecr.dkr, eks and eks-auth too; and fsx where they mount a file system. S3 may have a gateway endpoint,
    but on the route table of that very subnet, or an interface endpoint like the others. Subnets with a
    way out are not judged. Source: AWS's sample templates for HyperPod on closed networks.
    """
    region = world.identity().region
    at = places(spec)
    told: set[tuple[str, str]] = set()
    for subnet, table in closed_subnets(spec, world):
        endpoints = world.endpoints(subnet.vpc_id)
        if not closed_on_purpose(spec, endpoints, region):
            continue  # that is what `network-egress-path` says
        there = interfaces(endpoints, region)
        missing = [service for service in needed_services(spec) if service not in there]
        if any(table.route_table_id in one.route_table_ids for one in s3_gateways(endpoints, region)):
            missing = [service for service in missing if service != "s3"]
        if new := [service for service in missing if (_reach(service, table), service) not in told]:
            told |= {(_reach(service, table), service) for service in new}
            yield fail(
                subnet.subnet_id,
                f"`{subnet.subnet_id}` has no way out, and no VPC endpoint for {_words(new)}",
                f"there: {', '.join(sorted(there))}",
                f"missing: {', '.join(new)}",
                remedy="\n".join(_make(spec, world, subnet, table, new)),
                at=at["subnet_ids", subnet.subnet_id],
                fix=_served_by_gateway(world, table, region) if new == ["s3"] else (),
            )


@check(
    "network-endpoint-sg",
    "interface endpoints let nodes in",
    about=("network", "instance_groups"),
    needs=("network-ids-exist",),
    reads=("ec2:DescribeSubnets", "ec2:DescribeSecurityGroups", "ec2:DescribeVpcEndpoints"),
)
def endpoint_sg(spec: ClusterSpec, world: World) -> Iterator[Finding]:
    """An interface endpoint has security groups of its own, which must admit the nodes on TCP port 443.

    With private names (the default) the endpoint stands before the service for the whole VPC: one that
    does not let nodes in breaks the service even where a NAT gateway would lead to it.
    """
    region = world.identity().region
    subnets = named_subnets(spec, world)
    doubts: list[str] = []
    for path, network in different_networks(spec):
        for vpc_id in dict.fromkeys(subnets[subnet_id].vpc_id for subnet_id in network.subnet_ids):
            for guards, services in _guarded(spec, world, vpc_id, region).items():
                inward = [rule for rule in _inward(world, guards) if https(rule)]
                if _admits(inward, network, subnets):
                    continue
                if any(rule.prefix_list_id for rule in inward):
                    doubts.append(", ".join(guards))
                    continue
                yield _shut(guards, services, network, inward, region).model_copy(
                    update={"path": (*path, "security_group_ids")}
                )
    if doubts:
        raise UnavailableError(f"hpctl does not read the prefix lists that `{'`, `'.join(doubts)}` admits")


@check(
    "network-endpoint-dns",
    "interface endpoints answer to the services' own names",
    about=("network", "instance_groups"),
    needs=("network-egress-path",),
    reads=_READS,
    blocking=False,
)
def endpoint_dns(spec: ClusterSpec, world: World) -> Iterator[Finding]:
    """Nodes call `sts.us-west-2.amazonaws.com`; without private names that is not the endpoint's address.

    In a subnet without a way out the service then cannot be reached, unless a private hosted zone of the
    VPC says the same. hpctl does not look for one: where there is one, leave this check out.
    """
    region = world.identity().region
    needed = needed_services(spec)
    for vpc_id in dict.fromkeys(subnet.vpc_id for subnet, _table in closed_subnets(spec, world)):
        for service, endpoint in interfaces(world.endpoints(vpc_id), region).items():
            if service in needed and not endpoint.private_dns:
                yield fail(
                    endpoint.endpoint_id,
                    f"`{endpoint.endpoint_id}` does not answer to the name of `{service}`",
                    remedy=f"aws ec2 modify-vpc-endpoint --region {region} "
                    f"--vpc-endpoint-id {endpoint.endpoint_id} --private-dns-enabled",
                    fix=(answer_to_names(endpoint.endpoint_id, service),),
                )


@check(
    "network-s3-gateway",
    "traffic to S3 stays in the VPC",
    about=("network", "instance_groups"),
    needs=("network-egress-path",),
    reads=_READS,
    blocking=False,
)
def s3_by_gateway(spec: ClusterSpec, world: World) -> Iterator[Finding]:
    """Data sets and checkpoints in S3 take the default route unless S3's gateway endpoint is on the route table.

    The endpoint costs nothing; a NAT gateway takes a fee for every gigabyte and is a bottleneck. It must
    be on the table that serves the nodes' subnets; an interface endpoint will do as well.
    """
    region = world.identity().region
    tables = (serving_table(world, subnet) for subnet in subnets_in_use(spec, world).values())
    for table in {table.route_table_id: table for table in tables}.values():
        endpoints = world.endpoints(table.vpc_id) if has_way_out(world, table) else None
        if endpoints is None or "s3" in interfaces(endpoints, region):
            continue
        if not any(table.route_table_id in one.route_table_ids for one in s3_gateways(endpoints, region)):
            yield warn(
                table.route_table_id,
                f"`{table.route_table_id}` has no gateway endpoint of S3",
                remedy=_add_s3_gateway(world, table, region),
                fix=_served_by_gateway(world, table, region),
            )


def _words(services: list[str]) -> str:
    return f"`{services[0]}`" if len(services) == 1 else f"{len(services)} of the services that nodes need"


def _reach(service: str, table: RouteTable) -> str:
    """Interface endpoints serve a whole VPC, the gateway of S3 a route table: what is missing is told once for each."""
    return table.route_table_id if service == "s3" else table.vpc_id


def _make(spec: ClusterSpec, world: World, subnet: Subnet, table: RouteTable, services: Iterable[str]) -> Iterator[str]:
    region = world.identity().region
    groups = next(
        network.security_group_ids
        for _path, network in different_networks(spec)
        if subnet.subnet_id in network.subnet_ids
    )
    for service in services:
        if service == "s3":
            yield _add_s3_gateway(world, table, region)
        else:
            yield (
                f"aws ec2 create-vpc-endpoint --region {region} --vpc-id {subnet.vpc_id} "
                f"--vpc-endpoint-type Interface --service-name {_name(service, region)} --private-dns-enabled "
                f"--subnet-ids {subnet.subnet_id} --security-group-ids {' '.join(groups)}"
            )


def _add_s3_gateway(world: World, table: RouteTable, region: str) -> str:
    for gateway in s3_gateways(world.endpoints(table.vpc_id), region):
        return (
            f"aws ec2 modify-vpc-endpoint --region {region} --vpc-endpoint-id {gateway.endpoint_id} "
            f"--add-route-table-ids {table.route_table_id}"
        )
    return (
        f"aws ec2 create-vpc-endpoint --region {region} --vpc-id {table.vpc_id} --vpc-endpoint-type Gateway "
        f"--service-name {_name('s3', region)} --route-table-ids {table.route_table_id}"
    )


def _served_by_gateway(world: World, table: RouteTable, region: str) -> tuple[Action, ...]:
    gateways = s3_gateways(world.endpoints(table.vpc_id), region)
    return tuple(serve_table(gateway.endpoint_id, table.route_table_id) for gateway in gateways)[:1]


def _name(service: str, region: str) -> str:
    return f"{'cn.' if region.startswith('cn-') else ''}com.amazonaws.{region}.{service}"


def _guarded(spec: ClusterSpec, world: World, vpc_id: str, region: str) -> dict[tuple[str, ...], list[str]]:
    """Group the services whose names lead to endpoints by the endpoints' security groups."""
    guarded: dict[tuple[str, ...], list[str]] = {}
    needed = needed_services(spec)
    for service, endpoint in sorted(interfaces(world.endpoints(vpc_id), region).items()):
        if service in needed and endpoint.private_dns:
            guarded.setdefault(_guards(endpoint), []).append(service)
    return guarded


def _guards(endpoint: VpcEndpoint) -> tuple[str, ...]:
    if not endpoint.security_group_ids:
        raise UnavailableError(f"the security groups of `{endpoint.endpoint_id}` are not told")
    return tuple(sorted(endpoint.security_group_ids))


def _inward(world: World, group_ids: tuple[str, ...]) -> list[Permission]:
    groups: dict[str, SecurityGroup] = world.security_groups(group_ids)
    if len(groups) < len(set(group_ids)):
        raise UnavailableError(f"not all security groups of VPC endpoints can be seen: {', '.join(group_ids)}")
    return list(rules(groups.values(), Direction.IN))


def _admits(inward: list[Permission], network: Network, subnets: dict[str, Subnet]) -> bool:
    if any(rule.group_id in network.security_group_ids for rule in inward):
        return True
    cidrs = [subnets[subnet_id].cidr for subnet_id in network.subnet_ids]
    return all(any(covers(rule, cidr) for rule in inward) for cidr in cidrs)


def _shut(
    guards: tuple[str, ...], services: list[str], network: Network, inward: list[Permission], region: str
) -> Finding:
    node_group = network.security_group_ids[0]
    return fail(
        ", ".join(guards),
        f"`{'`, `'.join(guards)}` of VPC endpoints does not let nodes in on TCP port 443",
        f"endpoints: {', '.join(services)}",
        f"seen in on 443: {', '.join(map(shown, inward)) or 'no rule'}",
        f"needed in: tcp 443 {node_group}",
        remedy=f"aws ec2 authorize-security-group-ingress --region {region} --group-id {guards[0]} "
        f"--protocol tcp --port 443 --source-group {node_group}",
    )
