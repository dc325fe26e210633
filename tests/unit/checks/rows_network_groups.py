"""What the checks of security groups say."""

from __future__ import annotations

from typing import Literal

from hpctl.facts.network import Direction, Permission
from hpctl.report.check import Finding
from tests.unit.builders import (
    a_finding,
    a_group,
    a_network,
    a_permission,
    a_plain_group,
    a_security_group,
    a_slurm_spec,
    a_spec,
    an_endpoint,
)
from tests.unit.checks.row import cannot_tell, fails, passes, warns
from tests.unit.checks.rows_network_endpoints import ON_EKS, closed
from tests.unit.fakes import FakeAccount

_AT = ("network", "security_group_ids", 0)
_IN = a_permission(Direction.IN, group_id="sg-nodes")
_OUT = a_permission(Direction.OUT, group_id="sg-nodes")
_OPEN = a_permission()


def _account(*rules: Permission, group_id: str = "sg-nodes") -> FakeAccount:
    return FakeAccount().holding(a_security_group(group_id, permissions=rules))


def _closed_in(seen: str, group: str = "sg-nodes", at: tuple[str | int, ...] = _AT) -> Finding:
    return a_finding(
        "fail",
        group,
        f"`{group}` does not let its members' traffic in on all protocols",
        f"seen in: {seen}",
        f"needed in: -1 {group}",
        remedy=f"aws ec2 authorize-security-group-ingress --region us-west-2 --group-id {group} "
        f"--protocol -1 --source-group {group}",
        path=at,
    )


def _closed_out(seen: str, group: str = "sg-nodes", at: tuple[str | int, ...] = _AT) -> Finding:
    return a_finding(
        "fail",
        group,
        f"`{group}` does not let its members' traffic out on all protocols",
        f"seen out: {seen}",
        f"needed out: -1 {group}",
        remedy=f"aws ec2 authorize-security-group-egress --region us-west-2 --group-id {group} "
        f"--ip-permissions 'IpProtocol=-1,UserIdGroupPairs=[{{GroupId={group}}}]'",
        path=at,
    )


_OWN = a_network("subnet-1", groups=("sg-own", "sg-nodes"))

SELF_REFERENCE = (
    passes("network-sg-self-ref", "rules for itself both ways", a_spec(), _account(_IN, _OUT)),
    passes("network-sg-self-ref", "Slurm", a_slurm_spec()),
    passes("network-sg-self-ref", "no network", a_slurm_spec(network=None), FakeAccount()),
    passes(
        "network-sg-self-ref",
        "a bad group of the cluster that every group overrides",
        a_spec(a_group(override_network=a_network(groups=("sg-own",))), network=a_network(groups=("sg-nodes",))),
        FakeAccount().holding(a_security_group("sg-own"), a_security_group("sg-nodes", permissions=())),
    ),
    fails(
        "network-sg-self-ref",
        "out to everybody only",
        a_spec(),
        _closed_out("-1 0.0.0.0/0"),
        account=_account(_IN, _OPEN),
    ),
    fails(
        "network-sg-self-ref",
        "out to everybody on IPv6 only",
        a_spec(),
        _closed_out("-1 ::/0"),
        account=_account(_IN, a_permission(cidr="::/0")),
    ),
    fails("network-sg-self-ref", "in from nobody", a_spec(), _closed_in("no rule"), account=_account(_OUT, _OPEN)),
    fails(
        "network-sg-self-ref",
        "no rule at all",
        a_spec(a_plain_group()),
        _closed_in("no rule"),
        _closed_out("no rule"),
        account=_account(),
    ),
    fails(
        "network-sg-self-ref",
        "TCP of itself only",
        a_spec(),
        _closed_in("tcp 0-65535 sg-nodes"),
        account=_account(a_permission(Direction.IN, "tcp", ports=(0, 65535), group_id="sg-nodes"), _OUT),
    ),
    fails(
        "network-sg-self-ref",
        "another group instead of itself",
        a_spec(),
        _closed_out("-1 sg-other, -1 0.0.0.0/0"),
        account=_account(_IN, a_permission(group_id="sg-other"), _OPEN),
    ),
    fails(
        "network-sg-self-ref",
        "a second group that is closed",
        a_spec(network=a_network(groups=("sg-nodes", "sg-more"))),
        _closed_in("no rule", "sg-more", ("network", "security_group_ids", 1)),
        _closed_out("-1 0.0.0.0/0", "sg-more", ("network", "security_group_ids", 1)),
        account=FakeAccount().holding(a_security_group(), a_security_group("sg-more", permissions=(_OPEN,))),
    ),
    fails(
        "network-sg-self-ref",
        "a closed group of a group's own network",
        a_spec(a_group("a"), a_group("b", override_network=_OWN)),
        _closed_in("no rule", "sg-own", ("instance_groups", 1, "override_network", "security_group_ids", 0)),
        account=FakeAccount().holding(
            a_security_group(),
            a_security_group("sg-own", permissions=(a_permission(group_id="sg-own"),)),
        ),
    ),
    cannot_tell(
        "network-sg-self-ref",
        "a group that does not exist",
        a_spec(network=a_network(groups=("sg-gone",))),
        "could not look: security groups do not exist: `sg-gone`",
    ),
)


def _shut_in(
    seen: str,
    group: str = "sg-nodes",
    at: tuple[str | int, ...] = ("network",),
    what: str = "AWS services",
    level: Literal["fail", "warn"] = "fail",
) -> Finding:
    return a_finding(
        level,
        group,
        f"no rule lets nodes reach {what} over HTTPS",
        f"seen out: {seen}",
        "needed out: -1 0.0.0.0/0, or tcp 443 to the VPC endpoints",
        remedy=f"aws ec2 authorize-security-group-egress --region us-west-2 --group-id {group} "
        "--ip-permissions 'IpProtocol=-1,IpRanges=[{CidrIp=0.0.0.0/0}]'",
        path=(*at, "security_group_ids"),
    )


def _https(**peer: str) -> Permission:
    return a_permission(Direction.OUT, "tcp", ports=(443, 443), **peer)


def _with_endpoints(*rules: Permission) -> FakeAccount:
    services = (an_endpoint(name, security_group_ids=("sg-endpoints",)) for name in ON_EKS)
    s3 = an_endpoint("s3", kind="Interface", private_dns=True, subnet_ids=("subnet-2",), security_group_ids=("sg-s3",))
    return _account(_IN, _OUT, *rules).holding(*services, s3)


_S3_AMONG_NODES = an_endpoint(
    "s3", kind="Interface", private_dns=True, subnet_ids=("subnet-1",), security_group_ids=("sg-nodes",)
)

EGRESS = (
    passes("network-sg-egress", "everything out", a_spec()),
    passes("network-sg-egress", "HTTPS out", a_spec(), _account(_https(cidr="0.0.0.0/0"))),
    passes(
        "network-sg-egress",
        "a range of ports out",
        a_spec(),
        _account(a_permission(Direction.OUT, "6", ports=(1, 1024))),
    ),
    passes("network-sg-egress", "no network", a_slurm_spec(network=None)),
    passes(
        "network-sg-egress",
        "HTTPS to the endpoints' groups",
        a_spec(),
        _with_endpoints(_https(group_id="sg-endpoints"), _https(group_id="sg-s3")),
    ),
    passes(
        "network-sg-egress",
        "everything out in two halves",
        a_spec(),
        _account(a_permission(cidr="0.0.0.0/1"), a_permission(cidr="128.0.0.0/1")),
    ),
    passes(
        "network-sg-egress",
        "endpoints in the nodes' own group",
        a_spec(),
        _account(_IN, _OUT).holding(*(an_endpoint(name) for name in ON_EKS), _S3_AMONG_NODES),
    ),
    passes("network-sg-egress", "HTTPS to the VPC", a_spec(), _with_endpoints(_https(cidr="10.0.0.0/8"))),
    passes(
        "network-sg-egress",
        "HTTPS to the endpoints' subnets",
        a_spec(),
        _with_endpoints(_https(cidr="10.0.0.0/20"), _https(cidr="10.0.16.0/20")),
    ),
    passes("network-sg-egress", "HTTPS to a prefix list", a_spec(), _with_endpoints(_https(prefix_list_id="pl-1"))),
    passes(
        "network-sg-egress",
        "one of two groups open",
        a_spec(network=a_network(groups=("sg-nodes", "sg-more"))),
        FakeAccount().holding(a_security_group(permissions=(_IN, _OUT)), a_security_group("sg-more")),
    ),
    fails("network-sg-egress", "no rule", a_spec(), _shut_in("no rule"), account=_account()),
    fails("network-sg-egress", "itself only", a_spec(), _shut_in("-1 sg-nodes"), account=_account(_IN, _OUT)),
    fails(
        "network-sg-egress",
        "HTTPS to the VPC without endpoints",
        a_spec(),
        _shut_in("tcp 443 10.0.0.0/16"),
        account=_account(_https(cidr="10.0.0.0/16")),
    ),
    fails(
        "network-sg-egress",
        "HTTP only",
        a_spec(),
        _shut_in("tcp 80 0.0.0.0/0"),
        account=_account(a_permission(Direction.OUT, "tcp", ports=(80, 80))),
    ),
    fails(
        "network-sg-egress",
        "UDP only",
        a_spec(),
        _shut_in("udp 443 0.0.0.0/0"),
        account=_account(a_permission(Direction.OUT, "udp", ports=(443, 443))),
    ),
    fails(
        "network-sg-egress",
        "HTTPS to a part of the VPC beside endpoints",
        a_spec(),
        _shut_in("-1 sg-nodes, tcp 443 10.0.1.0/24"),
        account=_with_endpoints(_https(cidr="10.0.1.0/24")),
    ),
    fails(
        "network-sg-egress",
        "endpoints in the nodes' own group and S3's gateway beyond it",
        a_spec(),
        _shut_in("-1 sg-nodes", what="`s3`"),
        account=_account(_IN, _OUT).holding(*(an_endpoint(name) for name in ("s3", *ON_EKS))),
    ),
    fails(
        "network-sg-egress",
        "a NAT gateway beyond the rules, and an endpoint for all services but one",
        a_spec(),
        _shut_in("-1 sg-nodes", what="`sts`"),
        account=_account(_IN, _OUT).holding(*(an_endpoint(name) for name in ON_EKS if name != "sts"), _S3_AMONG_NODES),
    ),
    passes(
        "network-sg-egress",
        "a closed network that lacks an endpoint, which another check says",
        a_spec(),
        closed(_S3_AMONG_NODES, *(an_endpoint(name) for name in ON_EKS if name != "sts")).holding(
            a_security_group(permissions=(_IN, _OUT))
        ),
    ),
    warns(
        "network-sg-egress",
        "HTTPS to some public addresses",
        a_spec(),
        _shut_in("tcp 443 52.94.0.0/16", level="warn"),
        account=_account(_https(cidr="52.94.0.0/16")),
    ),
    fails(
        "network-sg-egress",
        "IPv6 only",
        a_spec(),
        _shut_in("-1 ::/0"),
        account=_account(a_permission(cidr="::/0")),
    ),
    fails(
        "network-sg-egress",
        "two groups of one closed network",
        a_spec(a_group("a"), a_group("b")),
        _shut_in("-1 sg-nodes"),
        account=_account(_IN, _OUT),
    ),
    fails(
        "network-sg-egress",
        "a closed group of a group's own network",
        a_spec(a_group("a"), a_group("b", override_network=a_network(groups=("sg-own",)))),
        _shut_in("no rule", "sg-own", ("instance_groups", 1, "override_network")),
        account=FakeAccount().holding(a_security_group(), a_security_group("sg-own", permissions=())),
    ),
)

ROWS = (*SELF_REFERENCE, *EGRESS)
