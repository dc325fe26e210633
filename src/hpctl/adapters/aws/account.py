"""What there is in an account to choose from: the port `facts.account_ports.Account`.

Members are those of botocore 1.44.5's ec2, iam and s3 service models.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from hpctl.adapters.aws.errors import reads
from hpctl.adapters.aws.iam import role_of
from hpctl.adapters.aws.network import name_of, security_group_of, subnet_of
from hpctl.adapters.aws.session import AwsSession
from hpctl.facts.account_ports import NamedVpc
from hpctl.facts.network import SecurityGroup, Subnet
from hpctl.facts.records import Role

_OF_SERVICES: Final = ("/aws-service-role/", "/aws-reserved/")
"""Paths of roles that are linked to services or made by IAM Identity Center: nobody may pass them on."""

_BUCKETS: Final = 1000
"""Buckets a page; the API takes up to ten times as many."""


class AwsAccount:
    """Lists, page by page."""

    def __init__(self, session: AwsSession) -> None:
        """Ask through `session`."""
        self._session = session

    def regions(self) -> tuple[str, ...]:
        """Return the Regions that are enabled for the account, in order."""
        return regions_of(self._session.call("ec2", "DescribeRegions"))

    def eks_clusters(self) -> tuple[str, ...]:
        """Return the names of the EKS clusters of the Region."""
        return tuple(self._session.pages("eks", "ListClusters", "clusters"))

    def vpcs(self) -> tuple[NamedVpc, ...]:
        """Return the VPCs of the Region."""
        return tuple(map(named_vpc_of, self._session.pages("ec2", "DescribeVpcs", "Vpcs")))

    def subnets_in(self, vpc_id: str) -> tuple[Subnet, ...]:
        """Return the subnets of a VPC."""
        rows = self._session.pages("ec2", "DescribeSubnets", "Subnets", Filters=_of_vpc(vpc_id))
        return tuple(map(subnet_of, rows))

    def security_groups_in(self, vpc_id: str) -> tuple[SecurityGroup, ...]:
        """Return the security groups of a VPC, with their rules."""
        rows = self._session.pages("ec2", "DescribeSecurityGroups", "SecurityGroups", Filters=_of_vpc(vpc_id))
        return tuple(map(security_group_of, rows))

    def roles(self) -> tuple[Role, ...]:
        """Return the roles, without those of services and of IAM Identity Center."""
        rows = self._session.pages("iam", "ListRoles", "Roles")
        return tuple(role_of({"Role": row}) for row in rows if not row.get("Path", "/").startswith(_OF_SERVICES))

    def buckets(self) -> tuple[str, ...]:
        """Return the names of the buckets of the account."""
        rows = self._session.pages("s3", "ListBuckets", "Buckets", page_size=_BUCKETS)
        return tuple(map(bucket_of, rows))


def _of_vpc(vpc_id: str) -> list[dict[str, object]]:
    return [{"Name": "vpc-id", "Values": [vpc_id]}]


@reads("ec2:DescribeRegions")
def regions_of(answer: Mapping[str, Any]) -> tuple[str, ...]:
    """Read the names of DescribeRegions, which tells of enabled Regions alone unless asked for more."""
    return tuple(sorted(row["RegionName"] for row in answer["Regions"]))


@reads("ec2:DescribeVpcs")
def named_vpc_of(row: Mapping[str, Any]) -> NamedVpc:
    """Read one VPC of a list."""
    return NamedVpc(row["VpcId"], row["CidrBlock"], name_of(row))


@reads("s3:ListBuckets")
def bucket_of(row: Mapping[str, Any]) -> str:
    """Read the name of one bucket."""
    return str(row["Name"])
