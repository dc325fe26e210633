"""The events of a cluster with Continuous provisioning, in AWS's words: a pure function like `timeline`.

The descriptions follow the HyperPod events reference of the AWS documentation; `…` in that reference hides
parts of some sentences, and where it does, the part in the comment `unverified` is the sandbox's. A failed
provisioning gives two error events within a second (seen at AWS).
"""

from __future__ import annotations

import math
import uuid
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from itertools import islice
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from hpctl.sandbox.sagemaker import timeline
from hpctl.sandbox.sagemaker.cluster import Stage
from hpctl.sandbox.sagemaker.wordings import ORCHESTRATION_NOISE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from hpctl.sandbox.clock import Moment
    from hpctl.sandbox.sagemaker.cluster import Cluster, Fault, Group, Seat

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
    waited = timeline.wait(cluster, group)
    if not group.fault and math.isfinite(waited):
        counts = {"InstanceCount": len(group.seats), "TargetCount": len(group.seats)}
        text = f"Instance Group {group.name} creation in {where} completed successfully"
        yield about(_at(start, timeline.SETTLED + waited), text, metadata={"InstanceGroupScaling": counts})


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
    waited = timeline.wait(cluster, group)
    starts = timeline.attempts(share, waited) if group.fault else islice(timeline.attempts(share), 1)
    for number, begun in enumerate(starts):
        attempt = _Attempt(cluster, group, seat, number, begun + timeline.delay(group, seat), 0.0 if number else waited)
        yield from attempt.events()


@dataclass(frozen=True)
class _Attempt:
    """An attempt to fill a seat: which one, when it began, and how much longer than usual its scripts take."""

    cluster: Cluster
    group: Group
    seat: Seat
    number: int
    begun: float
    waited: float

    @property
    def instance(self) -> str:
        return self.cluster.instance_id(self.seat, self.number)

    @property
    def where(self) -> str:
        return f"in Cluster {self.cluster.name} and IG {self.group.name}"

    def events(self) -> Iterator[Event]:
        fault = self.group.fault
        until = timeline.strikes(fault, self.waited) if fault else math.inf
        yield from (event for share, event in self._course() if share < until)
        if fault and math.isfinite(until):
            yield from self._failures(fault, until)

    def _course(self) -> Iterator[tuple[float, Event]]:
        stage = self.group.fault.stage if self.group.fault else None
        yield self._event(0.08, f"Instance creation started successfully {self.where}")
        if stage is Stage.CAPACITY:
            return
        yield self._event(0.10, f"No CapacityReservation found for instance {self.where}, using on-demand pool")
        if stage is Stage.INTERFACE:
            return
        text = f"Successfully created Customer ENI for instance {self.where}"
        yield self._event(0.12, text, CustomerEni=interface_id(self.instance, 0))
        text = f"EC2 Instance {self.instance} successfully provisioned {self.where}"
        yield self._event(timeline.EFA_CHECKED, text)
        yield from self._scripts()

    def _scripts(self) -> Iterator[tuple[float, Event]]:
        text = f"Instance lifecycle script execution for EC2 Instance {self.instance} has "
        yield self._event(timeline.SCRIPTS_STARTED, f"{text}InProgress", LcsExecutionState="InProgress")
        if math.isinf(self.waited):
            return
        yield self._event(timeline.SCRIPTS_DONE + self.waited, f"{text}Succeeded", LcsExecutionState="Succeeded")
        done = timeline.DEEP_CHECKED if self.group.deep_checked else timeline.SCRIPTS_DONE
        yield self._event(done + self.waited, f"Instance creation {self.instance} {self.where} completed successfully")

    def _event(self, share: float, description: str, **metadata: object) -> tuple[float, Event]:
        at = _at(self.cluster.created, self.begun + share)
        extra = {"Instance": {"NodeLogicalId": self.seat.logical_id, **metadata}}
        fault = self.group.fault
        instance = None if fault and fault.before_instance else self.instance
        return share, Event(at, description, "Instance", self.group.name, instance, metadata=extra)

    def _failures(self, fault: Fault, share: float) -> Iterator[Event]:
        where = f"in Cluster {self.cluster.name} and InstanceGroup {self.group.name}"
        metadata = {"Instance": {"NodeLogicalId": self.seat.logical_id, "FailureMessage": fault.message}}
        last = f"Instance creation {where} failed"
        for distance, text in enumerate((*self._first_failure(fault, where), last)):
            at = _at(self.cluster.created, self.begun + share) + distance * _PAIR_DISTANCE
            instance = None if fault.before_instance else self.instance
            yield Event(at, text, "Instance", self.group.name, instance, "Error", metadata)

    def _first_failure(self, fault: Fault, where: str) -> Iterator[str]:
        match fault.stage:
            case Stage.INTERFACE:
                yield f"Failed to create Customer ENI for instance {self.where}"
            case Stage.SCRIPTS:
                yield (
                    f"Instance lifecycle script execution for EC2 Instance {self.instance} has Failed. To view "
                    f"lifecycle script logs, visit log group '{self.cluster.log_group}' and log stream "
                    f"'{stream_name(self.group, self.instance)}'."
                )
            case _:
                yield f"Failed to provision EC2 Instance {where}"


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


def interface_id(instance_id: str, card: int) -> str:
    """Return the id of the network interface of a node's card."""
    return f"eni-{uuid.uuid5(uuid.NAMESPACE_URL, f'{instance_id} {card}').hex[:17]}"


def stream_name(group: Group, instance_id: str) -> str:
    """Return the name of the log stream of a node's lifecycle scripts."""
    return f"LifecycleConfig/{group.name}/{instance_id}"
