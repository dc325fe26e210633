"""The network: the ids exist, and belong to one VPC."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from hpctl.checks.declare import check, fail
from hpctl.checks.found import named_security_groups, named_subnets
from hpctl.checks.walk import places
from hpctl.facts.world import World
from hpctl.report.check import Finding
from hpctl.spec.cluster import ClusterSpec


@check(
    "network-ids-exist",
    "every subnet and security group exists",
    about=("network", "instance_groups"),
    reads=("ec2:DescribeSubnets", "ec2:DescribeSecurityGroups"),
)
def ids_exist(spec: ClusterSpec, world: World) -> Iterator[Finding]:
    """HyperPod refuses a cluster whose subnets or security groups it cannot find.

    The usual causes are a typo, another Region, or another account: ids are unique to all three.
    """
    region = world.identity().region
    known: dict[str, Mapping[str, object]] = {
        "subnet_ids": world.subnets(spec.subnet_ids),
        "security_group_ids": world.security_groups(spec.security_group_ids),
    }
    for (member, resource_id), path in places(spec).items():
        if resource_id not in known[member]:
            yield fail(
                resource_id,
                f"`{resource_id}` does not exist in `{region}` of this account",
                remedy="compare the id, the Region and the account (`aws sts get-caller-identity`)",
                at=path,
            )


@check(
    "network-same-vpc",
    "all subnets and security groups are in one VPC",
    about=("network", "instance_groups"),
    needs=("network-ids-exist",),
    reads=("ec2:DescribeSubnets", "ec2:DescribeSecurityGroups"),
)
def same_vpc(spec: ClusterSpec, world: World) -> Iterator[Finding]:
    """A network interface takes a subnet and security groups of one VPC, and nodes of two VPCs cannot talk.

    That holds for the cluster's `network` and every group's `override_network` together; what counts
    as odd is what differs from the VPC that most of the ids belong to. Whether it is the VPC of the
    EKS cluster is a check of its own.
    """
    subnets = {("subnet_ids", one.subnet_id): one.vpc_id for one in named_subnets(spec, world).values()}
    groups = {("security_group_ids", one.group_id): one.vpc_id for one in named_security_groups(spec, world).values()}
    vpcs = subnets | groups
    # The first of the most frequent: subnets come first, for they say where nodes are.
    usual = Counter(vpcs.values()).most_common(1)
    for key, vpc_id in vpcs.items():
        if vpc_id != usual[0][0]:
            yield fail(
                key[1],
                f"`{key[1]}` is in `{vpc_id}`, the rest of the network in `{usual[0][0]}`",
                *_listed(vpcs),
                remedy=f"name subnets and security groups of one VPC, for example all of `{usual[0][0]}`",
                at=places(spec)[key],
            )


def _listed(vpcs: Mapping[tuple[str, str], str]) -> Iterator[str]:
    for vpc_id in dict.fromkeys(vpcs.values()):
        yield f"{vpc_id}: {', '.join(resource_id for (_kind, resource_id), one in vpcs.items() if one == vpc_id)}"
