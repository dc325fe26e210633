"""The answers of the Describe and List operations, from a cluster and its state.

What a request says is what an answer shows, except where the answer splits a member into its current and
its desired value. Members that only requests have are dropped when moto serialises an answer by its shape.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hpctl.sandbox.sagemaker.cluster import Cluster, Seat
    from hpctl.sandbox.sagemaker.nodes import Image
    from hpctl.sandbox.sagemaker.timeline import ClusterState, GroupState, NodeState

# UpdateCluster and CreateCluster set it so when it is left out (AWS documentation).
_DEFAULT_THREADS_PER_CORE = 1
_UP_TO_DATE = "UpToDate"


def cluster_summary(cluster: Cluster, state: ClusterState) -> dict[str, Any]:
    """Return a `ClusterSummary`."""
    plans = [group.spec["TrainingPlanArn"] for group in state.groups if "TrainingPlanArn" in group.spec]
    return {
        "ClusterArn": cluster.arn,
        "ClusterName": cluster.name,
        "CreationTime": cluster.created.at,
        "ClusterStatus": state.status,
        "TrainingPlanArns": plans or None,
        "ImageVersionStatus": _UP_TO_DATE,
    }


def cluster_details(cluster: Cluster, state: ClusterState) -> dict[str, Any]:
    """Return the answer of DescribeCluster."""
    restricted = [_group_details(group, state) for group in state.groups if group.restricted]
    scaling = state.request.get("AutoScaling")
    return {
        **state.request,
        "ClusterArn": cluster.arn,
        "ClusterStatus": state.status,
        "CreationTime": cluster.created.at,
        "FailureMessage": state.failure_message,
        "InstanceGroups": [_group_details(group, state) for group in state.groups if not group.restricted],
        "RestrictedInstanceGroups": restricted or None,
        "RestrictedInstanceGroupsConfig": _shared_environment(state.request),
        "AutoScaling": scaling and {**scaling, "Status": "InService"},
        "Tags": None,
    }


def node_summary(node: NodeState, region: str) -> dict[str, Any]:
    """Return a `ClusterNodeSummary`."""
    return {
        "InstanceGroupName": node.seat.group,
        "InstanceId": node.instance_id,
        "NodeLogicalId": node.seat.logical_id,
        "InstanceType": node.seat.instance_type,
        "LaunchTime": node.launched_at,
        "LastSoftwareUpdateTime": node.updated_at,
        "InstanceStatus": {"Status": node.status, "Message": node.message},
        "PrivateDnsHostname": private_dns(node.seat, region),
        "CurrentImageReleaseVersion": node.image.release,
        "ImageVersionStatus": _UP_TO_DATE,
    }


def node_details(cluster: Cluster, node: NodeState, region: str) -> dict[str, Any]:
    """Return the `ClusterNodeDetails` of DescribeClusterNode."""
    spec = node.run.spec
    return {
        **spec,
        **node_summary(node, region),
        "NodeLogicalId": node.seat.logical_id if cluster.continuous else None,
        "ThreadsPerCore": spec.get("ThreadsPerCore", _DEFAULT_THREADS_PER_CORE),
        "PrivatePrimaryIp": node.seat.address,
        "Placement": {"AvailabilityZone": node.seat.zone, "AvailabilityZoneId": node.seat.zone_id},
        "KubernetesConfig": _current_and_desired(node.spec.get("KubernetesConfig"), ("Labels", "Taints")),
        "CapacityType": "Spot" if "Spot" in spec.get("CapacityRequirements", {}) else "OnDemand",
        **_images(node.image, node.desired),
    }


def private_dns(seat: Seat, region: str) -> str:
    """Return the host name of a node: its address, as EC2 names hosts."""
    return f"ip-{seat.address.replace('.', '-')}.{region}.compute.internal"


def _group_details(group: GroupState, state: ClusterState) -> dict[str, Any]:
    spec = group.spec
    patching = spec.get("AutoPatchConfig")
    return {
        **spec,
        "CurrentCount": group.current_count,
        "TargetCount": group.target_count,
        "MinCount": spec.get("MinInstanceCount"),
        "TargetStateCount": group.renewed,
        "Status": group.status,
        "ThreadsPerCore": spec.get("ThreadsPerCore", _DEFAULT_THREADS_PER_CORE),
        "InstanceRequirements": _current_and_desired(spec.get("InstanceRequirements"), ("InstanceTypes",)),
        "InstanceTypeDetails": _types(group, state),
        "KubernetesConfig": _current_and_desired(spec.get("KubernetesConfig"), ("Labels", "Taints")),
        "AutoPatchConfig": patching and patching | (_current_and_desired(patching, ("PatchSchedule",)) or {}),
        "ImageVersionStatus": _UP_TO_DATE,
        "ActiveOperations": {"Scaling": 1} if group.scaling else None,
        "SoftwareUpdateStatus": group.software,
        "ActiveSoftwareUpdateConfig": group.deployment,
        "TrainingPlanStatus": "Active" if "TrainingPlanArn" in spec else None,
        **_images(group.image, group.desired),
    }


def _types(group: GroupState, state: ClusterState) -> list[dict[str, Any]] | None:
    if "InstanceRequirements" not in group.spec:
        return None
    threads = group.spec.get("ThreadsPerCore", _DEFAULT_THREADS_PER_CORE)
    found = Counter(node.seat.instance_type for node in state.nodes if node.seat.group == group.name)
    return [{"InstanceType": kind, "CurrentCount": count, "ThreadsPerCore": threads} for kind, count in found.items()]


def _images(current: Image, desired: Image) -> dict[str, str | None]:
    return {
        "CurrentImageId": current.id,
        "DesiredImageId": desired.id,
        "CurrentImageReleaseVersion": current.release,
        "DesiredImageReleaseVersion": desired.release,
    }


def _shared_environment(request: Mapping[str, Any]) -> dict[str, Any] | None:
    config = request.get("RestrictedInstanceGroupsConfig")
    if config is None:
        return None
    members = ("FSxLustreConfig", "FSxLustreDeletionPolicy")
    return {"SharedEnvironmentConfig": _current_and_desired(config["SharedEnvironmentConfig"], members)}


def _current_and_desired(config: Any, members: tuple[str, ...]) -> dict[str, Any] | None:
    if config is None:
        return None
    return {f"{when}{name}": config[name] for name in members if name in config for when in ("Current", "Desired")}
