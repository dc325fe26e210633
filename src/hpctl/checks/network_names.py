"""Who answers when nodes ask for the names of AWS's services."""

from __future__ import annotations

from collections.abc import Iterator

from hpctl.checks.declare import check, warn
from hpctl.checks.found import subnets_in_use
from hpctl.checks.walk import places
from hpctl.facts.dhcp import AMAZON_DNS
from hpctl.facts.world import World
from hpctl.report.check import Finding
from hpctl.spec.cluster import ClusterSpec


@check(
    "network-dhcp",
    "nodes ask Amazon's resolver for names",
    about=("network", "instance_groups"),
    needs=("network-ids-exist",),
    reads=("ec2:DescribeSubnets", "ec2:DescribeVpcs", "ec2:DescribeVpcAttribute", "ec2:DescribeDhcpOptions"),
    blocking=False,
)
def dhcp(spec: ClusterSpec, world: World) -> Iterator[Finding]:
    """The DHCP options of a VPC tell its instances which name servers to ask: `AmazonProvidedDNS` is AWS's own.

    Servers of a company's own know neither the private names of VPC endpoints nor those of FSx and of EKS's private
    endpoint, unless they pass `amazonaws.com` on to the VPC's resolver, which nobody can see from outside. Then nodes
    end with "Instance bootstrap failed" or "Name or service not known".
    """
    at = places(spec)
    told: set[str] = set()
    for subnet in subnets_in_use(spec, world).values():
        options = world.dhcp_options(subnet.vpc_id)
        servers = options.name_servers if options else ()
        if subnet.vpc_id not in told and AMAZON_DNS not in servers:
            told.add(subnet.vpc_id)
            yield warn(
                subnet.vpc_id,
                f"`{subnet.vpc_id}` does not send nodes to Amazon's resolver",
                f"seen: {', '.join(servers) or 'no name server'}",
                f"needed: {AMAZON_DNS}, or servers that pass `amazonaws.com` on to it",
                remedy=_restore(subnet.vpc_id, world.identity().region),
                at=at["subnet_ids", subnet.subnet_id],
            )


def _restore(vpc_id: str, region: str) -> str:
    made = (
        f"aws ec2 create-dhcp-options --region {region} --dhcp-configurations "
        f"Key=domain-name-servers,Values={AMAZON_DNS} --query DhcpOptions.DhcpOptionsId --output text"
    )
    return f"aws ec2 associate-dhcp-options --region {region} --vpc-id {vpc_id} --dhcp-options-id $({made})"
