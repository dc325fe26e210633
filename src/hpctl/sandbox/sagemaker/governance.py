"""Task governance of HyperPod on EKS: compute quotas of teams, and the priorities of a cluster's scheduler.

Sources: botocore 1.44.5 sagemaker service model, AWS documentation, "HyperPod task governance". What the add-on makes
of them in Kubernetes is `kube.controllers.governance_objects`. Updates are not here.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from moto.core.responses import ActionResult, EmptyResult
from moto.moto_api._internal import mock_random

from hpctl.sandbox.clock import Moment, moment
from hpctl.sandbox.eks.cluster import TASK_GOVERNANCE, settled_at
from hpctl.sandbox.eks.models import eks_backends
from hpctl.sandbox.sagemaker import wordings
from hpctl.sandbox.sagemaker.paging import Page

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from hpctl.sandbox.eks.cluster import Cluster as EksCluster
    from hpctl.sandbox.sagemaker.models import HyperPodBackend

QUOTA: Final = "ComputeQuota"
SCHEDULER: Final = "ClusterSchedulerConfig"
OPERATIONS: Final = frozenset(
    f"{verb}{noun}" for noun in (QUOTA, SCHEDULER) for verb in ("Create", "Describe", "Delete")
) | {f"List{QUOTA}s", f"List{SCHEDULER}s"}
_PLACES: Final = {QUOTA: "compute-quota", SCHEDULER: "cluster-scheduler-config"}


@dataclass(frozen=True)
class Governed:
    """A compute quota or a scheduler's configuration: the request that made it, and when that was."""

    noun: str
    id: str
    arn: str
    request: dict[str, Any]
    created: Moment

    def described(self, now: datetime) -> dict[str, Any]:
        """Return what Describe and List tell."""
        return {
            **self.request,
            f"{self.noun}Arn": self.arn,
            f"{self.noun}Id": self.id,
            f"{self.noun}Version": 1,
            "Status": "Creating" if now < settled_at(self.created) else "Created",
            "CreationTime": self.created.at,
            "LastModifiedTime": self.created.at,
        }


class Governance:
    """The operations, for the class that answers SageMaker's requests."""

    current_account: str
    region: str
    params: Any

    @property
    @abstractmethod
    def sagemaker_backend(self) -> HyperPodBackend:
        """The backend of the caller's account and Region."""

    def create_compute_quota(self) -> ActionResult:
        """CreateComputeQuota: one for a team of a cluster."""
        request = {"ActivationState": "Enabled", **self.params}
        for each in self._of(self._eks(request["ClusterArn"]), QUOTA):
            if each.request["ComputeQuotaTarget"]["TeamName"] == request["ComputeQuotaTarget"]["TeamName"]:
                raise wordings.TEAM_IN_USE.error(team=request["ComputeQuotaTarget"]["TeamName"])
        return self._create(QUOTA, request)

    def create_cluster_scheduler_config(self) -> ActionResult:
        """CreateClusterSchedulerConfig: one for a cluster."""
        request = dict(self.params)
        if any(self._of(self._eks(request["ClusterArn"]), SCHEDULER)):
            raise wordings.SCHEDULER_IN_USE.error(arn=request["ClusterArn"])
        return self._create(SCHEDULER, request)

    def describe_compute_quota(self) -> ActionResult:
        """DescribeComputeQuota."""
        return self._describe(QUOTA)

    def describe_cluster_scheduler_config(self) -> ActionResult:
        """DescribeClusterSchedulerConfig."""
        return self._describe(SCHEDULER)

    def list_compute_quotas(self) -> ActionResult:
        """ListComputeQuotas."""
        return self._list(QUOTA)

    def list_cluster_scheduler_configs(self) -> ActionResult:
        """ListClusterSchedulerConfigs."""
        return self._list(SCHEDULER)

    def delete_compute_quota(self) -> ActionResult:
        """DeleteComputeQuota: the team's namespace stays, and what runs there."""
        return self._delete(QUOTA)

    def delete_cluster_scheduler_config(self) -> ActionResult:
        """DeleteClusterSchedulerConfig."""
        return self._delete(SCHEDULER)

    def _create(self, noun: str, request: dict[str, Any]) -> ActionResult:
        record = self._eks(request["ClusterArn"])
        if TASK_GOVERNANCE not in record.addons:
            raise wordings.NO_TASK_GOVERNANCE.error(name=record.members["name"])
        made = mock_random.get_random_string(12, lower_case=True)
        arn = f"arn:aws:sagemaker:{self.region}:{self.current_account}:{_PLACES[noun]}/{made}"
        record.governed[made] = Governed(noun, made, arn, request, moment())
        return ActionResult({f"{noun}Arn": arn, f"{noun}Id": made})

    def _describe(self, noun: str) -> ActionResult:
        _, found = self._find(noun)
        return ActionResult(found.described(moment().at))

    def _list(self, noun: str) -> ActionResult:
        asked, now = self.params, moment().at
        rows = [each.described(now) for record in self._records() for each in self._of(record, noun)]
        rows = [
            row
            for row in rows
            if asked.get("NameContains", "") in row["Name"]
            and asked.get("ClusterArn") in {None, row["ClusterArn"]}
            and asked.get("Status") in {None, row["Status"]}
        ]
        return ActionResult(Page.asked(asked, now).answer(rows, f"{noun}Summaries"))

    def _delete(self, noun: str) -> ActionResult:
        record, found = self._find(noun)
        record.ungoverned[found.id] = record.governed.pop(found.id)
        return EmptyResult()

    def _find(self, noun: str) -> tuple[EksCluster, Governed]:
        wanted = self.params[f"{noun}Id"]
        for record in self._records():
            for each in self._of(record, noun):
                if each.id == wanted:
                    return record, each
        raise wordings.GOVERNED_NOT_FOUND.error(noun=noun, id=wanted)

    def _of(self, record: EksCluster, noun: str) -> Iterator[Governed]:
        return (each for each in record.governed.values() if each.noun == noun)

    def _records(self) -> list[EksCluster]:
        found: list[EksCluster] = eks_backends[self.current_account][self.region].records()
        return found

    def _eks(self, arn: str) -> EksCluster:
        """Return the EKS cluster that a HyperPod cluster is on; raises SageMakerError."""
        cluster, _ = self.sagemaker_backend.find(arn)
        orchestrator = cluster.request.get("Orchestrator", {}).get("Eks", {}).get("ClusterArn")
        found = next((each for each in self._records() if each.members["arn"] == orchestrator), None)
        if found is None:
            raise wordings.GOVERNANCE_NEEDS_EKS.error(name=cluster.name)
        return found
