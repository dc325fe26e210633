"""Why a change cannot be made in place, and the way round; what one that can be made means."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from hpctl.spec.members import UpdatePolicy

_ANOTHER_CLUSTER: Final = "make another cluster with it under another name"
_ANOTHER_GROUP: Final = "add a group of another name with it, move the work there, drop this one (`--delete-group`)"

_FIXED: Final[Mapping[str, str]] = {
    "VpcConfig": f"UpdateCluster takes no network; give new groups `override_network`, or {_ANOTHER_CLUSTER}",
    "Eks": f"who schedules is settled when a cluster is made; {_ANOTHER_CLUSTER}",
    "Slurm": f"who schedules is settled when a cluster is made; {_ANOTHER_CLUSTER}",
    "Orchestrator": f"who schedules is settled when a cluster is made; {_ANOTHER_CLUSTER}",
    "NodeProvisioningMode": f"how nodes are provisioned is settled when a cluster is made; {_ANOTHER_CLUSTER}",
    "InstanceType": f"a group keeps its instance type; {_ANOTHER_GROUP}",
    "InstanceRequirements": f"a group keeps its instance types; {_ANOTHER_GROUP}",
    "OverrideVpcConfig": f"a group stays in its network; {_ANOTHER_GROUP}",
    "CapacityRequirements": f"a group keeps its kind of capacity; {_ANOTHER_GROUP}",
    "NetworkInterface": f"a group keeps its kind of network interfaces; {_ANOTHER_GROUP}",
    "NodeType": f"a group keeps what it is to Slurm; {_ANOTHER_GROUP}",
}
"""Reason and way round, by the member whose policy holds."""

_USUAL: Final = {
    UpdatePolicy.NEVER: f"it is settled when a cluster is made; {_ANOTHER_CLUSTER}",
    UpdatePolicy.REPLACES_GROUP: f"it is settled when a group is made; {_ANOTHER_GROUP}",
}

_MEANS: Final[Mapping[str, str]] = {
    "InstanceStorageConfigs": "reaches new nodes only",
    "LifeCycleConfig": "runs on new nodes only",
    "ImageId": "reaches new nodes only; `hpctl cluster update-software` brings it to those that exist",
    "ImageReleaseVersion": "reaches new nodes only; `hpctl cluster update-software` brings it to those that exist",
}

CONTROLLER: Final = f"a Slurm cluster cannot lose its controller; {_ANOTHER_CLUSTER}"
"""Why the group of the Slurm controller stays."""

MOVES: Final = "the name stands in the other kind of groups now; " + _ANOTHER_GROUP
"""Why a group does not change from restricted to plain, or back."""


def why_fixed(member: str, policy: UpdatePolicy) -> str:
    """Return why what `member` says cannot change in place, and the way round."""
    return _FIXED.get(member) or _USUAL[policy]


def what_it_means(member: str, before: object, after: object) -> str | None:
    """Return what changing `member` in place does that a person may not expect."""
    if member == "InstanceCount" and isinstance(before, int) and isinstance(after, int) and after < before:
        nodes = "1 node" if before - after == 1 else f"{before - after} nodes"
        return f"AWS chooses which {nodes} to end; what is on their volumes goes"
    return _MEANS.get(member)
