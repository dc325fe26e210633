"""Training plans: the port `facts.ports.Plans`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from hpctl.adapters.aws.errors import reads
from hpctl.adapters.aws.session import AwsSession
from hpctl.errors import NotFoundError
from hpctl.facts.records import TrainingPlan

_EARLIEST: Final = datetime.min.replace(tzinfo=UTC)


class AwsPlans:
    """Reads training plans."""

    def __init__(self, session: AwsSession) -> None:
        """Ask through `session`."""
        self._session = session

    def plan(self, arn: str) -> TrainingPlan:
        """Return the training plan of that ARN; one of another Region or account is not found."""
        name = arn.rpartition("/")[2]
        plan = plan_of(self._session.call("sagemaker", "DescribeTrainingPlan", TrainingPlanName=name))
        if plan.arn != arn:
            raise NotFoundError(f"there is no training plan `{arn}` here", hint=f"there is `{plan.arn}`")
        return plan


@reads("sagemaker:DescribeTrainingPlan")
def plan_of(answer: Mapping[str, Any]) -> TrainingPlan:
    """Read DescribeTrainingPlan; a plan that was extended has several reservations, the newest one tells the type."""
    reserved: Mapping[str, Any] = max(answer.get("ReservedCapacitySummaries", ()), key=_start, default={})
    start_at, end_at = answer.get("StartTime"), answer.get("EndTime")
    return TrainingPlan(
        arn=answer["TrainingPlanArn"],
        name=answer["TrainingPlanName"],
        status=answer["Status"],
        target_resources=tuple(answer.get("TargetResources", ())),
        instance_type=reserved.get("InstanceType"),
        available_count=answer.get("AvailableInstanceCount", 0),
        zone_id=reserved.get("AvailabilityZoneId"),
        start_at=start_at.astimezone(UTC) if start_at else None,
        end_at=end_at.astimezone(UTC) if end_at else None,
        unhealthy_count=answer.get("UnhealthyInstanceCount", 0),
    )


def _start(reserved: Mapping[str, Any]) -> datetime:
    start: datetime = reserved.get("StartTime", _EARLIEST)
    return start
