"""Network ACLs as EC2 tells them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hpctl.adapters.aws.errors import reads
from hpctl.facts.network import AclEntry, Direction, NetworkAcl


@reads("ec2:DescribeNetworkAcls")
def network_acl_of(row: Mapping[str, Any]) -> NetworkAcl:
    """Read one ACL of DescribeNetworkAcls, its entries in the order in which they decide."""
    entries = sorted(map(_entry_of, row["Entries"]), key=lambda entry: entry.number)
    return NetworkAcl(
        acl_id=row["NetworkAclId"],
        vpc_id=row["VpcId"],
        subnet_ids=tuple(one["SubnetId"] for one in row["Associations"]),
        entries=tuple(entries),
    )


def _entry_of(row: Mapping[str, Any]) -> AclEntry:
    ports = row.get("PortRange", {})
    return AclEntry(
        number=row["RuleNumber"],
        direction=Direction.OUT if row["Egress"] else Direction.IN,
        allow=row["RuleAction"] == "allow",
        protocol=row["Protocol"],
        cidr=row.get("CidrBlock") or row["Ipv6CidrBlock"],
        from_port=ports.get("From"),
        to_port=ports.get("To"),
    )
