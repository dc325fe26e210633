"""What the check of network ACLs says."""

from __future__ import annotations

from typing import Any, Literal

from hpctl.facts.network import AclEntry, Direction
from hpctl.report.check import Finding
from tests.unit.builders import (
    a_finding,
    a_network,
    a_network_acl,
    a_plain_group,
    a_slurm_spec,
    a_spec,
    a_vpc,
    an_acl_entry,
    an_endpoint,
)
from tests.unit.checks.row import cannot_tell, fails, passes, warns
from tests.unit.checks.rows_network_endpoints import ON_EKS, closed, endpoints
from tests.unit.fakes import FakeAccount

ID = "network-nacl"


def _in(**members: Any) -> AclEntry:
    return an_acl_entry(Direction.IN, **members)


def _out(**members: Any) -> AclEntry:
    return an_acl_entry(Direction.OUT, **members)


_HTTPS = {"protocol": "6", "from_port": 443, "to_port": 443}
_ANSWERS = {"protocol": "6", "from_port": 1024, "to_port": 65535}
_LAST = {"number": 32767, "allow": False}


def _account(*entries: AclEntry) -> FakeAccount:
    return FakeAccount().holding(a_network_acl(*entries))


def _behind(*entries: AclEntry) -> FakeAccount:
    """A network closed on purpose."""
    return closed(an_endpoint(), *endpoints(*ON_EKS)).holding(a_network_acl(*entries))


def _shut(
    direction: Literal["in", "out"],
    seen: str,
    *,
    number: int = 100,
    peer: str = "0.0.0.0/0",
    some: str = "",
    remedy: str | None = None,
) -> Finding:
    what, ports = {"in": ("answers into", "1024-65535"), "out": ("HTTPS out of", "443")}[direction]
    first, last = {"in": (1024, 65535), "out": (443, 443)}[direction]
    way = {"in": "--ingress", "out": "--egress"}[direction]
    return a_finding(
        "warn" if some else "fail",
        "acl-1",
        f"`acl-1` does not let {some}{what} `subnet-1`",
        f"seen {direction}: {seen}",
        f"needed {direction}: allow tcp {ports} {peer}",
        remedy=remedy
        or "aws ec2 create-network-acl-entry --region us-west-2 --network-acl-id acl-1 "
        f"--rule-number {number} --protocol tcp --port-range From={first},To={last} --cidr-block {peer} "
        f"--rule-action allow {way}",
        path=("network", "subnet_ids", 0),
    )


ROWS = (
    passes(ID, "everything open", a_spec()),
    passes(ID, "no network", a_slurm_spec(network=None)),
    passes(ID, "just what is needed", a_spec(), _account(_out(**_HTTPS), _in(**_ANSWERS), _in(**_LAST), _out(**_LAST))),
    passes(ID, "the ports of Linux", a_spec(), _account(_out(), _in(protocol="6", from_port=32768, to_port=60999))),
    passes(ID, "a denial after it", a_spec(), _account(_out(), _in(), _in(number=200, allow=False))),
    passes(ID, "a denial of other ports", a_spec(), _account(_out(), _in(number=1, allow=False, **_HTTPS), _in())),
    passes(
        ID,
        "a denial of some addresses",
        a_spec(),
        _account(_out(), _in(number=1, allow=False, cidr="1.2.3.0/24"), _in()),
    ),
    passes(
        ID,
        "the VPC alone, where endpoints stand in for the way out",
        a_spec(),
        _behind(_out(cidr="10.0.0.0/8", **_HTTPS), _in(cidr="10.0.0.0/8", **_ANSWERS)),
    ),
    passes(ID, "IPv6 beside it", a_spec(), _behind(_out(), _in()).holding(a_vpc(cidrs=("10.0.0.0/16", "fd00::/56")))),
    fails(
        ID,
        "nothing open",
        a_spec(),
        _shut("out", "32767 deny all 0.0.0.0/0"),
        _shut("in", "32767 deny all 0.0.0.0/0"),
        account=_account(_in(**_LAST), _out(**_LAST)),
    ),
    fails(
        ID,
        "answers shut out",
        a_spec(),
        _shut("in", "100 allow tcp 443 0.0.0.0/0", number=99),
        account=_account(_out(), _in(**_HTTPS)),
    ),
    fails(
        ID,
        "a denial in front",
        a_spec(),
        _shut("out", "40 deny tcp 443 0.0.0.0/0, 100 allow all 0.0.0.0/0", number=39),
        account=_account(_out(number=40, allow=False, **_HTTPS), _out(), _in()),
    ),
    fails(
        ID,
        "a denial as number one",
        a_spec(),
        _shut(
            "out",
            "1 deny all 0.0.0.0/0",
            remedy="delete the entries of `acl-1` that deny it, or give them higher numbers",
        ),
        account=_account(_out(number=1, allow=False), _in()),
    ),
    fails(
        ID,
        "UDP alone",
        a_spec(),
        _shut("out", "100 allow udp 0.0.0.0/0", number=99),
        account=_account(_out(protocol="17"), _in()),
    ),
    fails(
        ID,
        "the VPC alone, and a NAT gateway",
        a_spec(),
        _shut("out", "100 allow all 10.0.0.0/16", number=99),
        account=_account(_out(cidr="10.0.0.0/16"), _in()),
    ),
    fails(
        ID,
        "a second range of the VPC",
        a_spec(),
        _shut("in", "100 allow all 10.0.0.0/16", number=99, peer="100.64.0.0/16"),
        account=_behind(_out(), _in(cidr="10.0.0.0/16")).holding(a_vpc(cidrs=("10.0.0.0/16", "100.64.0.0/16"))),
    ),
    fails(
        ID,
        "two subnets behind it",
        a_spec(a_plain_group(), network=a_network("subnet-1", "subnet-2")),
        _shut("in", "no entry"),
        account=_account(_out()),
    ),
    warns(
        ID,
        "public addresses in part",
        a_spec(),
        _shut("out", "100 allow tcp 443 52.94.0.0/16", number=99, some="all "),
        account=_account(_out(cidr="52.94.0.0/16", **_HTTPS), _in()),
    ),
    cannot_tell(
        ID,
        "an ACL that is not told",
        a_spec(),
        "could not look: no network ACL of `vpc-1` is told for `subnet-1`",
        FakeAccount().holding(a_network_acl(subnet_ids=("subnet-2",))),
    ),
)
