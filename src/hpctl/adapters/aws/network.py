"""What EC2 tells of subnets and security groups: the port `facts.ports.Network`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from hpctl.adapters.aws.errors import reads
from hpctl.adapters.aws.session import AwsSession
from hpctl.facts.records import SecurityGroup, Subnet

_FILTER_VALUES: Final = 200
"""Values that one filter of an EC2 request takes (Amazon EC2 API Reference, Filter)."""


class AwsNetwork:
    """Asks by filter, not by id list: EC2 leaves ids that do not exist out instead of refusing the whole request."""

    def __init__(self, session: AwsSession) -> None:
        """Ask through `session`."""
        self._session = session

    def subnets(self, subnet_ids: Iterable[str]) -> tuple[Subnet, ...]:
        """Return the subnets that exist among `subnet_ids`."""
        return tuple(map(subnet_of, self._among("DescribeSubnets", "Subnets", "subnet-id", subnet_ids)))

    def security_groups(self, group_ids: Iterable[str]) -> tuple[SecurityGroup, ...]:
        """Return the security groups that exist among `group_ids`."""
        return tuple(
            map(security_group_of, self._among("DescribeSecurityGroups", "SecurityGroups", "group-id", group_ids))
        )

    def _among(self, operation: str, key: str, name: str, values: Iterable[str]) -> Iterator[dict[str, Any]]:
        wanted = list(dict.fromkeys(values))
        for start in range(0, len(wanted), _FILTER_VALUES):
            chunk = wanted[start : start + _FILTER_VALUES]
            yield from self._session.pages("ec2", operation, key, Filters=[{"Name": name, "Values": chunk}])


@reads("ec2:DescribeSubnets")
def subnet_of(row: Mapping[str, Any]) -> Subnet:
    """Read one subnet of DescribeSubnets."""
    return Subnet(
        subnet_id=row["SubnetId"],
        vpc_id=row["VpcId"],
        zone=row["AvailabilityZone"],
        zone_id=row["AvailabilityZoneId"],
        cidr=row.get("CidrBlock", ""),  # a subnet may have IPv6 alone
        free_addresses=row["AvailableIpAddressCount"],
    )


@reads("ec2:DescribeSecurityGroups")
def security_group_of(row: Mapping[str, Any]) -> SecurityGroup:
    """Read one group of DescribeSecurityGroups."""
    return SecurityGroup(group_id=row["GroupId"], name=row["GroupName"], vpc_id=row["VpcId"])
