"""HyperPod's part of the SageMaker API: the port `facts.ports.Clusters`.

Members are those of botocore 1.44.5's sagemaker service model; unknown ones are passed over.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from hpctl.adapters.aws.errors import reads
from hpctl.adapters.aws.session import AwsSession
from hpctl.facts.records import Cluster, ClusterSummary, Event, InstanceGroup, Node
from hpctl.terms import Orchestrator

_SERVICE: Final = "sagemaker"
_INSTANCE_ID: Final = re.compile(r"i-[a-f0-9]{8}(?:[a-f0-9]{9})?")
"""SageMaker's pattern of a `ClusterNodeId`; any other name of a node is a logical id."""


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
        params = {"SortBy": "CREATION_TIME", "SortOrder": "Descending"}
        if name_contains is not None:
            params["NameContains"] = name_contains
        yield from map(summary_of, self._session.pages(_SERVICE, "ListClusters", "ClusterSummaries", **params))

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

    def events(self, name: str, *, since: datetime | None = None) -> Iterator[Event]:
        """Yield events, newest first, those after `since` alone when it is given."""
        params: dict[str, Any] = {"ClusterName": name, "SortBy": "EventTime", "SortOrder": "Descending"}
        if since is not None:
            params["EventTimeAfter"] = since
        yield from map(listed_event_of, self._session.pages(_SERVICE, "ListClusterEvents", "Events", **params))

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
    groups = [*answer.get("InstanceGroups", ()), *answer.get("RestrictedInstanceGroups", ())]
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
        instance_groups=tuple(map(_group_of, groups)),
        failure_message=answer.get("FailureMessage") or None,
    )


def _group_of(group: Mapping[str, Any]) -> InstanceGroup:
    types = group.get("InstanceRequirements", {})
    several = types.get("DesiredInstanceTypes") or types.get("CurrentInstanceTypes") or ()
    return InstanceGroup(
        name=group["InstanceGroupName"],
        instance_type=group.get("InstanceType") or ",".join(several),
        status=group.get("Status"),
        current_count=group.get("CurrentCount", 0),
        target_count=group.get("TargetCount", 0),
        execution_role=group.get("ExecutionRole"),
        threads_per_core=group.get("ThreadsPerCore"),
        subnet_ids=tuple(group.get("OverrideVpcConfig", {}).get("Subnets", ())),
        slurm_node_type=group.get("SlurmConfig", {}).get("NodeType"),
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
    """Read one row of ListClusterNodes."""
    return _node_of(row)


@reads("sagemaker:DescribeClusterNode")
def node_of(answer: Mapping[str, Any]) -> Node:
    """Read DescribeClusterNode."""
    return _node_of(answer["NodeDetails"])


def _node_of(row: Mapping[str, Any]) -> Node:
    status = row["InstanceStatus"]
    placement = row.get("Placement", {})
    launched_at = row.get("LaunchTime")
    return Node(
        node_id=row.get("InstanceId") or row["NodeLogicalId"],
        instance_group=row["InstanceGroupName"],
        instance_type=row["InstanceType"],
        status=status["Status"],
        message=status.get("Message") or None,
        logical_id=row.get("NodeLogicalId"),
        launched_at=_utc(launched_at) if launched_at else None,
        private_dns_name=row.get("PrivateDnsHostname"),
        private_ip=row.get("PrivatePrimaryIp"),
        zone=placement.get("AvailabilityZone"),
        zone_id=placement.get("AvailabilityZoneId"),
        threads_per_core=row.get("ThreadsPerCore"),
        image_id=row.get("CurrentImageId"),
        lifecycle_script=_lifecycle_script(row.get("LifeCycleConfig", {})),
    )


def _lifecycle_script(config: Mapping[str, Any]) -> str | None:
    script = config.get("OnCreate") or config.get("OnInitComplete")
    source = config.get("SourceS3Uri")
    return f"{source.rstrip('/')}/{script}" if source and script else source or script


@reads("sagemaker:ListClusterEvents")
def listed_event_of(row: Mapping[str, Any]) -> Event:
    """Read one row of ListClusterEvents."""
    return _event_of(row, None)


@reads("sagemaker:DescribeClusterEvent")
def event_of(answer: Mapping[str, Any]) -> Event:
    """Read DescribeClusterEvent; whichever part of the metadata carries a failure message counts."""
    event = answer["EventDetails"]
    parts = event.get("EventDetails", {}).get("EventMetadata", {}).values()
    return _event_of(event, next((part["FailureMessage"] for part in parts if part.get("FailureMessage")), None))


def _event_of(row: Mapping[str, Any], failure_message: str | None) -> Event:
    return Event(
        event_id=row["EventId"],
        time=_utc(row["EventTime"]),
        level=row.get("EventLevel", ""),
        resource_type=row["ResourceType"],
        description=row.get("Description", ""),
        instance_group=row.get("InstanceGroupName"),
        node_id=row.get("InstanceId"),
        failure_message=failure_message,
    )


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)
