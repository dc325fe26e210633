"""The training plans of the sandbox's account: one that can be used, and one whose time is over.

Plans are bought, not made, so they are simply there: a function of the moment that they are looked at.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

GOOD_PLAN = "hpctl-sandbox-plan"
EXPIRED_PLAN = "hpctl-sandbox-plan-expired"
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Plan:
    """A plan: capacity of one type in one zone, from so many days before now to so many after it."""

    name: str
    arn: str
    instance_type: str
    count: int
    zone: str
    zone_id: str
    status: str
    days_old: int
    days_left: int

    def described(self, now: datetime, in_use: int) -> dict[str, Any]:
        """Return the answer of DescribeTrainingPlan."""
        today = now.replace(hour=11, minute=30, second=0, microsecond=0)
        times = {"StartTime": today - self.days_old * _DAY, "EndTime": today + self.days_left * _DAY}
        hours = {"DurationHours": (self.days_old + self.days_left) * 24, "DurationMinutes": 0}
        capacity = {
            "ReservedCapacityArn": self.arn.replace(":training-plan/", ":reserved-capacity/"),
            "ReservedCapacityType": "Instance",
            "InstanceType": self.instance_type,
            "TotalInstanceCount": self.count,
            "Status": self.status,
            "AvailabilityZone": self.zone,
            "AvailabilityZoneId": self.zone_id,
        }
        return {
            "TrainingPlanArn": self.arn,
            "TrainingPlanName": self.name,
            "Status": self.status,
            **times,
            **hours,
            "UpfrontFee": "0.00",
            "CurrencyCode": "USD",
            "TotalInstanceCount": self.count,
            "AvailableInstanceCount": 0 if self.status == "Expired" else self.count - in_use,
            "InUseInstanceCount": in_use,
            "UnhealthyInstanceCount": 0,
            "TargetResources": ["hyperpod-cluster"],
            "ReservedCapacitySummaries": [capacity | times | hours],
        }


def plans(place: str, zone: str, zone_id: str) -> tuple[Plan, ...]:
    """Return the plans of a Region; `place` is how the ARNs of its resources begin."""

    def plan(name: str, status: str, days_old: int, days_left: int) -> Plan:
        arn = f"{place}:training-plan/{name}"
        return Plan(name, arn, "ml.p5.48xlarge", 16, zone, zone_id, status, days_old, days_left)

    return plan(GOOD_PLAN, "Active", 7, 60), plan(EXPIRED_PLAN, "Expired", 60, -30)
