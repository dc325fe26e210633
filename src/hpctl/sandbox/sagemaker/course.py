"""The course of a cluster: its creation and the changes that were asked for since, played up to a moment."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from hpctl.sandbox.sagemaker import announce, life, repair
from hpctl.sandbox.sagemaker.cluster import (
    Change,
    Cluster,
    Deleted,
    Group,
    HealthChecked,
    NodesAdded,
    NodesDeleted,
    Rebooted,
    Replaced,
    SoftwareUpdated,
    Updated,
)
from hpctl.sandbox.sagemaker.conduct import AllOrNothing, Continuous
from hpctl.sandbox.sagemaker.nodes import Image, InstanceGroup, Node
from hpctl.sandbox.sagemaker.operations import (
    DEEP_HEALTH_CHECK,
    DONE,
    IN_PROGRESS,
    SCALING,
    SUPERSEDED,
    Operation,
    Part,
)
from hpctl.sandbox.sagemaker.patching import UNDER_WAY, Patching
from hpctl.sandbox.sagemaker.play import Play

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hpctl.sandbox.clock import Moment
    from hpctl.sandbox.sagemaker.faults import Injected

# Deletion: nodes leave, then counts fall (`life`), then the cluster goes.
GONE = 0.50
# Three hours at AWS, where a creation takes about twenty minutes.
MINIMUM_AWAITED = 9.0
_NOTHING = {"CurrentCount": 0, "TargetCount": 0}
_RESPECIFIED = ("NodeRecovery", "ClusterRole", "AutoScaling", "TieredStorageConfig", "RestrictedInstanceGroupsConfig")


class Course(Play):
    """A play that follows the requests about one cluster."""

    def __init__(self, cluster: Cluster, injected: Iterable[Injected] = ()) -> None:
        """Stand at the moment of the creation, with nothing done."""
        super().__init__(cluster, injected)
        self.conduct = Continuous(self) if cluster.continuous else AllOrNothing(self)
        self.at(self.now, self._create)
        for number, change in enumerate(cluster.changes, start=1):
            self.ask(change.at.at, partial(self._change, number, change))
        for fault in self.hardware_faults():
            self.at(fault.since, partial(repair.watch_from, self, fault))

    def settle(self) -> None:
        """See what has come to its end: groups that are to go, scalings, and what the conduct waits for."""
        for group in list(self.groups.values()):
            if group.deleting and not group.nodes and self.status != "Deleting":
                del self.groups[group.name]
                announce.group_ended(self, group.name, "deletion", None)
        self.conduct.settle()
        for operation in self.operations:
            for name, part in operation.parts.items():
                if part.status == IN_PROGRESS and self._has_come(name):
                    part.status = DONE
                    announce.scaled(self, name, operation)

    def _has_come(self, name: str) -> bool:
        group = self.groups.get(name)
        return self.status in {"InService", "SystemUpdating"} and (group is None or group.whole)

    def _create(self) -> None:
        created = self.cluster.created
        announce.creation(self)
        self.conduct.begin("creation", 0, created)
        for run in self.cluster.groups:
            self._specify(run)
            self._fill(run, created, 0)
        self._scaling(0, {run.name: _NOTHING for run in self.cluster.groups})
        self._watch_minimum(self.cluster.groups, created)
        self.settle()

    def _change(self, number: int, change: Change) -> None:
        match change:
            case Updated():
                self._update(number, change)
            case NodesAdded() | NodesDeleted():
                self._scale(number, change)
            case Deleted():
                self._delete(change)
                return
            case _:
                self._treat(number, change)
        self.settle()

    def _treat(self, number: int, change: Change) -> None:
        match change:
            case Rebooted():
                repair.reboot_all(self, self.seated(change.nodes))
            case Replaced():
                repair.replace_all(self, change)
            case SoftwareUpdated():
                self._patch(number, change)
            case HealthChecked():
                self._check(number, change)

    def _update(self, number: int, change: Updated) -> None:
        deleted = [name for name in change.request.get("InstanceGroupsToDelete", []) if name in self.groups]
        before = {name: self._counts(name) for name in (*(run.name for run in change.groups), *deleted)}
        self.conduct.begin("update", number, change.at)
        announce.update(self, number)
        for run in change.groups:
            self._specify(run)
            self._fill(run, change.at, number)
        for name in deleted:
            self.groups[name].deleting = True
            announce.group_started(self, name, "deletion", number)
        self.conduct.release(self.seated(change.closes), self.cluster.operation_id(number))
        self._respecify(change.request)
        self._scaling(number, {name: counts for name, counts in before.items() if counts != self._desired(name)})
        self._watch_minimum(change.groups, change.at)

    def _scale(self, number: int, change: Change) -> None:
        closing = self.seated(change.closes)
        names = dict.fromkeys([*(run.name for run in change.groups), *(node.seat.group for node in closing)])
        before = {name: self._counts(name) for name in names}
        self.conduct.begin("update", number, change.at)
        for run in change.groups:
            self._fill(run, change.at, number)
        self.conduct.release(closing, self.cluster.operation_id(number))
        self._scaling(number, before)

    def _patch(self, number: int, change: SoftwareUpdated) -> None:
        for run in change.groups:
            if run.name in self.groups:
                Patching(self, number, run, change).begin()

    def _check(self, number: int, change: HealthChecked) -> None:
        checks = [dict(each) for each in change.request["DeepHealthCheckConfigurations"]]
        operation = Operation(self.cluster.operation_id(number), DEEP_HEALTH_CHECK, self.now, checks=checks)
        self.operations.append(operation)
        repair.check_all(self, self.seated(change.nodes), change.at.pace, operation)

    def _delete(self, change: Deleted) -> None:
        self.status = "Deleting"
        self.tell(f"Cluster {self.cluster.name} deletion started successfully")
        self.conduct.stop()
        for operation in self.operations:
            for part in operation.parts.values():
                part.status = SUPERSEDED if part.status == IN_PROGRESS else part.status
        for group in self.groups.values():
            group.deleting = True
        for node in list(self.nodes()):
            node.pace = change.at.pace
            life.close(self, node, None)
        self.after(GONE, change.at.pace, self._go)

    def _go(self) -> None:
        self.status = None
        self.groups.clear()

    def _specify(self, run: Group) -> None:
        group = self.groups.get(run.name)
        if group is None:
            image = self._first_image(run)
            self.groups[run.name] = InstanceGroup(run.name, run.spec, run.restricted, image, image)
            return
        group.spec = run.spec
        wanted = Image.of(run.spec)
        if (wanted.id or wanted.release) and group.software not in UNDER_WAY:
            group.desired = Image(wanted.id, wanted.release, group.desired.patch)

    def _first_image(self, run: Group) -> Image:
        # With Continuous provisioning a new group inherits the AMI of the earliest one (botocore's words on ImageId).
        named = Image.of(run.spec)
        if named.id or named.release or not self.groups or not self.cluster.continuous:
            return named
        return next(iter(self.groups.values())).desired

    def _fill(self, run: Group, moment: Moment, number: int) -> None:
        group, operation = self.groups[run.name], self.cluster.operation_id(number)
        verb = "update" if group.nodes else "creation"
        announce.filling(self, run, verb, number, moment.pace)
        for place, seat in enumerate(run.seats):
            holds = bool(seat.interfaces) and not (run.fault and run.fault.before_instance)
            node = Node(seat, run, moment.pace, operation, self.now, group.desired, holds=holds)
            group.nodes.append(node)
            life.rise(self, node, life.STAGGER * place / len(run.seats))

    def _scaling(self, number: int, before: Mapping[str, Mapping[str, int]]) -> None:
        for operation in self.operations:
            for name in before.keys() & operation.parts.keys():
                if operation.parts[name].status == IN_PROGRESS:
                    operation.parts[name].status = SUPERSEDED
        parts = {name: Part(counts, self._desired(name)) for name, counts in before.items()}
        if parts:
            self.operations.append(Operation(self.cluster.operation_id(number), SCALING, self.now, parts))

    def _counts(self, name: str) -> dict[str, int]:
        group = self.groups.get(name)
        return dict(_NOTHING) if group is None else group.counts

    def _desired(self, name: str) -> dict[str, int]:
        group = self.groups.get(name)
        if group is None:
            return dict(_NOTHING)
        return group.counts | {"CurrentCount": group.target}

    def _respecify(self, request: Mapping[str, Any]) -> None:
        self.request.update({name: request[name] for name in _RESPECIFIED if name in request})
        if "Slurm" in request.get("Orchestrator", {}):
            self.request["Orchestrator"] = request["Orchestrator"]

    def _watch_minimum(self, runs: Iterable[Group], moment: Moment) -> None:
        for run in runs:
            group = self.groups[run.name]
            if self.cluster.continuous and group.least and not group.ready:
                self.after(MINIMUM_AWAITED, moment.pace, partial(self._miss_minimum, group))

    def _miss_minimum(self, group: InstanceGroup) -> None:
        """A group that has not come to its minimum in time is emptied again."""
        if group.ready or group.deleting or self.groups.get(group.name) is not group or self.status != "InService":
            return
        operations = [each for each in self.operations if group.name in each.parts]
        announce.group_ended(self, group.name, "creation", None, "failed")
        life.close_all(self, [node for node in group.nodes if not node.closing], operations[-1].id)
        self.settle()
