"""What there is in an account to choose from, as a Protocol; `adapters/aws/account.py` implements it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from hpctl.facts.network import SecurityGroup, Subnet
from hpctl.facts.records import Role


@dataclass(frozen=True, slots=True)
class NamedVpc:
    """One VPC of a list (EC2 DescribeVpcs), with the name that its tags give it."""

    vpc_id: str
    cidr: str
    name: str


class Account(Protocol):
    """Lists of what an account has in a Region.

    Every method may raise `AccessError`, `UnavailableError` or `RefusedError`.
    """

    def regions(self) -> tuple[str, ...]:
        """Return the Regions that are enabled for the account."""
        ...

    def eks_clusters(self) -> tuple[str, ...]:
        """Return the names of the EKS clusters of the Region."""
        ...

    def vpcs(self) -> tuple[NamedVpc, ...]:
        """Return the VPCs of the Region."""
        ...

    def subnets_in(self, vpc_id: str) -> tuple[Subnet, ...]:
        """Return the subnets of a VPC."""
        ...

    def security_groups_in(self, vpc_id: str) -> tuple[SecurityGroup, ...]:
        """Return the security groups of a VPC, with their rules."""
        ...

    def roles(self) -> tuple[Role, ...]:
        """Return the roles that people made: those that services own, and nobody can pass on, are left out."""
        ...

    def buckets(self) -> tuple[str, ...]:
        """Return the names of the buckets of the account, whatever their Region."""
        ...
