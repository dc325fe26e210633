"""Lists of what the other fakes of an account hold."""

from __future__ import annotations

from hpctl.facts.account_ports import NamedVpc
from hpctl.facts.network import SecurityGroup, Subnet
from hpctl.facts.records import Role
from tests.unit.builders import REGION
from tests.unit.fake_access import FakeIam
from tests.unit.fake_calls import CallLog
from tests.unit.fake_kubernetes import FakeEks
from tests.unit.fake_network import FakeNetwork
from tests.unit.fake_storage import FakeStorage


class FakeLists:
    """What there is to choose from: everything that the other fakes know."""

    def __init__(self, log: CallLog, network: FakeNetwork, eks: FakeEks, iam: FakeIam, storage: FakeStorage) -> None:
        self._log = log
        self._network, self._eks, self._iam, self._storage = network, eks, iam, storage

    def regions(self) -> tuple[str, ...]:
        self._log.record("account.regions")
        return ("eu-west-1", REGION)

    def eks_clusters(self) -> tuple[str, ...]:
        self._log.record("account.eks_clusters")
        return tuple(one.name for one in self._eks.known)

    def vpcs(self) -> tuple[NamedVpc, ...]:
        self._log.record("account.vpcs")
        return tuple(NamedVpc(one.vpc_id, one.cidrs[0], "main") for one in self._network.known_vpcs)

    def subnets_in(self, vpc_id: str) -> tuple[Subnet, ...]:
        self._log.record("account.subnets_in", vpc_id)
        return tuple(one for one in self._network.known_subnets if one.vpc_id == vpc_id)

    def security_groups_in(self, vpc_id: str) -> tuple[SecurityGroup, ...]:
        self._log.record("account.security_groups_in", vpc_id)
        return tuple(one for one in self._network.known_groups if one.vpc_id == vpc_id)

    def roles(self) -> tuple[Role, ...]:
        self._log.record("account.roles")
        return tuple(self._iam.known_roles)

    def buckets(self) -> tuple[str, ...]:
        self._log.record("account.buckets")
        return tuple(self._storage.buckets)
