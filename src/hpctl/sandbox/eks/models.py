"""EKS clusters as HyperPod and hpctl look at them: authentication mode, access entries, status over time.

A cluster is its create request and the updates after it, all dated; what it looks like now is computed.
Its Kubernetes endpoint lies in the reserved domain `.invalid`: no client can reach a stranger's server by it.
Words of refusals marked [unverified] were not seen in an AWS answer: match the error code, not the text.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from moto.core.base_backend import BackendDict
from moto.core.exceptions import ServiceException
from moto.ec2.models import ec2_backends
from moto.eks.models import EKSBackend
from moto.moto_api._internal import mock_random

from hpctl.sandbox.clock import Moment, moment
from hpctl.sandbox.eks.certificate import CERTIFICATE_AUTHORITY

# A control plane takes minutes where a HyperPod cluster takes a quarter of an hour.
_CHANGE_SHARE = 0.2
# EKS changes the mode one step forward at a time, and never back (AWS documentation, "Change authentication mode").
_NEXT_MODE = {"CONFIG_MAP": "API_AND_CONFIG_MAP", "API_AND_CONFIG_MAP": "API"}
# Inside the range that HyperPod supports (AWS documentation: 1.30 to 1.35).
_DEFAULTS = {
    "version": "1.33",
    "platformVersion": "eks.1",
    "kubernetesNetworkConfig": {"serviceIpv4Cidr": "172.20.0.0/16", "ipFamily": "ipv4"},
}


class EksError(ServiceException):
    """An EKS refusal; the service model gives the HTTP status of its code."""


@dataclass
class AccessEntry:
    """An access entry and the access policies associated with it, by policy ARN."""

    entry: dict[str, Any]
    policies: dict[str, dict[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True)
class Update:
    """A change of a cluster's configuration that was asked for at a moment."""

    id: str
    kind: str
    change: dict[str, Any]
    asked: Moment

    @property
    def done_at(self) -> datetime:
        """When the change is in force."""
        return _after(self.asked)

    def described(self, now: datetime) -> dict[str, Any]:
        """Return the `Update` of the service model."""
        status = "Successful" if now >= self.done_at else "InProgress"
        params = [{"type": f"{name[0].upper()}{name[1:]}", "value": str(value)} for name, value in self.change.items()]
        answer = {"id": self.id, "status": status, "type": self.kind, "params": params}
        return answer | {"createdAt": self.asked.at, "errors": []}


@dataclass
class Cluster:
    """A cluster: the members of its create request, what AWS adds, and what happened since."""

    members: dict[str, Any]
    created: Moment
    updates: list[Update] = field(default_factory=list)
    access_entries: dict[str, AccessEntry] = field(default_factory=dict)

    def status(self, now: datetime) -> str:
        """Return the `ClusterStatus`."""
        if now < _after(self.created):
            return "CREATING"
        return "UPDATING" if any(now < update.done_at for update in self.updates) else "ACTIVE"

    def authentication_mode(self, now: datetime) -> str:
        """Return the mode in force."""
        mode = self.members["accessConfig"]["authenticationMode"]
        for update in self.updates:
            if now >= update.done_at:
                mode = update.change.get("authenticationMode", mode)
        return str(mode)

    def described(self, now: datetime) -> dict[str, Any]:
        """Return the `Cluster` of the service model; members that only requests have are dropped on the way out."""
        access = {**self.members["accessConfig"], "authenticationMode": self.authentication_mode(now)}
        return {**self.members, "accessConfig": access, "status": self.status(now), "createdAt": self.created.at}


class EksBackend(EKSBackend):
    """moto's EKS with accessConfig, updates and access entries; node groups and the rest stay moto's."""

    def __init__(self, region_name: str, account_id: str) -> None:
        """Start empty."""
        super().__init__(region_name, account_id)
        self._clusters: dict[str, Cluster] = {}

    def create(self, members: dict[str, Any]) -> dict[str, Any]:
        """Create a cluster from the members of CreateCluster; raises EksError."""
        network = self._network_of(members)
        record = super().create_cluster(
            name=members["name"], role_arn=members["roleArn"], resources_vpc_config=network, tags=members.get("tags")
        )
        added = {
            "arn": record.arn,
            "endpoint": f"https://{mock_random.get_random_hex(32).upper()}.{self.region_name}.eks.hpctl-sandbox.invalid",
            "certificateAuthority": {"data": CERTIFICATE_AUTHORITY},
            "identity": record.identity,
            "resourcesVpcConfig": network,
            "accessConfig": {"authenticationMode": "CONFIG_MAP"} | (members.get("accessConfig") or {}),
            "health": {"issues": []},
        }
        self._clusters[members["name"]] = cluster = Cluster(_DEFAULTS | members | added, moment())
        return cluster.described(moment().at)

    def describe_cluster(self, name: str) -> Any:
        """Return a cluster as it is at this moment; raises EksError."""
        return self.cluster(name).described(moment().at)

    def delete_cluster(self, name: str) -> Any:
        """Delete a cluster at once; the answer shows it going."""
        going = self.cluster(name).described(moment().at) | {"status": "DELETING"}
        super().delete_cluster(name)
        ec2 = ec2_backends[self.account_id][self.region_name]
        ec2.delete_security_group(group_id=going["resourcesVpcConfig"]["clusterSecurityGroupId"])
        del self._clusters[name]
        return going

    def update_config(self, name: str, members: dict[str, Any]) -> dict[str, Any]:
        """Ask for a change of configuration; raises EksError."""
        cluster, now = self.cluster(name), moment()
        if cluster.status(now.at) != "ACTIVE":
            # [unverified]
            raise EksError("ResourceInUseException", f"Cannot update cluster {name}: it is not in ACTIVE status")
        mode = (members.get("accessConfig") or {}).get("authenticationMode")
        if mode is not None:
            _refuse_mode_change(cluster.authentication_mode(now.at), mode)
        kind, change = ("AccessConfigUpdate", {"authenticationMode": mode}) if mode else ("ConfigUpdate", {})
        update = Update(str(mock_random.uuid4()), kind, change, now)
        cluster.updates.append(update)
        return update.described(now.at)

    def describe_update(self, name: str, update_id: str) -> dict[str, Any]:
        """Return one update of a cluster; raises EksError."""
        for update in self.cluster(name).updates:
            if update.id == update_id:
                return update.described(moment().at)
        raise EksError("ResourceNotFoundException", f"No update found for id: {update_id}")  # [unverified]

    def create_access_entry(self, members: dict[str, Any]) -> dict[str, Any]:
        """Let a principal in; raises EksError."""
        cluster, principal = self._with_entries(members["clusterName"]), members["principalArn"]
        if principal in cluster.access_entries:
            text = "The specified access entry resource is already in use on this cluster."
            raise EksError("ResourceInUseException", text)
        kind, _, name = principal.rpartition(":")[2].partition("/")
        path = f"{self.region_name}:{self.account_id}:access-entry/{members['clusterName']}/{kind}/{self.account_id}"
        entry = {
            "username": principal,
            "type": "STANDARD",
            "kubernetesGroups": [],
            "tags": {},
            **members,
            "accessEntryArn": f"arn:{self.partition}:eks:{path}/{name}/{mock_random.uuid4()}",
            "createdAt": moment().at,
            "modifiedAt": moment().at,
        }
        cluster.access_entries[principal] = AccessEntry(entry)
        return entry

    def update_access_entry(self, members: dict[str, Any]) -> dict[str, Any]:
        """Change an entry's groups or user name; raises EksError."""
        found = self.access_entry(members["clusterName"], members["principalArn"])
        found.entry |= {**members, "modifiedAt": moment().at}
        return found.entry

    def access_entry(self, name: str, principal: str) -> AccessEntry:
        """Return a principal's entry; raises EksError."""
        found = self._with_entries(name).access_entries.get(principal)
        if found is None:
            text = f"The specified principalArn could not be found. You may need to create it: {principal}"  # [unverified]
            raise EksError("ResourceNotFoundException", text)
        return found

    def list_access_entries(self, name: str, policy: str | None) -> list[str]:
        """Return the principals that have an entry, or those associated with an access policy."""
        entries = self._with_entries(name).access_entries
        return [principal for principal, found in entries.items() if policy is None or policy in found.policies]

    def delete_access_entry(self, name: str, principal: str) -> None:
        """Shut a principal out; raises EksError."""
        self.access_entry(name, principal)
        del self._with_entries(name).access_entries[principal]

    def associate_access_policy(self, members: dict[str, Any]) -> dict[str, Any]:
        """Associate an access policy with an entry; raises EksError."""
        found, now = self.access_entry(members["clusterName"], members["principalArn"]), moment().at
        policy = {"policyArn": members["policyArn"], "accessScope": members["accessScope"]}
        found.policies[members["policyArn"]] = policy | {"associatedAt": now, "modifiedAt": now}
        return found.policies[members["policyArn"]]

    def cluster(self, name: str) -> Cluster:
        """Return the record of a cluster; raises EksError."""
        if name not in self._clusters:
            raise EksError("ResourceNotFoundException", f"No cluster found for name: {name}.")
        return self._clusters[name]

    def _with_entries(self, name: str) -> Cluster:
        cluster = self.cluster(name)
        if cluster.authentication_mode(moment().at) == "CONFIG_MAP":
            modes = "[API, API_AND_CONFIG_MAP]"
            text = f"The cluster's authentication mode must be set to one of {modes} to perform this operation."
            raise EksError("InvalidRequestException", text)
        return cluster

    def _network_of(self, members: dict[str, Any]) -> dict[str, Any]:
        asked = members["resourcesVpcConfig"]
        ec2 = ec2_backends[self.account_id][self.region_name]
        known = {subnet.id: subnet for subnet in ec2.describe_subnets()}
        for subnet_id in asked.get("subnetIds", []):
            if subnet_id not in known:
                text = f"The subnet ID '{subnet_id}' does not exist"
                raise EksError("InvalidParameterException", text)
        vpc_id = known[asked["subnetIds"][0]].vpc_id
        name = members["name"]
        if name in self._clusters:
            raise EksError("ResourceInUseException", f"Cluster already exists with name: {name}")
        group = ec2.create_security_group(f"eks-cluster-sg-{name}", "EKS created security group", vpc_id=vpc_id)
        access = {"endpointPublicAccess": True, "endpointPrivateAccess": False, "publicAccessCidrs": ["0.0.0.0/0"]}
        return access | {"securityGroupIds": []} | asked | {"clusterSecurityGroupId": group.id, "vpcId": vpc_id}


eks_backends = BackendDict(EksBackend, "eks")


def _after(start: Moment) -> datetime:
    return start.at + timedelta(seconds=start.pace * _CHANGE_SHARE)


def _refuse_mode_change(mode: str, wanted: str) -> None:
    if wanted == mode:
        text = f"Cluster is already at the desired configuration with authenticationMode: {mode}"  # [unverified]
        raise EksError("InvalidParameterException", text)
    if _NEXT_MODE.get(mode) != wanted:
        text = f"Unsupported authentication mode update from {mode} to {wanted}"
        raise EksError("InvalidParameterException", text)
