"""The HyperPod clusters of one account and Region, in the place of moto's."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from moto.core.base_backend import BackendDict
from moto.moto_api._internal import mock_random
from moto.sagemaker.models import SageMakerModelBackend

from hpctl.sandbox.account import Account
from hpctl.sandbox.clock import moment
from hpctl.sandbox.sagemaker import wordings
from hpctl.sandbox.sagemaker.cluster import Cluster
from hpctl.sandbox.sagemaker.placement import Placement
from hpctl.sandbox.sagemaker.rules import refusal
from hpctl.sandbox.sagemaker.timeline import ClusterState, state_at

if TYPE_CHECKING:
    from collections.abc import Iterator

_BUSY = frozenset({"Creating", "RollingBack", "Updating", "SystemUpdating", "Deleting"})


class HyperPodBackend(SageMakerModelBackend):
    """moto's SageMaker with HyperPod clusters that live; everything else stays moto's."""

    def __init__(self, region_name: str, account_id: str) -> None:
        """Start empty."""
        super().__init__(region_name, account_id)
        self._hyperpod: list[Cluster] = []
        self._tags: dict[str, dict[str, str]] = {}

    def create_hyperpod_cluster(self, request: dict[str, Any]) -> str:
        """Create a cluster and return its ARN; raises SageMakerError."""
        account = Account(self.account_id, self.region_name)
        if any(cluster.name == request["ClusterName"] for cluster, _ in self.living()):
            raise wordings.NAME_IN_USE.error(name=request["ClusterName"])
        if error := refusal(request, account):
            raise error
        cluster_id = mock_random.get_random_string(12, lower_case=True)
        arn = f"arn:{self.partition}:sagemaker:{self.region_name}:{self.account_id}:cluster/{cluster_id}"
        placement = Placement(cluster_id, request, account, self._taken_addresses())
        self._hyperpod.append(Cluster(cluster_id, arn, request, tuple(placement.groups()), moment()))
        self._tags[arn] = {tag["Key"]: tag["Value"] for tag in request.get("Tags", [])}
        return arn

    def delete_hyperpod_cluster(self, name_or_arn: str) -> str:
        """Begin to delete a cluster and return its ARN; raises SageMakerError."""
        cluster, state = self.find(name_or_arn)
        if state.status == "Deleting" or (state.status in _BUSY and not cluster.continuous):
            raise wordings.BUSY.error(name=cluster.name, status=state.status)
        self._hyperpod[self._hyperpod.index(cluster)] = replace(cluster, deleted=moment())
        return cluster.arn

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

    def _taken_addresses(self) -> set[str]:
        return {seat.address for cluster, _ in self.living() for group in cluster.groups for seat in group.seats}


sagemaker_backends = BackendDict(HyperPodBackend, "sagemaker")


def _listed(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]
