"""Quotas, what is asked of them, and training plans in memory."""

from __future__ import annotations

from hpctl.errors import NotFoundError
from hpctl.facts.quota_requests import QuotaRequest
from hpctl.facts.records import Quota, TrainingPlan
from tests.unit.builders import a_quota, a_training_plan
from tests.unit.fake_calls import CallLog


class FakeQuotas:
    """Quotas that allow what the healthy specs ask for."""

    def __init__(self, log: CallLog) -> None:
        self._log = log
        self.known_quotas = [
            a_quota(),
            a_quota("ml.c5.2xlarge for cluster usage", "L-539D704C"),
            a_quota("ml.p5.48xlarge for cluster spot instance usage", "L-F742E2D7"),
            a_quota(
                "Maximum total FSx Lustre capacity in TiB across SageMaker HyperPod restricted instance groups",
                "L-FC4D7F52",
            ),
            a_quota("Maximum number instances allowed per SageMaker HyperPod cluster", "L-2CE978FC"),
            a_quota("Total number of instances allowed across SageMaker HyperPod clusters", "L-3308CCC7"),
            a_quota("Maximum number Spot instances allowed per SageMaker HyperPod cluster", "L-41BFBF41"),
            a_quota("Total number of Spot instances allowed across SageMaker HyperPod clusters", "L-97A2C724"),
            a_quota(
                "Maximum size of EBS volume in GB for a SageMaker HyperPod cluster instance", "L-E13DF72A", 16384.0
            ),
        ]
        self.interfaces = a_quota("Network interfaces per Region", "L-DF5E4CA3", 5000.0)

    def sagemaker(self) -> tuple[Quota, ...]:
        self._log.record("quotas.sagemaker")
        return tuple(self.known_quotas)

    def network_interfaces(self) -> Quota:
        self._log.record("quotas.network_interfaces")
        return self.interfaces


class FakeQuotaRequests:
    """Increases that wait for a decision."""

    def __init__(self, log: CallLog) -> None:
        self._log = log
        self.waiting: list[QuotaRequest] = []

    def pending(self) -> tuple[QuotaRequest, ...]:
        self._log.record("quota_requests.pending")
        return tuple(self.waiting)


class FakePlans:
    """Training plans."""

    def __init__(self, log: CallLog) -> None:
        self._log = log
        self.known_plans = [a_training_plan()]

    def plan(self, arn: str) -> TrainingPlan:
        self._log.record("plans.plan", arn)
        for plan in self.known_plans:
            if plan.arn == arn:
                return plan
        raise NotFoundError(f"there is no training plan `{arn}`")
