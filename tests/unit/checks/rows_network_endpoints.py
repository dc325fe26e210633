"""What the checks of VPC endpoints say."""

from __future__ import annotations

from typing import Any

from hpctl.facts.network import Direction, Permission, VpcEndpoint
from hpctl.report.check import Finding
from tests.unit.builders import (
    a_finding,
    a_group,
    a_network,
    a_permission,
    a_route_table,
    a_security_group,
    a_slurm_spec,
    a_spec,
    an_endpoint,
)
from tests.unit.checks.row import cannot_tell, fails, passes, warns
from tests.unit.fakes import FakeAccount

_EVERYWHERE = ("ec2", "ec2messages", "logs", "sagemaker.api", "ssm", "ssmmessages", "sts")
ON_EKS = (*_EVERYWHERE, "ecr.api", "ecr.dkr", "eks", "eks-auth")
_MOUNTED = {"fsx_lustre": {"dns_name": "fs-0123456789abcdef0.fsx.us-west-2.amazonaws.com", "mount_name": "fsx"}}


def closed(*endpoints: VpcEndpoint) -> FakeAccount:
    """Subnets whose NAT gateway is gone, and the endpoints."""
    account = FakeAccount().holding(a_route_table(), *(endpoints or (an_endpoint(state="deleted"),)))
    account.network.nat_gateways.clear()
    return account


def endpoints(*services: str, **members: Any) -> list[VpcEndpoint]:
    return [an_endpoint(service, **members) for service in services]


def _make(service: str, subnet: str = "subnet-1") -> str:
    return (
        "aws ec2 create-vpc-endpoint --region us-west-2 --vpc-id vpc-1 --vpc-endpoint-type Interface "
        f"--service-name com.amazonaws.us-west-2.{service} --private-dns-enabled "
        f"--subnet-ids {subnet} --security-group-ids sg-nodes"
    )


_MAKE_S3 = (
    "aws ec2 create-vpc-endpoint --region us-west-2 --vpc-id vpc-1 --vpc-endpoint-type Gateway "
    "--service-name com.amazonaws.us-west-2.s3 --route-table-ids rtb-1"
)
_ADD_S3 = "aws ec2 modify-vpc-endpoint --region us-west-2 --vpc-endpoint-id vpce-s3 --add-route-table-ids rtb-1"


def _missing(
    what: str, there: tuple[str, ...], *missing: str, remedy: str, subnet: str = "subnet-1", index: int = 0
) -> Finding:
    return a_finding(
        "fail",
        subnet,
        f"`{subnet}` has no way out, and no VPC endpoint for {what}",
        f"there: {', '.join(sorted(there))}",
        f"missing: {', '.join(missing)}",
        remedy=remedy,
        path=("network", "subnet_ids", index),
    )


_BOTH = a_network("subnet-1", "subnet-2")

COMPLETE = (
    passes("network-endpoints-complete", "a way out", a_spec()),
    passes("network-endpoints-complete", "every endpoint", a_spec(), closed(an_endpoint(), *endpoints(*ON_EKS))),
    passes(
        "network-endpoints-complete",
        "an interface endpoint of S3",
        a_spec(),
        closed(an_endpoint(kind="Interface", private_dns=True), *endpoints(*ON_EKS)),
    ),
    passes(
        "network-endpoints-complete", "those of Slurm", a_slurm_spec(), closed(an_endpoint(), *endpoints(*_EVERYWHERE))
    ),
    passes("network-endpoints-complete", "no network", a_slurm_spec(network=None)),
    passes("network-endpoints-complete", "none at all, which another check judges", a_spec(), closed(an_endpoint())),
    fails(
        "network-endpoints-complete",
        "those of Slurm on EKS",
        a_spec(),
        _missing(
            "4 of the services that nodes need",
            _EVERYWHERE,
            "ecr.api",
            "ecr.dkr",
            "eks",
            "eks-auth",
            remedy="\n".join(map(_make, ("ecr.api", "ecr.dkr", "eks", "eks-auth"))),
        ),
        account=closed(an_endpoint(), *endpoints(*_EVERYWHERE)),
    ),
    fails(
        "network-endpoints-complete",
        "one that failed",
        a_spec(),
        _missing("`sts`", tuple(one for one in ON_EKS if one != "sts"), "sts", remedy=_make("sts")),
        account=closed(
            an_endpoint(),
            *endpoints(*(one for one in ON_EKS if one != "sts")),
            an_endpoint("sts", state="failed"),
        ),
    ),
    fails(
        "network-endpoints-complete",
        "a file system and no endpoint of FSx",
        a_slurm_spec(a_group(storage=(_MOUNTED,))),
        _missing("`fsx`", _EVERYWHERE, "fsx", remedy=_make("fsx")),
        account=closed(an_endpoint(), *endpoints(*_EVERYWHERE)),
    ),
    fails(
        "network-endpoints-complete",
        "no endpoint of S3",
        a_spec(),
        _missing("`s3`", ON_EKS, "s3", remedy=_MAKE_S3),
        account=closed(*endpoints(*ON_EKS)),
    ),
    fails(
        "network-endpoints-complete",
        "a gateway of S3 on another route table",
        a_spec(),
        _missing("`s3`", ON_EKS, "s3", remedy=_ADD_S3),
        account=closed(an_endpoint(route_table_ids=("rtb-other",)), *endpoints(*ON_EKS)),
    ),
    fails(
        "network-endpoints-complete",
        "two subnets of one table without S3 and STS",
        a_spec(network=_BOTH),
        _missing(
            "2 of the services that nodes need",
            tuple(one for one in ON_EKS if one != "sts"),
            "s3",
            "sts",
            remedy=f"{_MAKE_S3}\n{_make('sts')}",
        ),
        account=closed(*endpoints(*(one for one in ON_EKS if one != "sts"))),
    ),
    fails(
        "network-endpoints-complete",
        "two closed subnets, one table without S3",
        a_spec(network=_BOTH),
        _missing("`s3`", ON_EKS, "s3", remedy=_ADD_S3.replace("rtb-1", "rtb-2"), subnet="subnet-2", index=1),
        account=closed(an_endpoint(), *endpoints(*ON_EKS)).holding(
            a_route_table(), a_route_table(route_table_id="rtb-2", main=False, subnet_ids=("subnet-2",))
        ),
    ),
    fails(
        "network-endpoints-complete",
        "two closed subnets of two tables without S3 and STS",
        a_spec(network=_BOTH),
        _missing(
            "2 of the services that nodes need",
            tuple(one for one in ON_EKS if one != "sts"),
            "s3",
            "sts",
            remedy=f"{_MAKE_S3}\n{_make('sts')}",
        ),
        _missing(
            "`s3`",
            tuple(one for one in ON_EKS if one != "sts"),
            "s3",
            remedy=_MAKE_S3.replace("rtb-1", "rtb-2"),
            subnet="subnet-2",
            index=1,
        ),
        account=closed(*endpoints(*(one for one in ON_EKS if one != "sts"))).holding(
            a_route_table(), a_route_table(route_table_id="rtb-2", main=False, subnet_ids=("subnet-2",))
        ),
    ),
    cannot_tell(
        "network-endpoints-complete",
        "a subnet that does not exist",
        a_spec(network=a_network("subnet-gone")),
        "could not look: subnets do not exist: `subnet-gone`",
    ),
)


def _guard(*rules: Permission) -> FakeAccount:
    """Endpoints of STS and logs behind a group of their own."""
    behind = endpoints("sts", "logs", security_group_ids=("sg-endpoints",))
    return FakeAccount().holding(
        *behind, a_security_group(), a_security_group("sg-endpoints", permissions=(a_permission(), *rules))
    )


def _https(**peer: str) -> Permission:
    return a_permission(Direction.IN, "tcp", ports=(443, 443), **peer)


def _shut(seen: str, group: str = "sg-nodes", at: tuple[str | int, ...] = ("network",)) -> Finding:
    return a_finding(
        "fail",
        "sg-endpoints",
        "`sg-endpoints` of VPC endpoints does not let nodes in on TCP port 443",
        "endpoints: logs, sts",
        f"seen in on 443: {seen}",
        f"needed in: tcp 443 {group}",
        remedy="aws ec2 authorize-security-group-ingress --region us-west-2 --group-id sg-endpoints "
        f"--protocol tcp --port 443 --source-group {group}",
        path=(*at, "security_group_ids"),
    )


GUARDS = (
    passes("network-endpoint-sg", "no interface endpoints", a_spec()),
    passes("network-endpoint-sg", "the nodes' own group", a_spec(), FakeAccount().holding(an_endpoint("sts"))),
    passes("network-endpoint-sg", "HTTPS from the nodes", a_spec(), _guard(_https(group_id="sg-nodes"))),
    passes(
        "network-endpoint-sg",
        "everything from the VPC",
        a_spec(),
        _guard(a_permission(Direction.IN, cidr="10.0.0.0/16")),
    ),
    passes("network-endpoint-sg", "no network", a_slurm_spec(network=None), _guard()),
    passes(
        "network-endpoint-sg",
        "an endpoint of nothing that nodes need",
        a_spec(),
        FakeAccount().holding(
            an_endpoint("execute-api", security_group_ids=("sg-x",)),
            a_security_group("sg-x", permissions=()),
            a_security_group(),
        ),
    ),
    passes(
        "network-endpoint-sg",
        "an endpoint without private names",
        a_spec(),
        FakeAccount().holding(
            an_endpoint("sts", private_dns=False, security_group_ids=("sg-x",)),
            a_security_group("sg-x", permissions=()),
            a_security_group(),
        ),
    ),
    fails("network-endpoint-sg", "nobody", a_spec(), _shut("no rule"), account=_guard()),
    fails(
        "network-endpoint-sg",
        "another group, and a part of the subnet",
        a_spec(),
        _shut("tcp 443 sg-other, tcp 443 10.0.0.0/24"),
        account=_guard(_https(group_id="sg-other"), _https(cidr="10.0.0.0/24")),
    ),
    fails(
        "network-endpoint-sg",
        "another port",
        a_spec(),
        _shut("no rule"),
        account=_guard(a_permission(Direction.IN, "tcp", ports=(80, 80), group_id="sg-nodes")),
    ),
    fails(
        "network-endpoint-sg",
        "one network of two",
        a_spec(a_group("a"), a_group("b", override_network=a_network("subnet-2", groups=("sg-own",)))),
        _shut("tcp 443 sg-nodes", "sg-own", ("instance_groups", 1, "override_network")),
        account=_guard(_https(group_id="sg-nodes")).holding(
            a_security_group(),
            a_security_group("sg-own"),
            a_security_group("sg-endpoints", permissions=(_https(group_id="sg-nodes"),)),
        ),
    ),
    cannot_tell(
        "network-endpoint-sg",
        "a prefix list",
        a_spec(),
        "could not look: hpctl does not read the prefix lists that `sg-endpoints` admits",
        _guard(_https(prefix_list_id="pl-1")),
    ),
    cannot_tell(
        "network-endpoint-sg",
        "a group that cannot be seen",
        a_spec(),
        "could not look: not all security groups of VPC endpoints can be seen: sg-x",
        FakeAccount().holding(an_endpoint("sts", security_group_ids=("sg-x",))),
    ),
    cannot_tell(
        "network-endpoint-sg",
        "groups that are not told",
        a_spec(),
        "could not look: the security groups of `vpce-sts` are not told",
        FakeAccount().holding(an_endpoint("sts", security_group_ids=())),
    ),
)

NAMES = (
    passes("network-endpoint-dns", "a way out", a_spec(), FakeAccount().holding(an_endpoint("sts", private_dns=False))),
    passes("network-endpoint-dns", "private names", a_spec(), closed(*endpoints("sts", "logs"))),
    passes("network-endpoint-dns", "no network", a_slurm_spec(network=None)),
    fails(
        "network-endpoint-dns",
        "one without",
        a_spec(network=_BOTH),
        a_finding(
            "fail",
            "vpce-sts",
            "`vpce-sts` does not answer to the name of `sts`",
            remedy="aws ec2 modify-vpc-endpoint --region us-west-2 --vpc-endpoint-id vpce-sts --private-dns-enabled",
        ),
        account=closed(an_endpoint("sts", private_dns=False), an_endpoint("logs")),
    ),
)


def _no_gateway(remedy: str) -> Finding:
    return a_finding("warn", "rtb-1", "`rtb-1` has no gateway endpoint of S3", remedy=remedy)


GATEWAY = (
    passes("network-s3-gateway", "a gateway", a_spec()),
    passes(
        "network-s3-gateway", "an interface endpoint", a_spec(), FakeAccount().holding(an_endpoint(kind="Interface"))
    ),
    passes("network-s3-gateway", "no way out", a_spec(), closed()),
    passes("network-s3-gateway", "no network", a_slurm_spec(network=None)),
    warns(
        "network-s3-gateway",
        "no endpoint",
        a_spec(network=_BOTH),
        _no_gateway(_MAKE_S3),
        account=FakeAccount().holding(an_endpoint("sts")),
    ),
    warns(
        "network-s3-gateway",
        "a gateway on another table",
        a_spec(),
        _no_gateway(_ADD_S3),
        account=FakeAccount().holding(an_endpoint(route_table_ids=("rtb-other",))),
    ),
    warns(
        "network-s3-gateway",
        "a gateway that is being deleted",
        a_spec(),
        _no_gateway(_MAKE_S3),
        account=FakeAccount().holding(an_endpoint(state="deleting")),
    ),
    warns(
        "network-s3-gateway",
        "a gateway of S3 Express",
        a_spec(),
        _no_gateway(_MAKE_S3),
        account=FakeAccount().holding(an_endpoint("s3express", kind="Gateway", route_table_ids=("rtb-1",))),
    ),
)

ROWS = (*COMPLETE, *GUARDS, *NAMES, *GATEWAY)
