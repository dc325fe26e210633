from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from hpctl.adapters.aws.plans import AwsPlans
from hpctl.errors import NotFoundError
from hpctl.facts.records import TrainingPlan
from tests.unit.adapters.wire import Wire, connect, error, ok

ARN = "arn:aws:sagemaker:eu-west-1:111122223333:training-plan/p5-plan"
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
EVENING = datetime(2026, 11, 21, 18, tzinfo=UTC)
PLAN: dict[str, Any] = {
    "TrainingPlanArn": ARN,
    "TrainingPlanName": "p5-plan",
    "Status": "Active",
    "TargetResources": ["hyperpod-cluster"],
    "TotalInstanceCount": 8,
    "AvailableInstanceCount": 4,
    "UnhealthyInstanceCount": 1,
    "StartTime": NOON.timestamp(),
    "EndTime": EVENING.timestamp(),
    "ReservedCapacitySummaries": [
        {"InstanceType": "ml.p5.48xlarge", "AvailabilityZoneId": "euw1-az2", "StartTime": EVENING.timestamp()},
        {"InstanceType": "ml.p4d.24xlarge", "AvailabilityZoneId": "euw1-az1", "StartTime": NOON.timestamp()},
    ],
}


def test_a_plan_is_told_with_its_newest_reservation() -> None:
    wire = Wire(ok(PLAN))
    assert AwsPlans(connect(wire)).plan(ARN) == TrainingPlan(
        arn=ARN,
        name="p5-plan",
        status="Active",
        target_resources=("hyperpod-cluster",),
        instance_type="ml.p5.48xlarge",
        available_count=4,
        zone_id="euw1-az2",
        start_at=NOON,
        end_at=EVENING,
        unhealthy_count=1,
    )
    assert wire.sent[0].parameters == {"TrainingPlanName": "p5-plan"}


def test_a_plan_without_reservation_yet_tells_neither_type_nor_zone() -> None:
    bare = {"TrainingPlanArn": ARN, "TrainingPlanName": "p5-plan", "Status": "Pending"}
    plan = AwsPlans(connect(Wire(ok(bare)))).plan(ARN)
    assert (plan.instance_type, plan.zone_id, plan.available_count, plan.start_at) == (None, None, 0, None)


def test_reservations_without_a_start_are_the_oldest() -> None:
    undated = {"InstanceType": "ml.p5e.48xlarge"}
    plan = {**PLAN, "ReservedCapacitySummaries": [undated, *PLAN["ReservedCapacitySummaries"]]}
    assert AwsPlans(connect(Wire(ok(plan)))).plan(ARN).instance_type == "ml.p5.48xlarge"


def test_a_plan_of_the_same_name_elsewhere_is_another_plan() -> None:
    there = ARN.replace("eu-west-1", "us-east-1")
    with pytest.raises(NotFoundError) as caught:
        AwsPlans(connect(Wire(ok(PLAN)))).plan(there)
    assert caught.value.message == f"there is no training plan `{there}` here"
    assert caught.value.hint == f"there is `{ARN}`"


def test_a_plan_that_is_not_there_is_not_found() -> None:
    with pytest.raises(NotFoundError, match="`sagemaker:DescribeTrainingPlan` for `p5-plan` found nothing"):
        AwsPlans(connect(Wire(error("ResourceNotFound", "none")))).plan(ARN)
