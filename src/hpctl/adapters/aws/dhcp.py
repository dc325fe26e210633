"""DHCP option sets of VPCs: the port `facts.dhcp.Dhcp`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hpctl.adapters.aws.errors import lacking, reads
from hpctl.adapters.aws.session import AwsSession
from hpctl.facts.dhcp import DhcpOptions


class AwsDhcp:
    """Reads option sets."""

    def __init__(self, session: AwsSession) -> None:
        """Ask through `session`."""
        self._session = session

    def options(self, options_id: str) -> DhcpOptions:
        """Return the option set."""
        return options_of(self._session.call("ec2", "DescribeDhcpOptions", DhcpOptionsIds=[options_id]))


@reads("ec2:DescribeDhcpOptions")
def options_of(answer: Mapping[str, Any]) -> DhcpOptions:
    """Read the only option set of an answer."""
    if not answer["DhcpOptions"]:
        raise lacking("ec2:DescribeDhcpOptions", "DhcpOptionsId")
    row = answer["DhcpOptions"][0]
    servers = (one["Values"] for one in row.get("DhcpConfigurations", ()) if one["Key"] == "domain-name-servers")
    return DhcpOptions(row["DhcpOptionsId"], tuple(value["Value"] for values in servers for value in values))
