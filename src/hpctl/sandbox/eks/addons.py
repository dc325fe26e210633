"""The add-ons of EKS clusters: dated, so that they are CREATING for a while and ACTIVE then."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from moto.core.exceptions import ServiceException

from hpctl.sandbox.clock import Moment
from hpctl.sandbox.eks.cluster import Cluster, Update, settled_at
from hpctl.sandbox.eks.versions import ADDONS


class EksError(ServiceException):
    """An EKS refusal; the service model gives the HTTP status of its code."""


@dataclass(frozen=True)
class Addon:
    """An add-on: its members, when it was asked for, and the last change of them."""

    members: dict[str, Any]
    created: Moment
    changed: Moment

    def described(self, now: datetime) -> dict[str, Any]:
        """Return the `Addon` of the service model."""
        status = "CREATING" if now < settled_at(self.created) else "ACTIVE"
        if status == "ACTIVE" and now < settled_at(self.changed):
            status = "UPDATING"
        members = {name: value for name, value in self.members.items() if name != "podIdentityAssociations"}
        return members | {
            "status": status,
            "health": {"issues": []},
            "createdAt": self.created.at,
            "modifiedAt": self.changed.at,
        }


def create(cluster: Cluster, members: dict[str, Any], arn: str, now: Moment) -> Addon:
    """Add an add-on to a cluster; raises EksError."""
    name = members["addonName"]
    if name in cluster.addons:
        raise EksError("ResourceInUseException", "Addon already exists.")
    version = _version(name, members.get("addonVersion"))
    cluster.addons[name] = Addon({**members, "addonVersion": version, "addonArn": arn}, now, now)
    return find(cluster, name)


def find(cluster: Cluster, name: str) -> Addon:
    """Return an add-on of a cluster; raises EksError."""
    if name not in cluster.addons:
        raise EksError("ResourceNotFoundException", f"No addon: {name} found in cluster: {cluster.members['name']}")
    found: Addon = cluster.addons[name]
    return found


def update(cluster: Cluster, members: dict[str, Any], update_id: str, now: Moment) -> dict[str, Any]:
    """Change an add-on and return the `Update`; raises EksError."""
    found = find(cluster, members["addonName"])
    changed = {name: value for name, value in members.items() if name not in {"clusterName", "resolveConflicts"}}
    if "addonVersion" in changed:
        _version(members["addonName"], changed["addonVersion"])
    cluster.addons[members["addonName"]] = replace(found, members=found.members | changed, changed=now)
    return Update(update_id, {"addon": changed}, now).described(now.at) | {"type": "AddonUpdate"}


def _version(name: str, asked: str | None) -> str:
    known = ADDONS.get(name)
    if known is None:
        raise EksError("InvalidParameterException", f"Addon {name} specified is not supported")  # [unverified]
    if asked is not None and asked not in known:
        text = f"Addon version specified is not supported: {asked}"  # [unverified]
        raise EksError("InvalidParameterException", text)
    return asked or known[0]
