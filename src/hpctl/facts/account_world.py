"""The part of the World that is lists of what there is to choose from."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Iterable
from typing import TypeVar

from hpctl.facts.account_ports import NamedVpc
from hpctl.facts.network import SecurityGroup, Subnet
from hpctl.facts.ports import Ports
from hpctl.facts.records import Role

T = TypeVar("T")


class AccountWorld(ABC):
    """Lists of an account, each asked for once; what a list tells of its rows is not asked again row by row."""

    def regions(self) -> tuple[str, ...]:
        """Return the Regions that are enabled for the account."""
        return self._once("regions", self._ports.account.regions)

    def eks_clusters(self) -> tuple[str, ...]:
        """Return the names of the EKS clusters of the Region."""
        return self._once("eks-clusters", self._ports.account.eks_clusters)

    def vpcs(self) -> tuple[NamedVpc, ...]:
        """Return the VPCs of the Region."""
        return self._once("vpcs", self._ports.account.vpcs)

    def subnets_in(self, vpc_id: str) -> tuple[Subnet, ...]:
        """Return the subnets of a VPC."""
        rows = self._once(("subnets-in", vpc_id), lambda: self._ports.account.subnets_in(vpc_id))
        self._learn((("subnets", (row.subnet_id,)), (row,)) for row in rows)
        return rows

    def security_groups_in(self, vpc_id: str) -> tuple[SecurityGroup, ...]:
        """Return the security groups of a VPC, with their rules."""
        rows = self._once(("security-groups-in", vpc_id), lambda: self._ports.account.security_groups_in(vpc_id))
        self._learn((("security-groups", (row.group_id,)), (row,)) for row in rows)
        return rows

    def roles(self) -> tuple[Role, ...]:
        """Return the roles that people made."""
        rows = self._once("roles", self._ports.account.roles)
        self._learn((("role", row.name), row) for row in rows)
        return rows

    def buckets(self) -> tuple[str, ...]:
        """Return the names of the buckets of the account."""
        return self._once("buckets", self._ports.account.buckets)

    @property
    @abstractmethod
    def _ports(self) -> Ports: ...

    @abstractmethod
    def _once(self, key: Hashable, ask: Callable[[], T]) -> T: ...

    @abstractmethod
    def _learn(self, told: Iterable[tuple[Hashable, object]]) -> None: ...
