from __future__ import annotations

import pytest

from hpctl.adapters.aws.dhcp import AwsDhcp
from hpctl.errors import UnavailableError
from hpctl.facts.dhcp import DhcpOptions
from tests.unit.adapters.test_network import ec2, items, tags
from tests.unit.adapters.wire import Wire, connect

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


def test_the_name_servers_are_read_and_the_other_options_passed_over() -> None:
    wire = Wire(OPTIONS)
    assert AwsDhcp(connect(wire)).options("dopt-1") == DhcpOptions("dopt-1", ("10.0.0.53", "10.0.1.53"))
    assert wire.sent[0].parameters["DhcpOptionsId.1"] == "dopt-1"


def test_options_that_are_not_told_are_not_none() -> None:
    nothing = ec2("DescribeDhcpOptions", items("dhcpOptionsSet"))
    with pytest.raises(UnavailableError, match="the answer to `ec2:DescribeDhcpOptions` has no `DhcpOptionsId`"):
        AwsDhcp(connect(Wire(nothing))).options("dopt-1")
