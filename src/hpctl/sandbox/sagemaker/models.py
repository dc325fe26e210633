"""The HyperPod clusters of one account and Region, in the place of moto's."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from moto.core.base_backend import BackendDict
from moto.logs.models import logs_backends
from moto.moto_api._internal import mock_random
from moto.sagemaker.models import SageMakerModelBackend

from hpctl.sandbox.account import Account
from hpctl.sandbox.clock import moment
from hpctl.sandbox.sagemaker import interfaces, wordings
from hpctl.sandbox.sagemaker.cluster import Cluster, Ended, Fault, Stage
from hpctl.sandbox.sagemaker.logs import LifecycleLogs
from hpctl.sandbox.sagemaker.members import is_spot
from hpctl.sandbox.sagemaker.placement import Placement
from hpctl.sandbox.sagemaker.rules import refusal
from hpctl.sandbox.sagemaker.timeline import NODES_GONE, ClusterState, elapsed, state_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hpctl.sandbox.plans import Plan
    from hpctl.sandbox.scripts import Outcome, Script

_BUSY = frozenset({"Creating", "RollingBack", "Updating", "SystemUpdating", "Deleting"})


class HyperPodBackend(SageMakerModelBackend):
    """moto's SageMaker with HyperPod clusters that live; everything else stays moto's."""

    def __init__(self, region_name: str, account_id: str) -> None:
        """Start empty."""
        super().__init__(region_name, account_id)
        self._hyperpod: list[Cluster] = []
        self._tags: dict[str, dict[str, str]] = {}
        self._holding: set[str] = set()
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
        interfaces.take(account.ec2, cluster)
        self._holding.add(cluster_id)
        self._hyperpod.append(cluster)
        self._tags[arn] = {tag["Key"]: tag["Value"] for tag in request.get("Tags", [])}
        return arn

    def delete_hyperpod_cluster(self, name_or_arn: str) -> str:
        """Begin to delete a cluster and return its ARN; raises SageMakerError."""
        cluster, state = self.find(name_or_arn)
        if state.status == "Deleting" or (state.status in _BUSY and not cluster.continuous):
            raise wordings.BUSY.error(name=cluster.name, status=state.status)
        self._hyperpod[self._hyperpod.index(cluster)] = replace(cluster, deleted=moment())
        return cluster.arn

    def account(self) -> Account:
        """Return the account as it is at this moment, with what living clusters use of it."""
        used: Counter[Any] = Counter()
        for cluster, _ in self.living():
            for group in cluster.groups:
                for seat in group.seats:
                    # What a training plan reserves is not counted against the on-demand quota of its type.
                    on_demand = (seat.instance_type, is_spot(group.spec))
                    used[group.spec.get("TrainingPlanArn", on_demand)] += 1
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
        for cluster in self._hyperpod:
            if cluster.id in self._holding and self._has_let_go(cluster):
                interfaces.give_back(self.account().ec2, cluster)
                self._holding.remove(cluster.id)
            if service == "logs":
                self._logs.write(logs_backends[self.account_id][self.region_name], cluster, moment().at)

    def scripts_to_run(self) -> Iterator[tuple[str, str, Script]]:
        """Yield the scripts whose outcome is not known: cluster ARN, group, script."""
        for cluster in self._hyperpod:
            for group in cluster.groups:
                if group.script is not None and group.ended is None and cluster.deleted is None:
                    yield cluster.arn, group.name, group.script

    def end_script(self, arn: str, group_name: str, outcome: Outcome) -> None:
        """Record how the run of a group's script ended."""
        for number, cluster in enumerate(self._hyperpod):
            if cluster.arn == arn:
                ended = Ended(moment().at, outcome)
                words = wordings.SCRIPTS_TIMED_OUT if outcome.status is None else wordings.SCRIPTS_FAILED
                fault = Fault(Stage.SCRIPTS, words) if outcome.status != 0 else None
                groups = (
                    replace(group, ended=ended, fault=fault) if group.name == group_name else group
                    for group in cluster.groups
                )
                self._hyperpod[number] = replace(cluster, groups=tuple(groups))

    def living(self) -> Iterator[tuple[Cluster, ClusterState]]:
        """Yield the clusters that are there at this moment, oldest first, with their state."""
        for cluster in self._hyperpod:
            if (state := state_at(cluster, moment().at)) is not None:
                yield cluster, state

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

    def _has_let_go(self, cluster: Cluster) -> bool:
        if cluster.deleted is not None and elapsed(cluster.deleted, moment().at) >= NODES_GONE:
            return True
        state = state_at(cluster, moment().at)
        return state is None or state.status == "Failed"

    def _taken_addresses(self) -> set[str]:
        seats = {seat.address for cluster, _ in self.living() for group in cluster.groups for seat in group.seats}
        found = Account(self.account_id, self.region_name).ec2.enis.values()
        return seats | {
            address["PrivateIpAddress"] for interface in found for address in interface.private_ip_addresses
        }


sagemaker_backends = BackendDict(HyperPodBackend, "sagemaker")


def _listed(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]
