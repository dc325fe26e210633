"""Where the nodes of a new cluster sit, what they will run there, and which groups will fail."""

from __future__ import annotations

import hashlib
from ipaddress import IPv4Network
from itertools import islice
from typing import TYPE_CHECKING, Any

from hpctl.sandbox.account import Account, Subnet, interface_sizes
from hpctl.sandbox.sagemaker.choice import chosen_type
from hpctl.sandbox.sagemaker.cluster import Fault, Group, Seat
from hpctl.sandbox.sagemaker.faults import Facts, fault_of
from hpctl.sandbox.sagemaker.lifecycle import prepared

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

# Without a VpcConfig nodes live in a network of the service's own.
_PLATFORM_NETWORK = IPv4Network("10.1.0.0/16")
# The first four addresses of a subnet are AWS's, and the last.
_FIRST_HOST = 4


class Placement:
    """Gives seats to the groups of one cluster; no address that is `taken` is given again."""

    def __init__(self, cluster_id: str, request: Mapping[str, Any], account: Account, taken: set[str]) -> None:
        """Take the cluster's request and the addresses that are not free."""
        self._cluster_id = cluster_id
        self._request = request
        self._account = account
        self._taken = taken
        self._interfaces = len(account.ec2.enis)
        self._hosts: dict[IPv4Network, Iterator[str]] = {}

    def groups(self) -> Iterator[Group]:
        """Yield all groups of a new cluster with their seats and the fault that awaits them."""
        for member, restricted in (("InstanceGroups", False), ("RestrictedInstanceGroups", True)):
            for spec in self._request.get(member, []):
                yield self.opened(spec, range(spec["InstanceCount"]), restricted)

    def opened(
        self,
        spec: Mapping[str, Any],
        indexes: range,
        restricted: bool,  # noqa: FBT001 - a column of `Group`
        zones: Collection[str] = (),
    ) -> Group:
        """Return a group with new seats of these indexes, in these zones if any are named."""
        subnets = self._subnets_of(self._network(spec))
        chosen = [subnet for subnet in subnets if not zones or subnet.zone in zones]
        seats = tuple(self._seats(spec, indexes, chosen))
        self._interfaces += sum(len(seat.interfaces) for seat in seats)
        return self.filled(spec, seats, restricted)

    def filled(self, spec: Mapping[str, Any], seats: tuple[Seat, ...], restricted: bool) -> Group:  # noqa: FBT001
        """Return a group whose seats are to be filled, with what awaits their nodes."""
        network = self._network(spec)
        seated = network is None or all(seat.interfaces for seat in seats)
        facts = Facts(self._request, spec, network, self._subnets_of(network), seated, self._interfaces)
        script = prepared(spec, self._account, self._resource_config(seats))
        fault = fault_of(facts, self._account) if seats else None
        if fault is None and seats and isinstance(script, Fault):
            fault = script
        runs = None if fault or not seats or isinstance(script, Fault) else script
        name = spec["InstanceGroupName"]
        return Group(name, spec, seats, fault, restricted, runs, logs=self._may_log(spec))

    def zones(self, spec: Mapping[str, Any]) -> set[str]:
        """Return the zones that the subnets of a group lie in."""
        return {subnet.zone for subnet in self._subnets_of(self._network(spec))}

    def _network(self, spec: Mapping[str, Any]) -> Mapping[str, Any] | None:
        found: Mapping[str, Any] | None = spec.get("OverrideVpcConfig") or self._request.get("VpcConfig")
        return found

    def _may_log(self, spec: Mapping[str, Any]) -> bool:
        place = f"arn:aws:logs:{self._account.region}:{self._account.id}:log-group:/aws/sagemaker/Clusters/"
        stream = f"{place}{self._request['ClusterName']}/{self._cluster_id}:log-stream:LifecycleConfig/x"
        role = self._account.role(spec["ExecutionRole"])
        return all(role.may(action, stream) for action in ("logs:CreateLogStream", "logs:PutLogEvents"))

    def _resource_config(self, seats: tuple[Seat, ...]) -> dict[str, object]:
        nodes = [{"CustomerIpAddress": seat.address, "InstanceName": f"{seat.group}-{seat.index}"} for seat in seats]
        return {
            "ClusterConfig": {"ClusterName": self._request["ClusterName"], "ClusterId": self._cluster_id},
            "InstanceGroups": [{"Name": seats[0].group, "InstanceType": seats[0].instance_type, "Instances": nodes}]
            if seats
            else [],
        }

    def _subnets_of(self, network: Mapping[str, Any] | None) -> list[Subnet]:
        if network is None:
            zone, zone_id = self._account.home_zone()
            return [Subnet("", _PLATFORM_NETWORK, zone, zone_id)]
        found = (self._account.subnet(subnet_id) for subnet_id in network["Subnets"])
        return [subnet for subnet in found if subnet is not None]

    def _seats(self, spec: Mapping[str, Any], indexes: range, subnets: list[Subnet]) -> Iterator[Seat]:
        name = spec["InstanceGroupName"]
        kind = chosen_type(self._request, spec, self._account)
        for index in indexes:
            subnet, addresses = self._room(subnets, index, self._sizes(spec, kind))
            logical_id = hashlib.sha256(f"{self._cluster_id} {name} {index}".encode()).hexdigest()[:16]
            # A seat without room shows the last address of its subnet, which nobody gets.
            address = addresses[0][0] if addresses else str(subnet.cidr.broadcast_address - 1)
            interfaces = addresses if subnet.id else ()
            place = (subnet.id or None, address, subnet.zone, subnet.zone_id)
            yield Seat(name, index, logical_id, kind, *place, interfaces)

    def _sizes(self, spec: Mapping[str, Any], kind: str) -> list[int]:
        sizes = interface_sizes(kind, eks="Eks" in self._request.get("Orchestrator", {}))
        # Cards that speak EFA alone have no address.
        return sizes[:1] if spec.get("NetworkInterface", {}).get("InterfaceType") == "efa-only" else sizes

    def _room(self, subnets: list[Subnet], index: int, sizes: list[int]) -> tuple[Subnet, tuple[tuple[str, ...], ...]]:
        first = index % len(subnets)
        for subnet in (*subnets[first:], *subnets[:first]):
            wanted = sum(sizes) if subnet.id else 1
            hosts = self._hosts.setdefault(subnet.cidr, self._free_hosts(subnet.cidr))
            found = list(islice(hosts, wanted))
            if len(found) == wanted:
                given = iter(found)
                return subnet, tuple(tuple(islice(given, size)) for size in (sizes if subnet.id else [1]))
        return subnets[first], ()

    def _free_hosts(self, network: IPv4Network) -> Iterator[str]:
        for offset in range(_FIRST_HOST, network.num_addresses - 1):
            address = str(network.network_address + offset)
            if address not in self._taken:
                self._taken.add(address)
                yield address
