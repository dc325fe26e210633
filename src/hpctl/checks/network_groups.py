"""Security groups: nodes reach each other on every protocol, and the services that they need."""

from __future__ import annotations

from collections.abc import Iterator

from hpctl.checks.declare import check, fail, warn
from hpctl.checks.found import named_subnets, security_groups_in_use
from hpctl.checks.traffic import admits_itself, covers, https, rules, shown
from hpctl.checks.walk import network_path, placed_groups, places
from hpctl.facts.records import Direction, SecurityGroup
from hpctl.facts.world import World
from hpctl.report.check import Finding
from hpctl.spec.cluster import ClusterSpec
from hpctl.spec.network import Network

EVERYWHERE = "0.0.0.0/0"
"""All of IPv4, which is what AWS's endpoints speak by default."""


@check(
    "network-sg-self-ref",
    "every security group lets its own members talk, in and out",
    about=("network", "instance_groups"),
    needs=("network-ids-exist",),
    reads=("ec2:DescribeSecurityGroups",),
)
def sg_self_reference(spec: ClusterSpec, world: World) -> Iterator[Finding]:
    """Nodes of a cluster talk to each other over EFA, whose protocol is none of TCP, UDP and ICMP.

    HyperPod tests that before the lifecycle scripts run. So each security group of each instance group
    needs a rule for all protocols (`-1`) with itself as source, and another with itself as destination.
    The rule that EC2 gives every new group (out to `0.0.0.0/0`) does not count for EFA, nor does one
    for `::/0`. Without the two rules nodes end with "EFA health checks did not run successfully", and
    the log of the lifecycle scripts is empty. Source: AWS documentation (HyperPod prerequisites).
    """
    region = world.identity().region
    at = places(spec)
    for group in security_groups_in_use(spec, world).values():
        for direction in Direction:
            if not admits_itself(group, direction):
                yield fail(
                    group.group_id,
                    f"`{group.group_id}` does not let its members' traffic {direction} on all protocols",
                    f"seen {direction}: {', '.join(map(shown, rules([group], direction))) or 'no rule'}",
                    f"needed {direction}: -1 {group.group_id}",
                    remedy=_authorize(group, direction, region),
                    at=at["security_group_ids", group.group_id],
                )


@check(
    "network-sg-egress",
    "security groups let nodes reach AWS services",
    about=("network", "instance_groups"),
    needs=("network-ids-exist",),
    reads=("ec2:DescribeSecurityGroups", "ec2:DescribeSubnets", "ec2:DescribeVpcEndpoints", "ec2:DescribeVpcs"),
    blocking=False,
)
def sg_egress(spec: ClusterSpec, world: World) -> Iterator[Finding]:
    """Nodes call S3, CloudWatch and others over HTTPS while they start, so some rule must let that out.

    Usual is a rule out to `0.0.0.0/0`. Where the network is closed on purpose, TCP 443 to the VPC
    endpoints will do: to their security group, to the VPC's addresses, or to a prefix list. Rules of all
    security groups of a node count together; the self-reference reaches the other nodes only.
    """
    region = world.identity().region
    groups = security_groups_in_use(spec, world)
    judged: set[tuple[str, ...]] = set()
    for path, group, network in placed_groups(spec):
        ids = tuple(dict.fromkeys(network.security_group_ids))
        members = [groups[group_id] for group_id in ids]
        if ids in judged or _open(members) or _reaches_endpoints(spec, world, network, members):
            continue
        judged.add(ids)
        yield warn(
            ", ".join(ids),
            "no rule lets nodes reach AWS services over HTTPS",
            f"seen out: {', '.join(map(shown, rules(members, Direction.OUT))) or 'no rule'}",
            "needed out: -1 0.0.0.0/0, or tcp 443 to the VPC endpoints",
            remedy=f"aws ec2 authorize-security-group-egress --region {region} --group-id {ids[0]} "
            "--ip-permissions 'IpProtocol=-1,IpRanges=[{CidrIp=0.0.0.0/0}]'",
            at=(*network_path(path, group), "security_group_ids"),
        )


def _authorize(group: SecurityGroup, direction: Direction, region: str) -> str:
    itself = f"--group-id {group.group_id}"
    match direction:
        case Direction.IN:
            return (
                f"aws ec2 authorize-security-group-ingress --region {region} {itself} "
                f"--protocol -1 --source-group {group.group_id}"
            )
        case Direction.OUT:
            return (
                f"aws ec2 authorize-security-group-egress --region {region} {itself} "
                f"--ip-permissions 'IpProtocol=-1,UserIdGroupPairs=[{{GroupId={group.group_id}}}]'"
            )


def _open(groups: list[SecurityGroup]) -> bool:
    return any(https(rule) and rule.cidr == EVERYWHERE for rule in rules(groups, Direction.OUT))


def _reaches_endpoints(spec: ClusterSpec, world: World, network: Network, groups: list[SecurityGroup]) -> bool:
    out = [rule for rule in rules(groups, Direction.OUT) if https(rule)]
    if not out:
        return False
    subnets = named_subnets(spec, world)
    for vpc_id in dict.fromkeys(subnets[subnet_id].vpc_id for subnet_id in network.subnet_ids):
        interfaces = [one for one in world.endpoints(vpc_id) if one.kind == "Interface"]
        cidrs = world.vpc(vpc_id).cidrs
        peers = {group_id for one in interfaces for group_id in one.security_group_ids}
        for rule in out:
            within = any(covers(rule, cidr) for cidr in cidrs)
            if interfaces and (within or rule.prefix_list_id is not None or rule.group_id in peers):
                return True
    return False
