"""The EKS clusters of one account and Region, in the place of moto's.

Their endpoints are a server of the sandbox's own; what it does not serve lies in the reserved domain `.invalid`,
so that no client can reach a stranger's server by it.
Words of refusals marked [unverified] were not seen in an AWS answer: match the error code, not the text.
"""

from __future__ import annotations

import base64
from typing import Any, ClassVar

from moto.core.base_backend import BackendDict
from moto.ec2.models import ec2_backends
from moto.eks.models import EKSBackend
from moto.moto_api._internal import mock_random

from hpctl.sandbox.clock import moment
from hpctl.sandbox.eks import addons
from hpctl.sandbox.eks.addons import EksError
from hpctl.sandbox.eks.cluster import AccessEntry, Cluster, Update
from hpctl.sandbox.eks.versions import DEFAULT_VERSION, VERSIONS

# EKS changes the mode one step forward at a time, and never back (AWS documentation, "Change authentication mode").
_NEXT_MODE = {"CONFIG_MAP": "API_AND_CONFIG_MAP", "API_AND_CONFIG_MAP": "API"}
_DEFAULTS = {
    "version": DEFAULT_VERSION,
    "platformVersion": "eks.1",
    "kubernetesNetworkConfig": {"serviceIpv4Cidr": "172.20.0.0/16", "ipFamily": "ipv4"},
}
_ADMIN_POLICY = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"
_DOMAIN = "eks.hpctl-sandbox.invalid"
_OPEN = {"endpointPublicAccess": True, "endpointPrivateAccess": False, "publicAccessCidrs": ["0.0.0.0/0"]}


class EksBackend(EKSBackend):
    """moto's EKS with accessConfig, updates and access entries; node groups and the rest stay moto's.

    `kubernetes` is where the clusters' endpoints are served, and the certificate authority (PEM) of that server.
    """

    kubernetes: ClassVar[tuple[str, str]] = (f"https://{_DOMAIN}", "")

    def __init__(self, region_name: str, account_id: str) -> None:
        """Start empty."""
        super().__init__(region_name, account_id)
        self._clusters: dict[str, Cluster] = {}

    def create(self, members: dict[str, Any], creator: str | None = None) -> dict[str, Any]:
        """Create a cluster from the members of CreateCluster, for the principal of an ARN; raises EksError."""
        name, network = members["name"], members["resourcesVpcConfig"]
        _refuse_unknown_version(members.get("version"))
        vpc_id = self._vpc_of(network.get("subnetIds") or [])
        # moto refuses a name in use and a malformed role, and keeps what its node groups need.
        record = super().create_cluster(
            name=name, role_arn=members["roleArn"], resources_vpc_config=network, tags=members.get("tags")
        )
        group = self._ec2.create_security_group(f"eks-cluster-sg-{name}", "EKS created security group", vpc_id=vpc_id)
        unique = mock_random.get_random_hex(32).upper()
        added = {
            "arn": record.arn,
            "endpoint": f"/{unique}",
            "identity": {"oidc": {"issuer": f"https://oidc.{self.region_name}.{_DOMAIN}/id/{unique}"}},
            "resourcesVpcConfig": _OPEN | network | {"clusterSecurityGroupId": group.id, "vpcId": vpc_id},
            "accessConfig": {"authenticationMode": "CONFIG_MAP"} | members.get("accessConfig", {}),
            "health": {"issues": []},
        }
        self._clusters[name] = cluster = Cluster(_DEFAULTS | members | added, moment(), creator=creator)
        if creator and _bootstraps(cluster) and cluster.authentication_mode(moment().at) != "CONFIG_MAP":
            self.create_access_entry({"clusterName": name, "principalArn": creator})
            scope = {"clusterName": name, "principalArn": creator, "accessScope": {"type": "cluster", "namespaces": []}}
            self.associate_access_policy(scope | {"policyArn": _ADMIN_POLICY})
        return self._described(cluster)

    def describe_cluster(self, name: str) -> Any:
        """Return a cluster as it is at this moment; raises EksError."""
        return self._described(self.cluster(name))

    def delete_cluster(self, name: str) -> Any:
        """Delete a cluster at once; the answer shows it going."""
        going = self._described(self.cluster(name)) | {"status": "DELETING"}
        super().delete_cluster(name)
        self._ec2.delete_security_group(group_id=going["resourcesVpcConfig"]["clusterSecurityGroupId"])
        del self._clusters[name]
        return going

    def update_version(self, members: dict[str, Any]) -> dict[str, Any]:
        """Ask for the next minor version of Kubernetes; raises EksError."""
        name, wanted, now = members["name"], members["version"], moment()
        cluster = self._to_update(name)
        _refuse_unknown_version(wanted)
        _refuse_version_change(cluster.version(now.at), wanted)
        update = Update(str(mock_random.uuid4()), {"version": wanted}, now)
        cluster.updates.append(update)
        return update.described(now.at)

    def update_config(self, members: dict[str, Any]) -> dict[str, Any]:
        """Ask for a change of configuration; raises EksError."""
        name, now = members["name"], moment()
        cluster = self._to_update(name)
        change = {member: value for member, value in members.items() if member not in {"name", "clientRequestToken"}}
        if mode := change.get("accessConfig", {}).get("authenticationMode"):
            _refuse_mode_change(cluster.authentication_mode(now.at), mode)
        update = Update(str(mock_random.uuid4()), change, now)
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
        place = f"arn:{self.partition}:eks:{self.region_name}:{self.account_id}:access-entry/{members['clusterName']}"
        entry = {
            "username": _username(principal),
            "type": "STANDARD",
            "kubernetesGroups": [],
            **members,
            "accessEntryArn": f"{place}/{kind}/{self.account_id}/{name}/{mock_random.uuid4()}",
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
            text = f"The specified principalArn could not be found: {principal}"  # [unverified]
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

    def create_addon(self, members: dict[str, Any]) -> dict[str, Any]:
        """Add an add-on to a cluster; raises EksError."""
        cluster, name = self.cluster(members["clusterName"]), members["addonName"]
        place = f"arn:{self.partition}:eks:{self.region_name}:{self.account_id}:addon/{members['clusterName']}"
        arn = f"{place}/{name}/{mock_random.uuid4()}"
        return addons.create(cluster, members, arn, moment()).described(moment().at)

    def update_addon(self, members: dict[str, Any]) -> dict[str, Any]:
        """Change an add-on; raises EksError."""
        return addons.update(self.cluster(members["clusterName"]), members, str(mock_random.uuid4()), moment())

    def addon(self, cluster: str, name: str) -> dict[str, Any]:
        """Return an add-on as it is at this moment; raises EksError."""
        return addons.find(self.cluster(cluster), name).described(moment().at)

    def delete_addon(self, cluster: str, name: str) -> dict[str, Any]:
        """Delete an add-on at once; the answer shows it going."""
        going = self.addon(cluster, name) | {"status": "DELETING"}
        del self.cluster(cluster).addons[name]
        return going

    def cluster(self, name: str) -> Cluster:
        """Return the record of a cluster; raises EksError."""
        if name not in self._clusters:
            raise EksError("ResourceNotFoundException", f"No cluster found for name: {name}.")
        return self._clusters[name]

    def _to_update(self, name: str) -> Cluster:
        cluster = self.cluster(name)
        if cluster.status(moment().at) != "ACTIVE":
            text = f"Cannot update cluster {name}: it is not in ACTIVE status"  # [unverified]
            raise EksError("ResourceInUseException", text)
        return cluster

    def records(self) -> list[Cluster]:
        """Return the records of all clusters."""
        return list(self._clusters.values())

    def _described(self, cluster: Cluster) -> dict[str, Any]:
        # Computed, not kept: a sandbox that was started again may be served elsewhere.
        address, authority = self.kubernetes
        described = cluster.described(moment().at)
        # EKS gives the PEM text once more in base64 (`Certificate.data`).
        data = base64.b64encode(authority.encode()).decode()
        return described | {"endpoint": address + described["endpoint"], "certificateAuthority": {"data": data}}

    def _with_entries(self, name: str) -> Cluster:
        cluster = self.cluster(name)
        if cluster.authentication_mode(moment().at) == "CONFIG_MAP":
            modes = "[API, API_AND_CONFIG_MAP]"
            text = f"The cluster's authentication mode must be set to one of {modes} to perform this operation."
            raise EksError("InvalidRequestException", text)
        return cluster

    def _vpc_of(self, subnet_ids: list[str]) -> str:
        known = {subnet.id: str(subnet.vpc_id) for subnet in self._ec2.describe_subnets()}
        for subnet_id in subnet_ids:
            if subnet_id not in known:
                text = f"The subnet ID '{subnet_id}' does not exist"
                raise EksError("InvalidParameterException", text)
        if not subnet_ids:
            raise EksError("InvalidParameterException", "Subnets specified must not be empty")  # [unverified]
        return known[subnet_ids[0]]

    @property
    def _ec2(self) -> Any:
        return ec2_backends[self.account_id][self.region_name]


def _bootstraps(cluster: Cluster) -> bool:
    """Whether EKS lets the creator in as an administrator, as it does unless it is told otherwise."""
    return bool(cluster.members["accessConfig"].get("bootstrapClusterCreatorAdminPermissions", True))


def _username(principal: str) -> str:
    """Return the user name that EKS gives a principal (EKS user guide, "Create access entries")."""
    place, _, name = principal.partition(":role/")
    if not name:
        return principal
    return f"{place.replace(':iam:', ':sts:')}:assumed-role/{name.rpartition('/')[2]}/{{{{SessionName}}}}"


eks_backends = BackendDict(EksBackend, "eks")


def cluster_at(account: str, unique: str) -> Cluster | None:
    """Return the cluster whose endpoint ends in this id, or None."""
    clusters = (cluster for backend in list(eks_backends[account].values()) for cluster in backend.records())
    return next((cluster for cluster in clusters if cluster.members["endpoint"] == f"/{unique}"), None)


def id_of(account: str, arn: str) -> str | None:
    """Return the id that the endpoint of a cluster ends in, or None when there is none with this ARN."""
    clusters = (cluster for backend in list(eks_backends[account].values()) for cluster in backend.records())
    found = (str(cluster.members["endpoint"]).strip("/") for cluster in clusters if cluster.members["arn"] == arn)
    return next(found, None)


def _refuse_unknown_version(version: str | None) -> None:
    if version not in {None, *(known.name for known in VERSIONS)}:
        raise EksError("InvalidParameterException", f"unsupported Kubernetes version {version}")  # [unverified]


def _refuse_mode_change(mode: str, wanted: str) -> None:
    if wanted == mode:
        text = f"Cluster is already at the desired configuration with authenticationMode: {mode}"  # [unverified]
        raise EksError("InvalidParameterException", text)
    if _NEXT_MODE.get(mode) != wanted:
        text = f"Unsupported authentication mode update from {mode} to {wanted}"
        raise EksError("InvalidParameterException", text)


def _refuse_version_change(version: str, wanted: str) -> None:
    # One minor version at a time, and never back (AWS documentation, "Update existing cluster to new version").
    if int(wanted.partition(".")[2]) != int(version.partition(".")[2]) + 1:
        text = f"Unsupported Kubernetes minor version update from {version} to {wanted}"
        raise EksError("InvalidParameterException", text)
