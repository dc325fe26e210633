"""The events of a cluster with Continuous provisioning, in AWS's words: a pure function like `timeline`.

The descriptions follow the HyperPod events reference of the AWS documentation; `…` in that reference hides
parts of some sentences, and where it does, the part in the comment `unverified` is the sandbox's. A failed
provisioning gives two error events within a second (seen at AWS).
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from itertools import islice
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from hpctl.sandbox.sagemaker import timeline
from hpctl.sandbox.sagemaker.wordings import ORCHESTRATION_NOISE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from hpctl.sandbox.clock import Moment
    from hpctl.sandbox.sagemaker.cluster import Cluster, Group, Seat

# AWS keeps about so many of the newest.
_KEPT = 500
_PAIR_DISTANCE = timedelta(seconds=0.4)


@dataclass(frozen=True)
class Event:
    """One event: when, about what, and what only DescribeClusterEvent tells (`metadata`, an EventMetadata)."""

    at: datetime
    description: str
    resource_type: str = "Cluster"
    group: str | None = None
    instance_id: str | None = None
    level: str = "Info"
    metadata: Mapping[str, Any] = field(default_factory=dict)

    def id(self, cluster: Cluster) -> str:
        """Return the EventId: the same event has the same id whenever it is asked for."""
        text = f"{self.at.isoformat()} {self.group} {self.instance_id} {self.description}"
        return str(uuid.uuid5(uuid.uuid5(uuid.NAMESPACE_URL, cluster.arn), text))

    def summary(self, cluster: Cluster) -> dict[str, Any]:
        """Return the `ClusterEventSummary`."""
        return {
            "EventId": self.id(cluster),
            "ClusterArn": cluster.arn,
            "ClusterName": cluster.name,
            "InstanceGroupName": self.group,
            "InstanceId": self.instance_id,
            "ResourceType": self.resource_type,
            "EventTime": self.at,
            "Description": self.description,
            "EventLevel": self.level,
            "OperationId": operation_id(cluster),
        }

    def details(self, cluster: Cluster) -> dict[str, Any]:
        """Return the `ClusterEventDetail`."""
        return {**self.summary(cluster), "EventDetails": {"EventMetadata": dict(self.metadata) or None}}


def operation_id(cluster: Cluster) -> str:
    """Return the id of the operation that creates the cluster's nodes."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{cluster.arn} creation"))


def events_until(cluster: Cluster, now: datetime) -> list[Event]:
    """Return the newest events up to `now`, oldest first."""
    born = _creation(cluster, min(now, cluster.deleted.at) if cluster.deleted else now)
    gone = _deletion(cluster, cluster.deleted) if cluster.deleted else iter(())
    past = sorted((event for event in (*born, *gone) if event.at <= now), key=attrgetter("at"))
    return past[-_KEPT:]


def _at(since: Moment, share: float) -> datetime:
    return since.at + timedelta(seconds=share * since.pace)


def _creation(cluster: Cluster, until: datetime) -> Iterator[Event]:
    name, start = cluster.name, cluster.created
    yield Event(start.at, f"Cluster {name} creation started successfully")
    if cluster.eks:
        yield from _eks_access(cluster)
    for group in cluster.groups:
        yield from (event for event in _group_creation(cluster, group, until) if event.at <= until)
    if not cluster.eks:
        yield Event(_at(start, 0.05), "Successfully created and stored munge key")
    yield Event(_at(start, timeline.LAUNCHED), f"Cluster {name} creation completed successfully")
    yield from _noise(cluster, until)


def _eks_access(cluster: Cluster) -> Iterator[Event]:
    at = _at(cluster.created, 0.03)
    entry = "arn:aws:iam::{}:role/aws-service-role/hyperpod.sagemaker.amazonaws.com/AWSServiceRoleForSageMakerHyperPod"
    service_role = entry.format(cluster.arn.split(":")[4])
    roles = list(dict.fromkeys(group.spec["ExecutionRole"] for group in cluster.groups))
    yield Event(
        at,
        f"SLR Access Entry creation successful for Cluster {cluster.name}",
        metadata={"Cluster": {"SlrAccessEntry": service_role}},
    )
    yield Event(
        at,
        f"EKS Access Entries creation successful for Cluster {cluster.name}",
        metadata={"Cluster": {"EksRoleAccessEntries": roles}},
    )


def _group_creation(cluster: Cluster, group: Group, until: datetime) -> Iterator[Event]:
    where, start = f"Cluster {cluster.name}", cluster.created
    about = partial(Event, resource_type="InstanceGroup", group=group.name)
    yield about(_at(start, 0.04), f"InstanceGroup {group.name} creation started successfully in {where}")
    yield from _network(cluster, group)
    for seat in group.seats:
        yield from _seat(cluster, group, seat, until)
    if not group.fault:
        counts = {"InstanceCount": len(group.seats), "TargetCount": len(group.seats)}
        text = f"Instance Group {group.name} creation in {where} completed successfully"
        yield about(_at(start, timeline.SETTLED), text, metadata={"InstanceGroupScaling": counts})


def _network(cluster: Cluster, group: Group) -> Iterator[Event]:
    about = partial(Event, resource_type="InstanceGroup", group=group.name)
    network = group.spec.get("OverrideVpcConfig") or cluster.request.get("VpcConfig")
    if network is None:
        text = f"Using HyperPod Platform provided network configuration for IG {group.name} in Cluster {cluster.name}"
        yield about(_at(cluster.created, 0.06), text)
        return
    for seat in {seat.subnet_id: seat for seat in group.seats}.values():
        members = {"SubnetId": seat.subnet_id, "SecurityGroupIds": network["SecurityGroupIds"]}
        text = (
            f"Found Subnet {seat.subnet_id} in AZ {seat.zone_id} with SecurityGroupIds "
            f"[{', '.join(network['SecurityGroupIds'])}] for IG {group.name} in Cluster {cluster.name}"
        )
        metadata = {"InstanceGroup": {**members, "AvailabilityZoneId": seat.zone_id}}
        yield about(_at(cluster.created, 0.06), text, metadata=metadata)


def _seat(cluster: Cluster, group: Group, seat: Seat, until: datetime) -> Iterator[Event]:
    share = timeline.elapsed(cluster.created, until)
    starts = timeline.attempts(share) if group.fault else islice(timeline.attempts(share), 1)
    for number, begun in enumerate(starts):
        yield from _attempt(cluster, group, seat, number, begun + timeline.delay(group, seat))


def _attempt(cluster: Cluster, group: Group, seat: Seat, number: int, begun: float) -> Iterator[Event]:
    instance = cluster.instance_id(seat, number)
    where = f"in Cluster {cluster.name} and IG {group.name}"

    def event(share: float, description: str, **metadata: object) -> Event:
        at = _at(cluster.created, begun + share)
        extra = {"Instance": {"NodeLogicalId": seat.logical_id, **metadata}}
        return Event(at, description, "Instance", group.name, instance, metadata=extra)

    yield event(0.08, f"Instance creation started successfully {where}")
    yield event(0.10, f"No CapacityReservation found for instance {where}, using on-demand pool")
    yield event(0.12, f"Successfully created Customer ENI for instance {where}", CustomerEni=_eni(instance))
    if group.fault:
        yield from _failures(cluster, group, seat, number, begun)
        return
    yield event(timeline.EFA_CHECKED, f"EC2 Instance {instance} successfully provisioned {where}")
    for share, state in ((timeline.SCRIPTS_STARTED, "InProgress"), (timeline.SCRIPTS_DONE, "Succeeded")):
        text = f"Instance lifecycle script execution for EC2 Instance {instance} has {state}"
        yield event(share, text, LcsExecutionState=state)
    done = timeline.DEEP_CHECKED if group.deep_checked else timeline.SCRIPTS_DONE
    yield event(done, f"Instance creation {instance} {where} completed successfully")


def _failures(cluster: Cluster, group: Group, seat: Seat, number: int, begun: float) -> Iterator[Event]:
    failed = _at(cluster.created, begun + timeline.EFA_CHECKED)
    where = f"in Cluster {cluster.name} and InstanceGroup {group.name}"
    instance = cluster.instance_id(seat, number)
    metadata = {"Instance": {"NodeLogicalId": seat.logical_id, "FailureMessage": group.fault}}
    pair = (f"Failed to provision EC2 Instance {where}", f"Instance creation {where} failed")
    for distance, text in enumerate(pair):
        at = failed + distance * _PAIR_DISTANCE
        yield Event(at, text, "Instance", group.name, instance, "Error", metadata)


def _noise(cluster: Cluster, until: datetime) -> Iterator[Event]:
    # Seen at AWS on every scaling, and no fault.
    seats = sum(len(group.seats) for group in cluster.groups)
    at = _at(cluster.created, timeline.SCRIPTS_DONE)
    if seats > 1 and at <= until:
        text = (
            f"{seats} node(s) lost orchestration-ready status. Current: 0/{seats} orchestration-ready across "
            f"{len(cluster.groups)} instance group(s)."
        )
        yield Event(at, text, level="Warn", metadata={"Cluster": {"FailureMessage": ORCHESTRATION_NOISE}})


def _deletion(cluster: Cluster, deleted: Moment) -> Iterator[Event]:
    yield Event(deleted.at, f"Cluster {cluster.name} deletion started successfully")
    before = timeline.state_at(cluster, deleted.at)
    for node in before.nodes if before else ():
        if node.instance_id is None:
            continue
        where = f"in Cluster {cluster.name} and IG {node.group.name}"
        about = ("Instance", node.group.name, node.instance_id)
        text = f"Termination of EC2 Instance {node.instance_id} is currently in progress {where}"
        yield Event(_at(deleted, 0.1), text, *about)
        text = f"Customer ENI successfully deleted for EC2 Instance {node.instance_id} {where}"
        yield Event(_at(deleted, timeline.NODES_GONE), text, *about)


def _eni(instance_id: str) -> str:
    return f"eni-{uuid.uuid5(uuid.NAMESPACE_URL, instance_id).hex[:17]}"
