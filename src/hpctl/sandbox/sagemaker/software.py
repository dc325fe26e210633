"""What UpdateClusterSoftware and StartClusterHealthCheck refuse."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hpctl.sandbox.sagemaker import wordings
from hpctl.sandbox.sagemaker.patching import UNDER_WAY

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hpctl.sandbox.sagemaker.cluster import Cluster
    from hpctl.sandbox.sagemaker.timeline import ClusterState

    Request = Mapping[str, Any]


def groups_to_update(request: Request, cluster: Cluster, state: ClusterState) -> dict[str, Request]:
    """Return the groups whose software is to be updated, all when none is named; raises SageMakerError."""
    named = {entry["InstanceGroupName"]: entry for entry in request.get("InstanceGroups", [])}
    for name in named:
        if state.group(name) is None:
            raise wordings.GROUP_NOT_FOUND.error(group=name, name=cluster.name)
    chosen = named or {group.name: {} for group in state.groups}
    for group in state.groups:
        custom = str(group.spec.get("ImageId", "")).startswith("ami-")
        if group.name in chosen and custom and "ImageId" not in request:
            raise wordings.CUSTOM_IMAGE.error(group=group.name)
    if state.status != "InService":
        raise wordings.BUSY.error(name=cluster.name, what="updated", status=state.status)
    for group in state.groups:
        if group.name in chosen and (group.software in UNDER_WAY or group.status == "Deleting"):
            raise wordings.GROUP_BUSY.error(group=group.name, status=group.status)
    return chosen


def refuse_checks(request: Request, cluster: Cluster, state: ClusterState) -> None:
    """Refuse checks of what is not there or does not run; raises SageMakerError."""
    for entry in request["DeepHealthCheckConfigurations"]:
        name = entry["InstanceGroupName"]
        if state.group(name) is None:
            raise wordings.GROUP_NOT_FOUND.error(group=name, name=cluster.name)
        running = {node.instance_id for node in state.staying(name) if node.status == "Running"}
        for instance in entry.get("InstanceIds", ()):
            if instance not in running:
                raise wordings.NODE_OF_OTHER_GROUP.error(node=instance, group=name)
