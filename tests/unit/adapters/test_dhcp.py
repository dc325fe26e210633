from __future__ import annotations

import pytest

from hpctl.adapters.aws.dhcp import AwsDhcp
from hpctl.errors import UnavailableError
from hpctl.facts.dhcp import DhcpOptions
from tests.unit.adapters.test_network import ec2, items, tags
from tests.unit.adapters.wire import Reply, Wire, connect

OPTIONS = ec2(
    "DescribeDhcpOptions",
    items(
        "dhcpOptionsSet",
        tags(dhcpOptionsId="dopt-1")
        + items(
            "dhcpConfigurationSet",
            tags(key="domain-name") + items("valueSet", tags(value="corp.example")),
            tags(key="domain-name-servers") + items("valueSet", tags(value="10.0.0.53"), tags(value="10.0.1.53")),
        ),
    ),
)


def _vpc(options_id: str) -> Reply:
    return ec2("DescribeVpcs", items("vpcSet", tags(vpcId="vpc-1", cidrBlock="10.0.0.0/16", dhcpOptionsId=options_id)))


def test_the_name_servers_of_a_vpc_are_those_of_its_options() -> None:
    wire = Wire(_vpc("dopt-1"), OPTIONS)
    assert AwsDhcp(connect(wire)).of_vpc("vpc-1") == DhcpOptions("dopt-1", ("10.0.0.53", "10.0.1.53"))
    assert wire.sent[1].parameters["DhcpOptionsId.1"] == "dopt-1"


def test_a_vpc_without_options_names_no_server() -> None:
    wire = Wire(_vpc("default"))
    assert AwsDhcp(connect(wire)).of_vpc("vpc-1") == DhcpOptions("default", ())
    assert len(wire.sent) == 1


def test_options_that_are_not_told_are_not_none() -> None:
    nothing = ec2("DescribeDhcpOptions", items("dhcpOptionsSet"))
    with pytest.raises(UnavailableError, match="the answer to `ec2:DescribeDhcpOptions` has no `DhcpOptionsId`"):
        AwsDhcp(connect(Wire(_vpc("dopt-1"), nothing))).of_vpc("vpc-1")
