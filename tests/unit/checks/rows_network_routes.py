"""What the checks of routes and of the VPC's DNS say."""

from __future__ import annotations

from typing import Any

from hpctl.facts.network import NatGateway, Route
from hpctl.report.check import Finding
from tests.unit.builders import (
    a_finding,
    a_group,
    a_network,
    a_route,
    a_route_table,
    a_security_group,
    a_slurm_spec,
    a_spec,
    a_subnet,
    a_vpc,
    an_endpoint,
)
from tests.unit.checks.row import cannot_tell, fails, passes
from tests.unit.fakes import FakeAccount

_AT = ("network", "subnet_ids", 0)
_LOCAL = "10.0.0.0/16 to local (active)"


def _account(*routes: Route, **members: Any) -> FakeAccount:
    return FakeAccount().holding(a_route_table(*routes, **members))


def _public(
    seen: str, instead: str | None = None, subnet: str = "subnet-1", at: tuple[str | int, ...] = _AT
) -> Finding:
    return a_finding(
        "fail",
        subnet,
        f"`{subnet}` is public: its default route leads to an internet gateway",
        f"seen: {seen}",
        "needed: 0.0.0.0/0 to a NAT gateway",
        remedy=f"use a private subnet, for example {instead}"
        if instead
        else "use a subnet of `vpc-1` whose route table sends 0.0.0.0/0 to a NAT gateway",
        path=at,
    )


_IGW = a_route("igw-1")
_OWN_TABLE = {"route_table_id": "rtb-2", "main": False, "subnet_ids": ("subnet-1",)}

PRIVATE = (
    passes("network-subnet-private", "a NAT gateway on the main table", a_spec()),
    passes("network-subnet-private", "no way out", a_spec(), _account(a_route("local", "10.0.0.0/16"))),
    passes("network-subnet-private", "IPv6 out only", a_spec(), _account(a_route(), a_route("eigw-1", "::/0"))),
    passes(
        "network-subnet-private",
        "a few addresses by the internet gateway",
        a_spec(),
        _account(a_route(), a_route("igw-1", "52.0.0.0/8")),
    ),
    passes("network-subnet-private", "no network", a_slurm_spec(network=None)),
    passes(
        "network-subnet-private",
        "an own private table beside a public main table",
        a_spec(),
        FakeAccount().holding(a_route_table(_IGW), a_route_table(**_OWN_TABLE)),
    ),
    fails(
        "network-subnet-private",
        "a public main table",
        a_spec(),
        _public("0.0.0.0/0 to igw-1 in rtb-1"),
        account=_account(_IGW),
    ),
    fails(
        "network-subnet-private",
        "an own public table beside a private main table",
        a_spec(),
        _public("0.0.0.0/0 to igw-1 in rtb-2", "`subnet-9` (`usw2-az1`)"),
        account=FakeAccount().holding(
            a_route_table(subnet_ids=("subnet-7", "subnet-8", "subnet-9")),
            a_route_table(_IGW, **_OWN_TABLE),
            a_route_table(a_route("tgw-1"), main=False, subnet_ids=("subnet-6",)),
            a_route_table(a_route(state="blackhole"), main=False, subnet_ids=("subnet-6",)),
            a_subnet(),
            a_subnet("subnet-6", "usw2-az1", free_addresses=4000),
            a_subnet("subnet-7", "usw2-az1", free_addresses=90),
            a_subnet("subnet-8", "usw2-az2", free_addresses=4000),
            a_subnet("subnet-9", "usw2-az1", free_addresses=100),
        ),
    ),
    fails(
        "network-subnet-private",
        "IPv6 by an internet gateway",
        a_spec(),
        _public("::/0 to igw-1 in rtb-1"),
        account=_account(a_route(), a_route("igw-1", "::/0")),
    ),
    fails(
        "network-subnet-private",
        "the internet in two halves",
        a_spec(),
        _public("0.0.0.0/1 to igw-1 in rtb-1"),
        account=_account(a_route("igw-1", "0.0.0.0/1"), a_route("igw-1", "128.0.0.0/1")),
    ),
    fails(
        "network-subnet-private",
        "a group's own public subnet",
        a_spec(a_group("a"), a_group("b", override_network=a_network("subnet-2"))),
        _public(
            "0.0.0.0/0 to igw-1 in rtb-2",
            subnet="subnet-2",
            at=("instance_groups", 1, "override_network", "subnet_ids", 0),
        ),
        account=FakeAccount().holding(
            a_route_table(), a_route_table(_IGW, **{**_OWN_TABLE, "subnet_ids": ("subnet-2",)})
        ),
    ),
    cannot_tell(
        "network-subnet-private",
        "no route table",
        a_spec(),
        "could not look: no route table of `vpc-1` serves `subnet-1`",
        _account(vpc_id="vpc-other"),
    ),
    cannot_tell(
        "network-subnet-private",
        "a subnet that does not exist",
        a_spec(network=a_network("subnet-gone")),
        "could not look: subnets do not exist: `subnet-gone`",
    ),
)


def _stuck(seen: str, remedy: str, *also: str) -> Finding:
    return a_finding(
        "fail",
        "subnet-1",
        "nodes in `subnet-1` cannot reach AWS services",
        f"seen: {seen} in rtb-1, no interface endpoints in vpc-1",
        *also,
        "needed: 0.0.0.0/0 to a NAT gateway that is available, or the VPC endpoints",
        remedy=remedy,
        path=_AT,
    )


def _nat(verb: str) -> str:
    return (
        f"aws ec2 {verb}-route --region us-west-2 --route-table-id rtb-1 "
        "--destination-cidr-block 0.0.0.0/0 --nat-gateway-id nat-1"
    )


_MAKE_NAT = "make a NAT gateway in a public subnet of `vpc-1`, and send 0.0.0.0/0 of `rtb-1` there"


_TGW = a_route("tgw-1")


def _nat_in(route: Route, *, public: bool = True) -> FakeAccount:
    """The NAT gateway in a subnet whose own table has this route."""
    outside = a_route_table(route, **{**_OWN_TABLE, "subnet_ids": ("subnet-2",)})
    return FakeAccount().holding(a_route_table(), outside, NatGateway("nat-1", "subnet-2", public=public))


def _without_nat() -> FakeAccount:
    account = FakeAccount()
    account.network.nat_gateways.clear()
    return account


EGRESS = (
    passes("network-egress-path", "a NAT gateway", a_spec()),
    *(
        passes("network-egress-path", f"a default route to {target}", a_spec(), _account(a_route(target)))
        for target in ("tgw-1", "pcx-1", "eni-1", "vgw-1", "vpce-1")
    ),
    passes("network-egress-path", "no network", a_slurm_spec(network=None)),
    passes(
        "network-egress-path",
        "endpoints instead",
        a_spec(),
        _account(a_route("local", "10.0.0.0/16")).holding(an_endpoint("sts")),
    ),
    passes("network-egress-path", "an internet gateway, which another check judges", a_spec(), _account(_IGW)),
    fails(
        "network-egress-path",
        "no default route",
        a_spec(),
        _stuck("10.0.0.0/16 to local (active), 10.1.0.0/16 to tgw-1 (active)", _nat("create")),
        account=_account(a_route("tgw-1", "10.1.0.0/16")),
    ),
    fails(
        "network-egress-path",
        "a NAT gateway that is gone",
        a_spec(),
        _stuck(f"{_LOCAL}, 0.0.0.0/0 to nat-9 (blackhole)", _nat("replace")),
        account=_account(a_route("nat-9", state="blackhole")),
    ),
    fails(
        "network-egress-path",
        "a NAT gateway that is not available",
        a_spec(),
        _stuck(f"{_LOCAL}, 0.0.0.0/0 to nat-1 (active)", _MAKE_NAT),
        account=_without_nat(),
    ),
    passes("network-egress-path", "a NAT gateway in a public subnet", a_spec(), _nat_in(_IGW)),
    passes(
        "network-egress-path", "a private NAT gateway before another network", a_spec(), _nat_in(_TGW, public=False)
    ),
    *(
        fails(
            "network-egress-path",
            f"a NAT gateway in a subnet that leads nowhere ({case})",
            a_spec(),
            _stuck(
                f"{_LOCAL}, 0.0.0.0/0 to nat-1 (active)",
                _MAKE_NAT,
                "seen: nat-1 is in subnet-2, which leads nowhere itself",
            ),
            account=account,
        )
        for case, account in (
            ("private", _nat_in(_IGW, public=False)),
            ("a circle", _nat_in(a_route())),
            ("no internet gateway any more", _nat_in(a_route("igw-1", state="blackhole"))),
        )
    ),
    fails(
        "network-egress-path",
        "IPv6 out only",
        a_spec(),
        _stuck(f"{_LOCAL}, ::/0 to eigw-1 (active)", _nat("create")),
        account=_account(a_route("eigw-1", "::/0")),
    ),
    fails(
        "network-egress-path",
        "an endpoint of nothing that nodes need",
        a_spec(),
        _stuck(f"{_LOCAL}, 10.1.0.0/16 to tgw-1 (active)", _nat("create")),
        account=_account(a_route("tgw-1", "10.1.0.0/16")).holding(an_endpoint("guardduty-data")),
    ),
)


def _off(attribute: str) -> Finding:
    return a_finding(
        "fail",
        "vpc-1",
        f"`vpc-1` has its DNS {attribute} off",
        remedy=f"aws ec2 modify-vpc-attribute --region us-west-2 --vpc-id vpc-1 --enable-dns-{attribute}",
        path=("network",),
    )


DNS = (
    passes("network-dns", "both attributes", a_spec()),
    passes("network-dns", "no network", a_slurm_spec(network=None)),
    fails(
        "network-dns",
        "no hostnames",
        a_spec(),
        _off("hostnames"),
        account=FakeAccount().holding(a_vpc(dns_hostnames=False)),
    ),
    fails(
        "network-dns",
        "no support",
        a_slurm_spec(),
        _off("support"),
        account=FakeAccount().holding(a_vpc(dns_support=False)),
    ),
    fails(
        "network-dns",
        "neither",
        a_spec(),
        _off("support"),
        _off("hostnames"),
        account=FakeAccount().holding(a_vpc(dns_support=False, dns_hostnames=False)),
    ),
    cannot_tell(
        "network-dns",
        "no such VPC",
        a_spec(),
        "could not look: there is no VPC `vpc-1`",
        FakeAccount().holding(a_vpc("vpc-other")),
    ),
)


def _vpc_differs(resource_id: str, *evidence: str, at: tuple[str | int, ...]) -> Finding:
    return a_finding(
        "fail",
        resource_id,
        f"`{resource_id}` is in `vpc-2`, the rest of the network in `vpc-1`",
        *evidence,
        remedy="name subnets and security groups of one VPC, for example all of `vpc-1`",
        path=at,
    )


_TWO = a_network("subnet-1", "subnet-2")

SAME_VPC = (
    passes("network-same-vpc", "all in one", a_spec(network=_TWO)),
    passes("network-same-vpc", "no network", a_slurm_spec(network=None)),
    fails(
        "network-same-vpc",
        "a subnet of another VPC",
        a_spec(network=_TWO),
        _vpc_differs("subnet-2", "vpc-1: subnet-1, sg-nodes", "vpc-2: subnet-2", at=("network", "subnet_ids", 1)),
        account=FakeAccount().holding(a_subnet(), a_subnet("subnet-2", vpc_id="vpc-2")),
    ),
    fails(
        "network-same-vpc",
        "a group's own network in another VPC",
        a_spec(a_group("a"), a_group("b", override_network=a_network("subnet-2"))),
        _vpc_differs(
            "subnet-2",
            "vpc-1: subnet-1, sg-nodes",
            "vpc-2: subnet-2",
            at=("instance_groups", 1, "override_network", "subnet_ids", 0),
        ),
        account=FakeAccount().holding(a_subnet(), a_subnet("subnet-2", vpc_id="vpc-2")),
    ),
    fails(
        "network-same-vpc",
        "a security group of another VPC",
        a_spec(),
        _vpc_differs("sg-nodes", "vpc-1: subnet-1", "vpc-2: sg-nodes", at=("network", "security_group_ids", 0)),
        account=FakeAccount().holding(a_security_group(vpc_id="vpc-2")),
    ),
    cannot_tell(
        "network-same-vpc",
        "a subnet that does not exist",
        a_spec(network=a_network("subnet-1", "subnet-gone")),
        "could not look: subnets do not exist: `subnet-gone`",
    ),
)

ROWS = (*PRIVATE, *EGRESS, *DNS, *SAME_VPC)
