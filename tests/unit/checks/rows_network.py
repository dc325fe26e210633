"""What the checks of `network` say of subnets, security groups and zones."""

from __future__ import annotations

from hpctl.report.check import Finding
from hpctl.spec.groups import InstanceGroup
from tests.unit.builders import (
    a_finding,
    a_group,
    a_network,
    a_plain_group,
    a_restricted_group,
    a_slurm_spec,
    a_spec,
    a_subnet,
    a_vpc,
)
from tests.unit.checks.row import cannot_tell, fails, notes, passes, warns
from tests.unit.fakes import FakeAccount


def _zones() -> FakeAccount:
    """Two subnets in zone 1, two in zone 2, one in zone 3, one that calls zone 2 by the name of zone 1."""
    return FakeAccount().holding(
        a_subnet("subnet-1", "usw2-az1", zone="us-west-2a"),
        a_subnet("subnet-1b", "usw2-az1", zone="us-west-2d"),
        a_subnet("subnet-2", "usw2-az2", zone="us-west-2b"),
        a_subnet("subnet-2b", "usw2-az2", zone="us-west-2a"),
        a_subnet("subnet-3", "usw2-az3", zone="us-west-2c"),
    )


def _absent(resource_id: str, *path: str | int) -> Finding:
    return a_finding(
        "fail",
        resource_id,
        f"`{resource_id}` does not exist in `us-west-2` of this account",
        remedy="compare the id, the Region and the account (`aws sts get-caller-identity`)",
        path=path,
    )


EXIST = (
    passes("network-ids-exist", "all ids known", a_spec()),
    passes("network-ids-exist", "no network", a_slurm_spec(network=None), FakeAccount().holding()),
    fails(
        "network-ids-exist",
        "an unknown subnet and an unknown group",
        a_spec(network=a_network("subnet-1", "subnet-x", groups=("sg-x", "sg-nodes"))),
        _absent("subnet-x", "network", "subnet_ids", 1),
        _absent("sg-x", "network", "security_group_ids", 0),
    ),
    fails(
        "network-ids-exist",
        "unknown ids of a group's own network",
        a_spec(a_group(), a_group("own", override_network=a_network("subnet-x", groups=("sg-x",)))),
        _absent("subnet-x", "instance_groups", 1, "override_network", "subnet_ids", 0),
        _absent("sg-x", "instance_groups", 1, "override_network", "security_group_ids", 0),
    ),
    fails(
        "network-ids-exist",
        "an unknown id of a restricted group, named twice",
        a_spec(
            restricted_instance_groups=(
                a_restricted_group(override_network=a_network("subnet-x")),
                a_restricted_group("other", override_network=a_network("subnet-x")),
            )
        ),
        _absent("subnet-x", "restricted_instance_groups", 0, "override_network", "subnet_ids", 0),
    ),
    fails(
        "network-ids-exist",
        "a subnet among the security groups",
        a_spec(network=a_network("subnet-1", groups=("subnet-1",))),
        _absent("subnet-1", "network", "security_group_ids", 0),
    ),
)


def _spans(group: str, *evidence: str, example: str, zone: str, path: tuple[str | int, ...]) -> Finding:
    return a_finding(
        "fail",
        f"instance group/{group}",
        f"EFA cannot cross Availability Zones, and the subnets of `{group}` are in {len(evidence)} of them",
        *evidence,
        remedy=f"give `{group}` subnets of one zone only, for example {example} (`{zone}`)",
        path=(*path, "subnet_ids"),
    )


def _cluster_spans(group: str) -> Finding:
    evidence = ("usw2-az1: subnet-1", "usw2-az2: subnet-2")
    return _spans(group, *evidence, example="`subnet-1`", zone="usw2-az1", path=("network",))


_APART = "EFA instance groups are in different Availability Zones and cannot talk to each other over EFA"


def _apart(*evidence: str) -> Finding:
    remedy = "move the groups into one zone, or say `multi_az: true` if no job spans them"
    return a_finding("fail", "cluster/ml-cluster", _APART, *evidence, remedy=remedy)


def _apart_on_purpose(*evidence: str) -> Finding:
    return a_finding("warn", "cluster/ml-cluster", _APART, *evidence)


def _in(name: str, *subnet_ids: str, **members: object) -> InstanceGroup:
    return a_group(name, override_network=a_network(*subnet_ids), **members)


_TWO_ZONES = a_network("subnet-1", "subnet-2")
_ONE_EFA_TYPE = {"instance_types": ("ml.c5.2xlarge", "ml.g5.8xlarge")}
_NO_EFA_TYPE = {"instance_types": ("ml.c5.2xlarge", "ml.c5.4xlarge")}

EFA_ONE_ZONE = (
    passes("network-efa-single-az", "one subnet", a_spec(), _zones()),
    passes(
        "network-efa-single-az", "two subnets of one zone", a_spec(network=a_network("subnet-1", "subnet-1b")), _zones()
    ),
    passes(
        "network-efa-single-az",
        "own subnets of one zone in a cluster of two",
        a_spec(_in("a", "subnet-1"), network=_TWO_ZONES),
        _zones(),
    ),
    passes(
        "network-efa-single-az",
        "two groups, one in its own network of the same zone",
        a_spec(a_group("a"), _in("b", "subnet-1b")),
        _zones(),
    ),
    passes("network-efa-single-az", "Slurm and the network of the service", a_slurm_spec(network=None), _zones()),
    passes(
        "network-efa-single-az",
        "a group without EFA in two zones",
        a_spec(a_plain_group(), network=_TWO_ZONES),
        _zones(),
    ),
    passes(
        "network-efa-single-az",
        "a group without EFA in a zone of its own",
        a_spec(a_group("a"), a_plain_group("b", override_network=a_network("subnet-2"))),
        _zones(),
    ),
    passes(
        "network-efa-single-az",
        "types without EFA in two zones",
        a_spec(a_group("mixed", instance_requirements=_NO_EFA_TYPE), network=_TWO_ZONES),
        _zones(),
    ),
)

EFA_SPANS = (
    fails(
        "network-efa-single-az",
        "the cluster's subnets in two zones",
        a_spec(network=_TWO_ZONES),
        _cluster_spans("workers"),
        account=_zones(),
    ),
    fails(
        "network-efa-single-az",
        "two groups that inherit two zones",
        a_spec(a_group("a"), a_group("b"), network=_TWO_ZONES),
        _cluster_spans("a"),
        _cluster_spans("b"),
        account=_zones(),
    ),
    fails(
        "network-efa-single-az",
        "zones of one name but two ids",
        a_spec(network=a_network("subnet-1", "subnet-2b")),
        _spans(
            "workers",
            "usw2-az1: subnet-1",
            "usw2-az2: subnet-2b",
            example="`subnet-1`",
            zone="usw2-az1",
            path=("network",),
        ),
        account=_zones(),
    ),
    fails(
        "network-efa-single-az",
        "own subnets in two zones in a cluster of one",
        a_spec(_in("a", "subnet-1", "subnet-2", "subnet-2b")),
        _spans(
            "a",
            "usw2-az1: subnet-1",
            "usw2-az2: subnet-2, subnet-2b",
            example="`subnet-2`, `subnet-2b`",
            zone="usw2-az2",
            path=("instance_groups", 0, "override_network"),
        ),
        account=_zones(),
    ),
    fails(
        "network-efa-single-az",
        "both the cluster's and a group's own subnets in two zones",
        a_spec(a_group("a"), _in("b", "subnet-1", "subnet-3"), network=_TWO_ZONES),
        _cluster_spans("a"),
        _spans(
            "b",
            "usw2-az1: subnet-1",
            "usw2-az3: subnet-3",
            example="`subnet-1`",
            zone="usw2-az1",
            path=("instance_groups", 1, "override_network"),
        ),
        account=_zones(),
    ),
    fails(
        "network-efa-single-az",
        "a restricted group in two zones",
        a_spec(a_plain_group(), restricted_instance_groups=(a_restricted_group(),), network=_TWO_ZONES),
        _cluster_spans("nova"),
        account=_zones(),
    ),
    fails(
        "network-efa-single-az",
        "a restricted group's own subnets in two zones",
        a_spec(
            a_plain_group(),
            restricted_instance_groups=(a_restricted_group(override_network=a_network("subnet-1", "subnet-2")),),
        ),
        _spans(
            "nova",
            "usw2-az1: subnet-1",
            "usw2-az2: subnet-2",
            example="`subnet-1`",
            zone="usw2-az1",
            path=("restricted_instance_groups", 0, "override_network"),
        ),
        account=_zones(),
    ),
    fails(
        "network-efa-single-az",
        "one EFA type among several",
        a_spec(a_group("mixed", instance_requirements=_ONE_EFA_TYPE), network=_TWO_ZONES),
        _cluster_spans("mixed"),
        account=_zones(),
    ),
    fails(
        "network-efa-single-az",
        "two zones although multi_az",
        a_spec(network=_TWO_ZONES, multi_az=True),
        _cluster_spans("workers"),
        account=_zones(),
    ),
    fails(
        "network-efa-single-az",
        "a CPU type with EFA in two zones",
        a_spec(a_plain_group("workers", type="ml.c5n.18xlarge"), network=_TWO_ZONES),
        _cluster_spans("workers"),
        account=_zones(),
    ),
    fails(
        "network-efa-single-az",
        "two zones seen and a third subnet unknown",
        a_spec(network=a_network("subnet-1", "subnet-2", "subnet-x")),
        _cluster_spans("workers"),
        account=_zones(),
        reason="could not look: subnets of EFA groups do not exist: `subnet-x`",
    ),
)

EFA_APART = (
    fails(
        "network-efa-single-az",
        "two groups in two zones",
        a_spec(a_group("a"), _in("b", "subnet-2")),
        _apart("a: usw2-az1", "b: usw2-az2"),
        account=_zones(),
    ),
    fails(
        "network-efa-single-az",
        "two groups of one name in two zones",
        a_spec(_in("a", "subnet-1"), _in("a", "subnet-2")),
        _apart("a: usw2-az1", "a: usw2-az2"),
        account=_zones(),
    ),
    fails(
        "network-efa-single-az",
        "a restricted group in another zone",
        a_spec(a_group("a"), restricted_instance_groups=(a_restricted_group(override_network=a_network("subnet-2")),)),
        _apart("a: usw2-az1", "nova: usw2-az2"),
        account=_zones(),
    ),
    fails(
        "network-efa-single-az",
        "a list with one EFA type in another zone",
        a_spec(
            a_group("a"), a_group("mixed", override_network=a_network("subnet-2"), instance_requirements=_ONE_EFA_TYPE)
        ),
        _apart("a: usw2-az1", "mixed: usw2-az2"),
        account=_zones(),
    ),
    fails(
        "network-efa-single-az",
        "a group that spans zones, one of them another group's",
        a_spec(_in("a", "subnet-1", "subnet-2"), _in("b", "subnet-1")),
        _spans(
            "a",
            "usw2-az1: subnet-1",
            "usw2-az2: subnet-2",
            example="`subnet-1`",
            zone="usw2-az1",
            path=("instance_groups", 0, "override_network"),
        ),
        account=_zones(),
    ),
    fails(
        "network-efa-single-az",
        "a group that spans zones, none of them another group's",
        a_spec(_in("a", "subnet-1", "subnet-2"), _in("b", "subnet-3")),
        _spans(
            "a",
            "usw2-az1: subnet-1",
            "usw2-az2: subnet-2",
            example="`subnet-1`",
            zone="usw2-az1",
            path=("instance_groups", 0, "override_network"),
        ),
        _apart("a: usw2-az1, usw2-az2", "b: usw2-az3"),
        account=_zones(),
    ),
    warns(
        "network-efa-single-az",
        "two groups in two zones on purpose",
        a_spec(a_group("a"), _in("b", "subnet-2"), multi_az=True),
        _apart_on_purpose("a: usw2-az1", "b: usw2-az2"),
        account=_zones(),
    ),
)

EFA_UNSEEN = (
    cannot_tell(
        "network-efa-single-az",
        "a subnet that does not exist",
        a_spec(network=a_network("subnet-1", "subnet-x")),
        "could not look: subnets of EFA groups do not exist: `subnet-x`",
        _zones(),
    ),
    passes(
        "network-efa-single-az",
        "an unknown subnet of a group without EFA",
        a_spec(a_plain_group(), network=a_network("subnet-1", "subnet-x")),
        _zones(),
    ),
)

_PICKS = a_finding(
    "note",
    "cluster/ml-cluster",
    "HyperPod picks one of the cluster's subnets for all groups without a network of their own",
    "zones: usw2-az1, usw2-az2",
    path=("network", "subnet_ids"),
)

SEVERAL = (
    passes(
        "network-multi-subnet",
        "one zone",
        a_spec(a_plain_group(), network=a_network("subnet-1", "subnet-1b")),
        _zones(),
    ),
    passes("network-multi-subnet", "no network", a_slurm_spec(network=None), _zones()),
    passes("network-multi-subnet", "an EFA group, which another check judges", a_spec(network=_TWO_ZONES), _zones()),
    passes(
        "network-multi-subnet",
        "a network of its own for every group",
        a_spec(a_plain_group(override_network=a_network("subnet-1")), network=_TWO_ZONES),
        _zones(),
    ),
    notes("network-multi-subnet", "two zones", a_spec(a_plain_group(), network=_TWO_ZONES), _PICKS, account=_zones()),
    notes(
        "network-multi-subnet",
        "two zones, and EFA groups in networks of their own",
        a_spec(a_plain_group(), _in("a", "subnet-1"), network=_TWO_ZONES),
        _PICKS,
        account=_zones(),
    ),
)


def _resolving(*servers: str, options: str = "dopt-1") -> FakeAccount:
    account = FakeAccount().holding(a_vpc(dhcp_options_id=options))
    account.dhcp.name_servers = servers
    return account


def _elsewhere(seen: str) -> Finding:
    return a_finding(
        "warn",
        "vpc-1",
        "`vpc-1` does not send nodes to Amazon's resolver",
        f"seen: {seen}",
        "needed: AmazonProvidedDNS, or servers that pass `amazonaws.com` on to it",
        remedy="aws ec2 associate-dhcp-options --region us-west-2 --vpc-id vpc-1 --dhcp-options-id "
        "$(aws ec2 create-dhcp-options --region us-west-2 --dhcp-configurations "
        "Key=domain-name-servers,Values=AmazonProvidedDNS --query DhcpOptions.DhcpOptionsId --output text)",
        path=("network", "subnet_ids", 0),
    )


RESOLVERS = (
    passes("network-dhcp", "Amazon's own", a_spec()),
    passes("network-dhcp", "Amazon's own among others", a_spec(), _resolving("10.0.0.53", "AmazonProvidedDNS")),
    warns(
        "network-dhcp",
        "two of the company's, told once",
        a_spec(network=a_network("subnet-1", "subnet-2")),
        _elsewhere("10.0.0.53, 10.0.1.53"),
        account=_resolving("10.0.0.53", "10.0.1.53"),
    ),
    warns("network-dhcp", "none", a_spec(), _elsewhere("no name server"), account=_resolving(options="default")),
)

ROWS = (*RESOLVERS, *EXIST, *EFA_ONE_ZONE, *EFA_SPANS, *EFA_APART, *EFA_UNSEEN, *SEVERAL)
