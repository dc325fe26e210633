"""HyperPod's part of the SageMaker API: the port `facts.ports.Clusters`.

Members are those of botocore 1.44.5's sagemaker service model; unknown ones are passed over.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

from hpctl.adapters.aws.errors import reads
from hpctl.adapters.aws.live import request_of
from hpctl.adapters.aws.session import AwsSession
from hpctl.facts.records import (
    AutoScaling,
    Cluster,
    ClusterSummary,
    Event,
    InstanceGroup,
    Live,
    Node,
    Operation,
    Scaling,
)
from hpctl.terms import Orchestrator

_SERVICE: Final = "sagemaker"
_INSTANCE_ID: Final = re.compile(r"i-[a-f0-9]{8}(?:[a-f0-9]{9})?")
"""SageMaker's pattern of a `ClusterNodeId`; any other name of a node is a logical id."""


_CAPACITY: Final = ("Spot", "OnDemand")
"""Markers of `ClusterCapacityRequirements`; the one that is there counts."""


class AwsClusters:
    """Creates, reads and deletes HyperPod clusters."""

    def __init__(self, session: AwsSession) -> None:
        """Ask through `session`."""
        self._session = session

    def create(self, request: Mapping[str, object]) -> str:
        """Send CreateCluster; it has no client token, so a retry of a lost answer ends in `ConflictError`."""
        return _arn_of(self._session.call(_SERVICE, "CreateCluster", **request))

    def describe(self, name: str) -> Cluster:
        """Return the cluster of that name or ARN."""
        return cluster_of(self._session.call(_SERVICE, "DescribeCluster", ClusterName=name))

    def summaries(self, *, name_contains: str | None = None) -> Iterator[ClusterSummary]:
        """Yield every cluster of the Region, newest first."""
        params: dict[str, Any] = {"SortBy": "CREATION_TIME", "SortOrder": "Descending"}
        if name_contains is not None:
            params["NameContains"] = name_contains
        yield from map(summary_of, self._session.pages(_SERVICE, "ListClusters", "ClusterSummaries", **params))

    def live(self, name: str) -> Live:
        """Return the cluster of that name or ARN with what it amounts to as a request."""
        answer = self._session.call(_SERVICE, "DescribeCluster", ClusterName=name)
        return Live(cluster_of(answer), request_of(answer))

    def update(self, request: Mapping[str, object]) -> None:
        """Send UpdateCluster."""
        self._session.call(_SERVICE, "UpdateCluster", **request)

    def update_software(self, request: Mapping[str, object]) -> None:
        """Send UpdateClusterSoftware."""
        self._session.call(_SERVICE, "UpdateClusterSoftware", **request)

    def add_tags(self, arn: str, tags: Mapping[str, str]) -> None:
        """Add tags to the cluster of that ARN."""
        pairs = [{"Key": key, "Value": value} for key, value in tags.items()]
        self._session.call(_SERVICE, "AddTags", ResourceArn=arn, Tags=pairs)

    def remove_tags(self, arn: str, keys: Iterable[str]) -> None:
        """Remove tags from the cluster of that ARN."""
        self._session.call(_SERVICE, "DeleteTags", ResourceArn=arn, TagKeys=list(keys))

    def operations(self, name: str, *, since: datetime | None = None) -> Iterator[Operation]:
        """Yield operations, newest first, those after `since` alone when it is given."""
        params: dict[str, Any] = {"ClusterName": name, "SortBy": "CreationTime", "SortOrder": "Descending"}
        if since is not None:
            params["CreationTimeAfter"] = since
        rows = self._session.pages(_SERVICE, "ListClusterOperations", "ClusterOperationSummaries", **params)
        yield from map(listed_operation_of, rows)

    def operation(self, name: str, operation_id: str) -> Operation:
        """Return one operation with its scalings."""
        return operation_of(
            self._session.call(_SERVICE, "DescribeClusterOperation", ClusterName=name, OperationId=operation_id)
        )

    def delete(self, name: str) -> None:
        """Start deleting the cluster of that name or ARN."""
        self._session.call(_SERVICE, "DeleteCluster", ClusterName=name)

    def nodes(self, name: str, *, instance_group: str | None = None) -> Iterator[Node]:
        """Yield the nodes, those without an instance yet included."""
        params: dict[str, Any] = {"ClusterName": name, "IncludeNodeLogicalIds": True}
        if instance_group is not None:
            params["InstanceGroupNameContains"] = instance_group
        for row in self._session.pages(_SERVICE, "ListClusterNodes", "ClusterNodeSummaries", **params):
            node = listed_node_of(row)
            if instance_group in (None, node.instance_group):  # AWS's filter takes groups that merely contain the name
                yield node

    def node(self, name: str, node_id: str) -> Node:
        """Return one node in full, by instance id or logical id."""
        key = "NodeId" if _INSTANCE_ID.fullmatch(node_id) else "NodeLogicalId"
        return node_of(self._session.call(_SERVICE, "DescribeClusterNode", ClusterName=name, **{key: node_id}))

    def events(
        self,
        name: str,
        *,
        since: datetime | None = None,
        instance_group: str | None = None,
        node_id: str | None = None,
    ) -> Iterator[Event]:
        """Yield events, newest first: those after `since`, of one group, of one node, where these are given.

        AWS filters, by instance id alone where it is a node; what it lets through beside that is left out here.
        """
        instance_id = node_id if node_id and _INSTANCE_ID.fullmatch(node_id) else None
        asked = {"EventTimeAfter": since, "InstanceGroupName": instance_group, "NodeId": instance_id}
        params: dict[str, Any] = {"ClusterName": name, "SortBy": "EventTime", "SortOrder": "Descending"}
        params |= {member: value for member, value in asked.items() if value is not None}
        for row in self._session.pages(_SERVICE, "ListClusterEvents", "Events", **params):
            event = listed_event_of(row)
            late_enough = since is None or event.time > since
            if late_enough and instance_group in (None, event.instance_group) and node_id in (None, event.node_id):
                yield event

    def event(self, name: str, event_id: str) -> Event:
        """Return one event with its failure message."""
        return event_of(self._session.call(_SERVICE, "DescribeClusterEvent", ClusterName=name, EventId=event_id))

    def tags(self, arn: str) -> dict[str, str]:
        """Return the tags of the cluster of that ARN."""
        return {tag["Key"]: tag["Value"] for tag in self._session.pages(_SERVICE, "ListTags", "Tags", ResourceArn=arn)}


@reads("sagemaker:CreateCluster")
def _arn_of(answer: Mapping[str, Any]) -> str:
    return str(answer["ClusterArn"])


@reads("sagemaker:DescribeCluster")
def cluster_of(answer: Mapping[str, Any]) -> Cluster:
    """Read DescribeCluster; restricted instance groups follow the others."""
    orchestrator = answer.get("Orchestrator", {})
    network = answer.get("VpcConfig", {})
    groups = map(_group_of, answer.get("InstanceGroups", ()))
    restricted = map(_restricted_group_of, answer.get("RestrictedInstanceGroups", ()))
    return Cluster(
        name=answer["ClusterName"],
        arn=answer["ClusterArn"],
        status=answer["ClusterStatus"],
        created_at=_utc(answer["CreationTime"]),
        orchestrator=Orchestrator.EKS if "Eks" in orchestrator else Orchestrator.SLURM,
        eks_cluster_arn=orchestrator.get("Eks", {}).get("ClusterArn"),
        node_recovery=answer.get("NodeRecovery"),
        node_provisioning=answer.get("NodeProvisioningMode"),
        subnet_ids=tuple(network.get("Subnets", ())),
        security_group_ids=tuple(network.get("SecurityGroupIds", ())),
        instance_groups=(*groups, *restricted),
        failure_message=answer.get("FailureMessage") or None,
        auto_scaling=_auto_scaling_of(answer["AutoScaling"]) if answer.get("AutoScaling") else None,
    )


def _auto_scaling_of(scaling: Mapping[str, Any]) -> AutoScaling:
    return AutoScaling(scaling["Mode"], scaling["Status"], scaling.get("FailureMessage") or None)


def _restricted_group_of(group: Mapping[str, Any]) -> InstanceGroup:
    return InstanceGroup(
        name=group["InstanceGroupName"],
        instance_type=group.get("InstanceType", ""),
        status=group.get("Status"),
        current_count=group.get("CurrentCount", 0),
        target_count=group.get("TargetCount", 0),
        execution_role=group.get("ExecutionRole"),
        threads_per_core=group.get("ThreadsPerCore"),
        subnet_ids=tuple(group.get("OverrideVpcConfig", {}).get("Subnets", ())),
        training_plan_arn=group.get("TrainingPlanArn"),
    )


def _group_of(group: Mapping[str, Any]) -> InstanceGroup:
    types = group.get("InstanceRequirements", {})
    several = types.get("DesiredInstanceTypes") or types.get("CurrentInstanceTypes") or ()
    return replace(
        _restricted_group_of(group),
        instance_type=group.get("InstanceType") or ",".join(several),
        slurm_node_type=group.get("SlurmConfig", {}).get("NodeType"),
        capacity_type=next((kind for kind in _CAPACITY if kind in group.get("CapacityRequirements", {})), None),
        software_update=group.get("SoftwareUpdateStatus"),
        current_image=group.get("CurrentImageId"),
        desired_image=group.get("DesiredImageId"),
        image_version_status=group.get("ImageVersionStatus"),
    )


@reads("sagemaker:ListClusters")
def summary_of(row: Mapping[str, Any]) -> ClusterSummary:
    """Read one row of ListClusters."""
    return ClusterSummary(
        name=row["ClusterName"],
        arn=row["ClusterArn"],
        status=row["ClusterStatus"],
        created_at=_utc(row["CreationTime"]),
    )


@reads("sagemaker:ListClusterNodes")
def listed_node_of(row: Mapping[str, Any]) -> Node:
    """Read one row of ListClusterNodes; a node without an instance yet goes by its logical id."""
    return _node_of(row)


def _node_of(row: Mapping[str, Any]) -> Node:
    status = row["InstanceStatus"]
    launched_at, updated_at = row.get("LaunchTime"), row.get("LastSoftwareUpdateTime")
    return Node(
        node_id=row.get("InstanceId") or row["NodeLogicalId"],
        instance_group=row["InstanceGroupName"],
        instance_type=row["InstanceType"],
        status=status["Status"],
        message=status.get("Message") or None,
        logical_id=row.get("NodeLogicalId"),
        launched_at=_utc(launched_at) if launched_at else None,
        private_dns_name=row.get("PrivateDnsHostname"),
        software_updated_at=_utc(updated_at) if updated_at else None,
    )


@reads("sagemaker:DescribeClusterNode")
def node_of(answer: Mapping[str, Any]) -> Node:
    """Read DescribeClusterNode, which tells all that ListClusterNodes does and more."""
    details = answer["NodeDetails"]
    placement = details.get("Placement", {})
    return replace(
        _node_of(details),
        private_ip=details.get("PrivatePrimaryIp"),
        zone=placement.get("AvailabilityZone"),
        zone_id=placement.get("AvailabilityZoneId"),
        threads_per_core=details.get("ThreadsPerCore"),
        image_id=details.get("CurrentImageId"),
        lifecycle_script=_lifecycle_script(details.get("LifeCycleConfig", {})),
    )


def _lifecycle_script(config: Mapping[str, Any]) -> str | None:
    script = config.get("OnCreate") or config.get("OnInitComplete")
    source = config.get("SourceS3Uri")
    return f"{source.rstrip('/')}/{script}" if source and script else source or script


@reads("sagemaker:ListClusterEvents")
def listed_event_of(row: Mapping[str, Any]) -> Event:
    """Read one row of ListClusterEvents."""
    return _event_of(row)


def _event_of(row: Mapping[str, Any]) -> Event:
    return Event(
        event_id=row["EventId"],
        time=_utc(row["EventTime"]),
        level=row.get("EventLevel", ""),
        resource_type=row["ResourceType"],
        description=row.get("Description", ""),
        instance_group=row.get("InstanceGroupName"),
        node_id=row.get("InstanceId"),
    )


@reads("sagemaker:DescribeClusterEvent")
def event_of(answer: Mapping[str, Any]) -> Event:
    """Read DescribeClusterEvent; whichever part of the metadata carries a failure message counts."""
    event = answer["EventDetails"]
    parts = event.get("EventDetails", {}).get("EventMetadata", {}).values()
    messages = (part.get("FailureMessage") for part in parts)
    return replace(_event_of(event), failure_message=next(filter(None, messages), None))


@reads("sagemaker:ListClusterOperations")
def listed_operation_of(row: Mapping[str, Any]) -> Operation:
    """Read one row of ListClusterOperations."""
    return _operation_of(row)


def _operation_of(row: Mapping[str, Any]) -> Operation:
    return Operation(
        operation_id=row["OperationId"],
        type=row.get("Type", ""),
        status=row.get("Status", ""),
        created_at=_utc(row["CreationTime"]),
    )


@reads("sagemaker:DescribeClusterOperation")
def operation_of(answer: Mapping[str, Any]) -> Operation:
    """Read DescribeClusterOperation."""
    return replace(_operation_of(answer), scalings=tuple(map(_scaling_of, answer.get("ScalingDetails", ()))))


def _scaling_of(row: Mapping[str, Any]) -> Scaling:
    return Scaling(
        instance_group=row["InstanceGroupName"],
        status=row.get("Status", ""),
        original_count=row.get("Original", {}).get("CurrentCount", 0),
        target_count=row.get("Desired", {}).get("TargetCount", 0),
    )


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)
