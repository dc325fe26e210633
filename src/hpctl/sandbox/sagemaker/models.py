"""The HyperPod clusters of one account and Region, in the place of moto's."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from moto.core.base_backend import BackendDict
from moto.logs.models import logs_backends
from moto.moto_api._internal import mock_random
from moto.sagemaker.models import SageMakerModelBackend

from hpctl.sandbox.account import Account
from hpctl.sandbox.clock import moment
from hpctl.sandbox.sagemaker import batches, changes, interfaces, software, wordings
from hpctl.sandbox.sagemaker.cluster import (
    Change,
    Cluster,
    Deleted,
    Ended,
    Fault,
    Group,
    NodesAdded,
    NodesDeleted,
    Rebooted,
    Stage,
)
from hpctl.sandbox.sagemaker.course import Course
from hpctl.sandbox.sagemaker.faults import Injected, Kind
from hpctl.sandbox.sagemaker.logs import LifecycleLogs
from hpctl.sandbox.sagemaker.members import is_spot
from hpctl.sandbox.sagemaker.placement import Placement
from hpctl.sandbox.sagemaker.rules import refusal
from hpctl.sandbox.sagemaker.timeline import ClusterState, state_of
from hpctl.sandbox.sagemaker.update_rules import update_refusal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from hpctl.sandbox.plans import Plan
    from hpctl.sandbox.sagemaker.batches import Batch
    from hpctl.sandbox.scripts import Outcome, Script

_BUSY = frozenset({"Creating", "RollingBack", "Updating", "SystemUpdating", "Deleting"})
_TOKEN_VALID = timedelta(hours=8)


class HyperPodBackend(SageMakerModelBackend):
    """moto's SageMaker with HyperPod clusters that live; everything else stays moto's."""

    def __init__(self, region_name: str, account_id: str) -> None:
        """Start empty."""
        super().__init__(region_name, account_id)
        self._hyperpod: dict[str, Cluster] = {}
        self._courses: dict[str, Course] = {}
        self._tags: dict[str, dict[str, str]] = {}
        self._held: dict[str, interfaces.Held] = {}
        self._injected: dict[str, Injected] = {}
        self._logs = LifecycleLogs()

    def create_hyperpod_cluster(self, request: dict[str, Any]) -> str:
        """Create a cluster and return its ARN; raises SageMakerError."""
        account = self.account()
        if any(cluster.name == request["ClusterName"] for cluster, _ in self.living()):
            raise wordings.NAME_IN_USE.error(name=request["ClusterName"])
        if error := refusal(request, account):
            raise error
        cluster_id = mock_random.get_random_string(12, lower_case=True)
        arn = f"arn:{self.partition}:sagemaker:{self.region_name}:{self.account_id}:cluster/{cluster_id}"
        placement = Placement(cluster_id, request, account, self._taken_addresses())
        cluster = Cluster(cluster_id, arn, request, tuple(placement.groups()), moment())
        self._hyperpod[cluster_id] = cluster
        self._held[cluster_id] = interfaces.take(account.ec2, cluster, cluster.groups)
        self._tags[arn] = {tag["Key"]: tag["Value"] for tag in request.get("Tags", [])}
        return arn

    def update_hyperpod_cluster(self, request: dict[str, Any]) -> str:
        """Begin to update a cluster and return its ARN; raises SageMakerError."""
        cluster, state = self.find(request["ClusterName"])
        account = self.account()
        if error := update_refusal(request, cluster, state, account):
            raise error
        placement = self._placement(cluster, state, account)
        return self._append(cluster, changes.updated(cluster, state, request, placement, moment()))

    def update_hyperpod_software(self, request: dict[str, Any]) -> str:
        """Begin to update the software of a cluster and return its ARN; raises SageMakerError."""
        cluster, state = self.find(request["ClusterName"])
        names = software.groups_to_update(request, cluster, state)
        placement = self._placement(cluster, state, self.account())
        return self._append(cluster, changes.software_updated(state, request, names, placement, moment()))

    def check_hyperpod_health(self, request: dict[str, Any]) -> str:
        """Begin deep health checks and return the cluster's ARN; raises SageMakerError."""
        cluster, state = self.find(request["ClusterName"])
        software.refuse_checks(request, cluster, state)
        return self._append(cluster, changes.health_checked(state, request, moment()))

    def add_hyperpod_nodes(self, request: dict[str, Any]) -> dict[str, Any]:
        """Begin to add nodes and return the answer of BatchAddClusterNodes; raises SageMakerError."""
        cluster, state = self.find(request["ClusterName"])
        if (earlier := self._earlier(cluster, request)) is not None:
            return self._added(cluster, earlier, [])
        account = self.account()
        placement = self._placement(cluster, state, account)
        good, failed = batches.addition(request, cluster, state, placement, account)
        change = changes.nodes_added(cluster, state, good, placement, moment())
        # What the token stands for is the request as it came.
        change = replace(change, request=request)
        if change.groups:
            self._append(cluster, change)
        return self._added(cluster, change, failed)

    def delete_hyperpod_nodes(self, request: dict[str, Any]) -> dict[str, Any]:
        """Begin to delete nodes and return the answer; raises SageMakerError."""
        cluster, _, found = self._sort_out(request, batches.DELETE)
        closes = tuple(node.seat.logical_id for node in found.nodes)
        if closes:
            self._append(cluster, NodesDeleted(moment(), request, closes=closes))
        return found.answer

    def reboot_hyperpod_nodes(self, request: dict[str, Any]) -> dict[str, Any]:
        """Begin to reboot nodes and return the answer; raises SageMakerError."""
        cluster, _, found = self._sort_out(request, batches.REBOOT)
        nodes = tuple(node.seat.logical_id for node in found.nodes)
        if nodes:
            self._append(cluster, Rebooted(moment(), request, nodes=nodes))
        return found.answer

    def replace_hyperpod_nodes(self, request: dict[str, Any]) -> dict[str, Any]:
        """Begin to replace nodes and return the answer; raises SageMakerError."""
        cluster, state, found = self._sort_out(request, batches.REPLACE)
        if found.nodes:
            placement = self._placement(cluster, state, self.account())
            self._append(cluster, changes.replaced(state, request, found.nodes, placement, moment()))
        return found.answer

    def repair_node(self, arn: str, node_id: str, action: str) -> None:
        """Begin to `Reboot` or `Replace` a node that runs, or has failed, because its label in Kubernetes says so."""
        for cluster, state in self.living():
            node = state.node(node_id) if cluster.arn == arn else None
            if node is None or node.status not in batches.REBOOT.statuses:
                continue
            if action == "Reboot":
                self._append(cluster, Rebooted(moment(), {}, nodes=(node.seat.logical_id,)))
            else:
                placement = self._placement(cluster, state, self.account())
                self._append(cluster, changes.replaced(state, {}, (node,), placement, moment()))

    def delete_hyperpod_cluster(self, name_or_arn: str) -> str:
        """Begin to delete a cluster and return its ARN; raises SageMakerError."""
        cluster, state = self.find(name_or_arn)
        if state.status == "Deleting" or (state.status in _BUSY and not cluster.continuous):
            raise wordings.BUSY.error(name=cluster.name, what="deleted", status=state.status)
        return self._append(cluster, Deleted(moment()))

    def account(self) -> Account:
        """Return the account as it is at this moment, with what living clusters use of it."""
        used: Counter[Any] = Counter()
        for _, state in self.living():
            for node in state.seats:
                # What a training plan reserves is not counted against the on-demand quota of its type.
                on_demand = (node.seat.instance_type, is_spot(node.run.spec))
                used[node.run.spec.get("TrainingPlanArn", on_demand)] += 1
        return Account(self.account_id, self.region_name, used)

    def plan(self, name_or_arn: str) -> dict[str, Any]:
        """Return the answer of DescribeTrainingPlan; raises SageMakerError."""
        found = self.account().plan(name_or_arn)
        if found is None:
            raise wordings.PLAN_NOT_FOUND.error(name=name_or_arn)
        return self._described(found)

    def plans(self) -> list[dict[str, Any]]:
        """Return the training plans."""
        return [self._described(plan) for plan in self.account().plans()]

    def settle(self, service: str) -> None:
        """Let the rest of the account show what time has done to clusters, before a request of a service reads it."""
        for cluster in self._hyperpod.values():
            course = self.course(cluster)
            self._give_back(cluster, state_of(course))
            if service == "logs":
                self._logs.write(logs_backends[self.account_id][self.region_name], course)

    def scripts_to_run(self) -> Iterator[tuple[str, str, Script]]:
        """Yield the scripts whose outcome is not known: cluster ARN, the name of the run, script."""
        for cluster in self._hyperpod.values():
            for number, group in cluster.runs():
                if group.script is not None and group.ended is None and cluster.deleted is None:
                    yield cluster.arn, _run_name(number, group), group.script

    def end_script(self, arn: str, run: str, outcome: Outcome) -> None:
        """Record how the run of a group's script ended."""
        cluster = self._hyperpod.get(arn.rpartition("/")[2])
        if cluster is None:
            # It is another Region's.
            return
        words = wordings.SCRIPTS_TIMED_OUT if outcome.status is None else wordings.SCRIPTS_FAILED
        fault = Fault(Stage.SCRIPTS, words) if outcome.status != 0 else None
        ended = Ended(moment().at, outcome)

        def told(number: int, groups: tuple[Group, ...]) -> tuple[Group, ...]:
            return tuple(
                replace(group, ended=ended, fault=fault) if _run_name(number, group) == run else group
                for group in groups
            )

        later = enumerate(cluster.changes, start=1)
        self._hyperpod[cluster.id] = replace(
            cluster,
            groups=told(0, cluster.groups),
            changes=tuple(replace(change, groups=told(number, change.groups)) for number, change in later),
        )

    def fault_groups(
        self,
        fault_id: str,
        kind: Kind,
        *,
        cluster: str | None = None,
        group: str | None = None,
        until: datetime | None = None,
        count: int | None = None,
    ) -> None:
        """Put a fault into groups: into all clusters and groups that are not excluded, and into those to come."""
        self._injected[fault_id] = Injected(fault_id, kind, moment().at, cluster, group, None, until, count)

    def fault_node(
        self,
        fault_id: str,
        cluster: str,
        node_id: str,
        kind: Kind = Kind.HARDWARE,
        *,
        until: datetime | None = None,
        count: int | None = None,
    ) -> None:
        """Put a fault into one node, by its instance id or its logical id."""
        self._injected[fault_id] = Injected(fault_id, kind, moment().at, cluster, None, node_id, until, count)

    def clear_fault(self, fault_id: str) -> bool:
        """End a fault now; what it has struck stays struck. False when there is none of this id."""
        found = self._injected.get(fault_id)
        if found is None or found.is_over(moment().at):
            return False
        self._injected[fault_id] = replace(found, until=moment().at)
        return True

    def injected(self) -> tuple[Injected, ...]:
        """Return the faults whose time is not over."""
        return tuple(fault for fault in self._injected.values() if not fault.is_over(moment().at))

    def living(self) -> Iterator[tuple[Cluster, ClusterState]]:
        """Yield the clusters that are there at this moment, oldest first, with their state."""
        for cluster in self._hyperpod.values():
            if (state := state_of(self.course(cluster))) is not None:
                yield cluster, state

    def course(self, cluster: Cluster) -> Course:
        """Return the course of a cluster up to this moment: played on, or anew when something was asked since."""
        injected = tuple(fault for fault in self._injected.values() if fault.cluster in {None, cluster.name})
        found = self._courses.get(cluster.id)
        if found is None or (found.cluster, found.injected) != (cluster, injected) or found.now > moment().at:
            found = self._courses[cluster.id] = Course(cluster, injected)
        found.advance(moment().at)
        return found

    def find(self, name_or_arn: str) -> tuple[Cluster, ClusterState]:
        """Return the cluster of a name or an ARN; raises SageMakerError."""
        for cluster, state in self.living():
            if name_or_arn in {cluster.name, cluster.arn}:
                return cluster, state
        raise wordings.CLUSTER_NOT_FOUND.error(name=name_or_arn)

    def add_tags(self, arn: str, tags: list[dict[str, str]]) -> list[dict[str, str]]:
        """Add tags to a cluster (a key that is there gets the new value), or to what moto has."""
        if ":cluster/" not in arn:
            return super().add_tags(arn, tags)
        kept = self._tags_of(arn)
        kept.update({tag["Key"]: tag["Value"] for tag in tags})
        return _listed(kept)

    def tags_of_cluster(self, arn: str) -> list[dict[str, str]]:
        """Return the tags of a cluster; raises SageMakerError."""
        return _listed(self._tags_of(arn))

    def delete_tags(self, arn: str, tag_keys: list[str]) -> None:
        """Remove tags from a cluster, or from what moto has."""
        if ":cluster/" not in arn:
            super().delete_tags(arn, tag_keys)
            return
        for key in tag_keys:
            self._tags_of(arn).pop(key, None)

    def _tags_of(self, arn: str) -> dict[str, str]:
        cluster, _ = self.find(arn)
        return self._tags[cluster.arn]

    def _described(self, plan: Plan) -> dict[str, Any]:
        return plan.described(moment().at, self.account().in_use.get(plan.arn, 0))

    def _append(self, cluster: Cluster, change: Change) -> str:
        changed = replace(cluster, changes=(*cluster.changes, change))
        self._hyperpod[cluster.id] = changed
        opened = change.groups if isinstance(change, changes.OPENING) else ()
        self._held[cluster.id] |= interfaces.take(self.account().ec2, changed, opened)
        return cluster.arn

    def _sort_out(self, request: dict[str, Any], batch: Batch) -> tuple[Cluster, ClusterState, batches.Sorted]:
        cluster, state = self.find(request["ClusterName"])
        return cluster, state, batches.sort_out(request, cluster, state, batch, self.account())

    def _earlier(self, cluster: Cluster, request: dict[str, Any]) -> NodesAdded | None:
        token = request.get("ClientToken")
        for change in cluster.changes if token is not None else ():
            if not isinstance(change, NodesAdded) or change.request.get("ClientToken") != token:
                continue
            if moment().at - change.at.at < _TOKEN_VALID:
                if change.request["NodesToAdd"] != request["NodesToAdd"]:
                    raise wordings.OTHER_PARAMETERS.error()
                return change
        return None

    def _added(self, cluster: Cluster, change: NodesAdded, failed: list[dict[str, Any]]) -> dict[str, Any]:
        _, state = self.find(cluster.arn)
        rows = []
        for seat in (seat for group in change.groups for seat in group.seats):
            node = next((node for node in state.seats if node.seat.logical_id == seat.logical_id), None)
            row = {"NodeLogicalId": seat.logical_id, "InstanceGroupName": seat.group}
            places = {"AvailabilityZones": [seat.zone], "InstanceTypes": [seat.instance_type]}
            rows.append({**row, **places, "Status": "NotFound" if node is None else node.status})
        return {"Successful": rows, "Failed": failed}

    def _placement(self, cluster: Cluster, state: ClusterState, account: Account) -> Placement:
        return Placement(cluster.id, state.request, account, self._taken_addresses())

    def _give_back(self, cluster: Cluster, state: ClusterState | None) -> None:
        holding = {node.seat.logical_id for node in state.seats if node.holds} if state else set()
        held = self._held[cluster.id]
        for seat in held.keys() - holding:
            interfaces.give_back(self.account().ec2, held.pop(seat))

    def _taken_addresses(self) -> set[str]:
        seats = {node.seat.address for _, state in self.living() for node in state.seats}
        found = Account(self.account_id, self.region_name).ec2.enis.values()
        return seats | {
            address["PrivateIpAddress"] for interface in found for address in interface.private_ip_addresses
        }


sagemaker_backends = BackendDict(HyperPodBackend, "sagemaker")


def _listed(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def _run_name(number: int, group: Group) -> str:
    # The names of groups have no slash.
    return f"{group.name}/{number}" if number else group.name
