"""Security groups: nodes reach each other on every protocol, and the services that they need."""

from __future__ import annotations

from collections.abc import Iterator

from hpctl.checks.declare import check, fail, warn
from hpctl.checks.fixes import admit_members
from hpctl.checks.found import named_subnets, security_groups_in_use
from hpctl.checks.paths import closed_on_purpose, closed_subnets, interfaces, needed_services, s3_gateways
from hpctl.checks.traffic import EVERYWHERE, admits_itself, blocks, covers, https, public, rules, shown
from hpctl.checks.walk import different_networks, places
from hpctl.facts.network import Direction, Permission, SecurityGroup, VpcEndpoint
from hpctl.facts.world import World
from hpctl.report.check import Finding
from hpctl.spec.cluster import ClusterSpec
from hpctl.spec.network import Network


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
                    fix=(admit_members(group.group_id, direction),),
                )


@check(
    "network-sg-egress",
    "security groups let nodes reach AWS services",
    about=("network", "instance_groups", "orchestrator"),
    needs=("network-ids-exist",),
    reads=(
        "ec2:DescribeSecurityGroups",
        "ec2:DescribeSubnets",
        "ec2:DescribeRouteTables",
        "ec2:DescribeNatGateways",
        "ec2:DescribeVpcEndpoints",
    ),
)
def sg_egress(spec: ClusterSpec, world: World) -> Iterator[Finding]:
    """Nodes call S3, CloudWatch and others over HTTPS while they start, so some rule must let that out.

    Usual is a rule out to `0.0.0.0/0`. Where the network is closed on purpose, TCP 443 to the VPC endpoints will do:
    to their security group, to the addresses of their subnets, or to a prefix list. S3 behind its gateway endpoint
    keeps its public addresses, for which EC2 has a prefix list. Rules of all security groups of a node count
    together; the self-reference alone reaches the other nodes, and endpoints in the same group.
    """
    region = world.identity().region
    groups = security_groups_in_use(spec, world)
    told: set[tuple[str, ...]] = set()
    for path, network in different_networks(spec):
        members = [groups[group_id] for group_id in dict.fromkeys(network.security_group_ids)]
        out = [rule for rule in rules(members, Direction.OUT) if https(rule)]
        unreached = [] if EVERYWHERE in blocks(out) else _unreached(spec, world, network, out)
        subject = ", ".join(group.group_id for group in members)
        if unreached and (finding := (subject, *unreached)) not in told:
            told.add(finding)
            report = warn if any(map(public, blocks(out))) else fail
            yield report(
                subject,
                f"no rule lets nodes reach {_words(spec, unreached)} over HTTPS",
                f"seen out: {', '.join(map(shown, rules(members, Direction.OUT))) or 'no rule'}",
                "needed out: -1 0.0.0.0/0, or tcp 443 to the VPC endpoints",
                remedy=f"aws ec2 authorize-security-group-egress --region {region} --group-id {members[0].group_id} "
                "--ip-permissions 'IpProtocol=-1,IpRanges=[{CidrIp=0.0.0.0/0}]'",
                at=(*path, "security_group_ids"),
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


def _words(spec: ClusterSpec, services: list[str]) -> str:
    return "AWS services" if len(services) == len(needed_services(spec)) else f"`{'`, `'.join(services)}`"


def _unreached(spec: ClusterSpec, world: World, network: Network, out: list[Permission]) -> list[str]:
    """Name the services that no rule lets nodes of a network reach: at their endpoint, else at their own addresses.

    What has no endpoint in a network that is closed on purpose, `network-endpoints-complete` names.
    """
    if any(rule.prefix_list_id for rule in out):
        return []  # what is in a list, hpctl does not read
    region, subnets = world.identity().region, named_subnets(spec, world)
    closed = {subnet.subnet_id for subnet, _table in closed_subnets(spec, world)}
    unreached = set()
    for subnet_id in network.subnet_ids:
        endpoints = world.endpoints(subnets[subnet_id].vpc_id)
        there, gateways = interfaces(endpoints, region), s3_gateways(endpoints, region)
        on_purpose = subnet_id in closed and closed_on_purpose(spec, endpoints, region)
        for service in needed_services(spec):
            if service in there:
                reached = _reaches(world, out, there[service])
            else:
                reached = on_purpose and not (service == "s3" and gateways)
            if not reached:
                unreached.add(service)
    return sorted(unreached)


def _reaches(world: World, out: list[Permission], endpoint: VpcEndpoint) -> bool:
    if any(rule.group_id in endpoint.security_group_ids for rule in out):
        return True
    subnets = world.subnets(endpoint.subnet_ids).values()
    return any(any(covers(rule, subnet.cidr) for rule in out) for subnet in subnets)
