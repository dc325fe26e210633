"""Where the nodes of a new cluster sit, and which groups will fail for it."""

from __future__ import annotations

import hashlib
from ipaddress import IPv4Network
from typing import TYPE_CHECKING, Any

from hpctl.sandbox.account import Account, Subnet, has_efa
from hpctl.sandbox.sagemaker.cluster import Group, Seat
from hpctl.sandbox.sagemaker.wordings import EFA_HEALTH_CHECK

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# Without a VpcConfig nodes live in a network of the service's own.
_PLATFORM_NETWORK = IPv4Network("10.1.0.0/16")
# The first four addresses of a subnet are AWS's, and low ones go to network interfaces.
_FIRST_HOST = 20


class Placement:
    """Gives seats to the groups of one cluster; no address that is `taken` is given again."""

    def __init__(self, cluster_id: str, request: Mapping[str, Any], account: Account, taken: set[str]) -> None:
        """Take the request of the new cluster and the addresses of the nodes that are there."""
        self._cluster_id = cluster_id
        self._request = request
        self._account = account
        self._taken = taken
        self._hosts: dict[IPv4Network, Iterator[str]] = {}

    def groups(self) -> Iterator[Group]:
        """Yield all groups with their seats and the fault that awaits them."""
        for member, restricted in (("InstanceGroups", False), ("RestrictedInstanceGroups", True)):
            for spec in self._request.get(member, []):
                subnets = self._subnets_of(spec)
                seats = tuple(self._seats(spec, subnets))
                yield Group(spec["InstanceGroupName"], spec, seats, _efa_fault(spec, subnets), restricted)

    def _subnets_of(self, spec: Mapping[str, Any]) -> list[Subnet]:
        network = spec.get("OverrideVpcConfig") or self._request.get("VpcConfig")
        if network is None:
            zone, zone_id = self._account.first_zone()
            return [Subnet("", _PLATFORM_NETWORK, zone, zone_id)]
        found = (self._account.subnet(subnet_id) for subnet_id in network["Subnets"])
        return [subnet for subnet in found if subnet is not None]

    def _seats(self, spec: Mapping[str, Any], subnets: list[Subnet]) -> Iterator[Seat]:
        name = spec["InstanceGroupName"]
        for index in range(spec["InstanceCount"]):
            subnet = subnets[index % len(subnets)]
            logical_id = hashlib.sha256(f"{self._cluster_id} {name} {index}".encode()).hexdigest()[:16]
            address = self._free_address(subnet.cidr)
            kind = _types_of(spec)[0]
            yield Seat(name, index, logical_id, kind, subnet.id or None, address, subnet.zone, subnet.zone_id)

    def _free_address(self, network: IPv4Network) -> str:
        hosts = self._hosts.setdefault(network, self._free_hosts(network))
        # A subnet that runs out gives its last address again: running out is a rule of its own.
        return next(hosts, str(network.broadcast_address - 1))

    def _free_hosts(self, network: IPv4Network) -> Iterator[str]:
        for offset in range(_FIRST_HOST, network.num_addresses - 1):
            address = str(network.network_address + offset)
            if address not in self._taken:
                self._taken.add(address)
                yield address


def _types_of(spec: Mapping[str, Any]) -> list[str]:
    if "InstanceType" in spec:
        return [spec["InstanceType"]]
    return list(spec["InstanceRequirements"]["InstanceTypes"])


def _efa_fault(spec: Mapping[str, Any], subnets: list[Subnet]) -> str | None:
    # EFA traffic does not cross Availability Zones (AWS documentation).
    spans_zones = len({subnet.zone_id for subnet in subnets}) > 1
    return EFA_HEALTH_CHECK if spans_zones and any(map(has_efa, _types_of(spec))) else None
