"""DHCP option sets of VPCs: the port `facts.dhcp.Dhcp`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from hpctl.adapters.aws.errors import lacking, reads
from hpctl.adapters.aws.session import AwsSession
from hpctl.facts.dhcp import DhcpOptions

_NONE: Final = "default"
"""What stands in place of an id where a VPC has no option set (Amazon VPC user guide, DHCP option sets)."""


class AwsDhcp:
    """Reads option sets."""

    def __init__(self, session: AwsSession) -> None:
        """Ask through `session`."""
        self._session = session

    def of_vpc(self, vpc_id: str) -> DhcpOptions:
        """Return the option set of a VPC; one without any names no servers."""
        options_id = options_id_of(self._session.call("ec2", "DescribeVpcs", VpcIds=[vpc_id]))
        if options_id == _NONE:
            return DhcpOptions(options_id, ())
        return options_of(self._session.call("ec2", "DescribeDhcpOptions", DhcpOptionsIds=[options_id]))


@reads("ec2:DescribeVpcs")
def options_id_of(answer: Mapping[str, Any]) -> str:
    """Read the id of the option set of the only VPC of an answer."""
    if not answer["Vpcs"]:
        raise lacking("ec2:DescribeVpcs", "VpcId")
    return str(answer["Vpcs"][0].get("DhcpOptionsId", _NONE))


@reads("ec2:DescribeDhcpOptions")
def options_of(answer: Mapping[str, Any]) -> DhcpOptions:
    """Read the only option set of an answer."""
    if not answer["DhcpOptions"]:
        raise lacking("ec2:DescribeDhcpOptions", "DhcpOptionsId")
    row = answer["DhcpOptions"][0]
    servers = (one["Values"] for one in row.get("DhcpConfigurations", ()) if one["Key"] == "domain-name-servers")
    return DhcpOptions(row["DhcpOptionsId"], tuple(value["Value"] for values in servers for value in values))
