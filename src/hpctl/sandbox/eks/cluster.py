"""An EKS cluster: its create request and the updates after it, all dated; what it looks like now is computed."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from hpctl.sandbox.clock import Moment
from hpctl.sandbox.eks.versions import CORE_ADDONS

# A control plane takes minutes where a HyperPod cluster takes a quarter of an hour.
_CHANGE_SHARE = 0.2
# `UpdateType` by the member that changes, and `UpdateParamType` by what changes in it (EKS service model).
_KINDS = {
    "accessConfig": "AccessConfigUpdate",
    "logging": "LoggingUpdate",
    "resourcesVpcConfig": "EndpointAccessUpdate",
    "upgradePolicy": "UpgradePolicyUpdate",
    "version": "VersionUpdate",
}
_PARAMS = {
    "addonVersion": "AddonVersion",
    "authenticationMode": "AuthenticationMode",
    "clusterLogging": "ClusterLogging",
    "endpointPrivateAccess": "EndpointPrivateAccess",
    "endpointPublicAccess": "EndpointPublicAccess",
    "publicAccessCidrs": "PublicAccessCidrs",
    "securityGroupIds": "SecurityGroups",
    "subnetIds": "Subnets",
    "supportType": "UpgradePolicy",
}
# Tags that a cluster is made with: a sandbox installs neither Helm charts nor what comes from the network.
CHART_TAG, NO_CHART = "hpctl-sandbox:hyperpod-dependencies", "missing"
TASK_GOVERNANCE = "amazon-sagemaker-hyperpod-taskgovernance"
JOBSET_TAG, JOBSET = "hpctl-sandbox:jobset", "installed"


@dataclass
class AccessEntry:
    """An access entry and the access policies associated with it, by policy ARN."""

    entry: dict[str, Any]
    policies: dict[str, dict[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True)
class Update:
    """A change of members that was asked for at a moment, and is in force some time later."""

    id: str
    change: dict[str, Any]
    asked: Moment

    @property
    def done_at(self) -> datetime:
        """When the change is in force."""
        return settled_at(self.asked)

    def described(self, now: datetime) -> dict[str, Any]:
        """Return the `Update` of the service model."""
        changed = {
            name: value for member in self.change.values() if isinstance(member, dict) for name, value in member.items()
        }
        return {
            "id": self.id,
            "status": "Successful" if now >= self.done_at else "InProgress",
            "type": next((_KINDS[member] for member in self.change if member in _KINDS), "ConfigUpdate"),
            "params": [{"type": _PARAMS[name], "value": str(changed[name])} for name in changed if name in _PARAMS],
            "createdAt": self.asked.at,
            "errors": [],
        }


@dataclass
class Cluster:
    """A cluster: the members of its create request with what AWS adds, and what happened since."""

    members: dict[str, Any]
    created: Moment
    updates: list[Update] = field(default_factory=list)
    access_entries: dict[str, AccessEntry] = field(default_factory=dict)
    creator: str | None = None
    """The ARN of who asked for it; None for a key that nobody has."""
    addons: dict[str, Any] = field(default_factory=dict)
    pod_identities: dict[str, dict[str, Any]] = field(default_factory=dict)
    governed: dict[str, Any] = field(default_factory=dict)
    """What SageMaker's task governance has made for the cluster, by its id; `ungoverned` is what it has deleted."""
    ungoverned: dict[str, Any] = field(default_factory=dict)

    def status(self, now: datetime) -> str:
        """Return the `ClusterStatus`."""
        if now < settled_at(self.created):
            return "CREATING"
        return "UPDATING" if any(now < update.done_at for update in self.updates) else "ACTIVE"

    @property
    def has_chart(self) -> bool:
        """Whether AWS's Helm chart for HyperPod is installed, which it is unless a tag says otherwise."""
        return bool(self.members.get("tags", {}).get(CHART_TAG) != NO_CHART)

    @property
    def has_jobset(self) -> bool:
        """Whether JobSet's release is installed, as a tag says."""
        return bool(self.members.get("tags", {}).get(JOBSET_TAG) == JOBSET)

    def runs(self, addon: str) -> bool:
        """Whether an add-on is there: one of EKS's, or one that EKS put into the new cluster without being asked."""
        bootstrapped = self.members.get("bootstrapSelfManagedAddons", True)
        return addon in self.addons or (addon in CORE_ADDONS and bootstrapped)

    def authentication_mode(self, now: datetime) -> str:
        """Return the mode in force."""
        return str(self._members_at(now)["accessConfig"]["authenticationMode"])

    def version(self, now: datetime) -> str:
        """Return the Kubernetes version in force."""
        return str(self._members_at(now)["version"])

    def described(self, now: datetime) -> dict[str, Any]:
        """Return the `Cluster` of the service model; members that only requests have are dropped on the way out."""
        return {**self._members_at(now), "status": self.status(now), "createdAt": self.created.at}

    def _members_at(self, now: datetime) -> dict[str, Any]:
        members = dict(self.members)
        for update in self.updates:
            if now >= update.done_at:
                members |= {name: _merged(members.get(name), value) for name, value in update.change.items()}
        return members


def settled_at(start: Moment) -> datetime:
    """Return when what was asked for at a moment is done."""
    return start.at + timedelta(seconds=start.pace * _CHANGE_SHARE)


def _merged(old: Any, new: Any) -> Any:
    return {**old, **new} if isinstance(old, dict) and isinstance(new, dict) else new
