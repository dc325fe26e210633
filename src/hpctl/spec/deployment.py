"""How software updates roll through a group: batches, waits, alarms, schedules, patching."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, ClassVar

from pydantic import AfterValidator

from hpctl.spec.limits import Limits, OrPlaceholder
from hpctl.spec.members import Member, UpdatePolicy
from hpctl.spec.model import SpecModel


def _in_utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


class BatchSize(SpecModel):
    """How many nodes at a time (SageMaker `CapacitySizeConfig`)."""

    aws_shape: ClassVar[str] = "CapacitySizeConfig"

    type: Annotated[
        Annotated[str, Limits("NodeUnavailabilityType")],
        Member("Type", "Whether `value` counts instances or percent of the group", UpdatePolicy.IN_PLACE),
    ]
    value: Annotated[
        Annotated[int, Limits("NodeUnavailabilityValue")],
        Member("Value", "Instances or percent, as `type` says", UpdatePolicy.IN_PLACE),
    ]


class RollingUpdate(SpecModel):
    """Batches of an update and of its rollback (SageMaker `RollingDeploymentPolicy`)."""

    aws_shape: ClassVar[str] = "RollingDeploymentPolicy"

    maximum_batch_size: Annotated[
        BatchSize, Member("MaximumBatchSize", "Most nodes that one batch updates", UpdatePolicy.IN_PLACE)
    ]
    rollback_maximum_batch_size: Annotated[
        BatchSize | None,
        Member("RollbackMaximumBatchSize", "Most nodes that one batch rolls back", UpdatePolicy.IN_PLACE),
    ] = None


class Alarm(SpecModel):
    """A CloudWatch alarm (SageMaker `AlarmDetails`)."""

    aws_shape: ClassVar[str] = "AlarmDetails"

    alarm_name: Annotated[
        Annotated[str, Limits("AlarmName")], Member("AlarmName", "Name of the CloudWatch alarm", UpdatePolicy.IN_PLACE)
    ]


class Deployment(SpecModel):
    """How an update rolls through a group (SageMaker `DeploymentConfiguration`)."""

    aws_shape: ClassVar[str] = "DeploymentConfiguration"

    rolling_update: Annotated[
        RollingUpdate | None, Member("RollingUpdatePolicy", "Batches of the update", UpdatePolicy.IN_PLACE)
    ] = None
    wait_interval_in_seconds: Annotated[
        Annotated[int, Limits("WaitTimeIntervalInSeconds")] | None,
        Member("WaitIntervalInSeconds", "Seconds to watch the alarms after each batch", UpdatePolicy.IN_PLACE),
    ] = None
    auto_rollback_alarms: Annotated[
        tuple[Alarm, ...],
        Limits("AutoRollbackAlarms"),
        Member("AutoRollbackConfiguration", "Alarms that roll the update back", UpdatePolicy.IN_PLACE),
    ] = ()


class ScheduledUpdate(SpecModel):
    """Software updates by the calendar (SageMaker `ScheduledUpdateConfig`)."""

    aws_shape: ClassVar[str] = "ScheduledUpdateConfig"

    schedule_expression: Annotated[
        Annotated[str, Limits("CronScheduleExpression")],
        Member("ScheduleExpression", "When, as `cron(…)`", UpdatePolicy.IN_PLACE),
    ]
    deployment: Annotated[
        Deployment | None, Member("DeploymentConfig", "How the update rolls through the group", UpdatePolicy.IN_PLACE)
    ] = None


class PatchSchedule(SpecModel):
    """When the next patch may start (SageMaker `ClusterPatchSchedule`)."""

    aws_shape: ClassVar[str] = "ClusterPatchSchedule"

    next_patch_date: Annotated[
        Annotated[datetime, AfterValidator(_in_utc), OrPlaceholder()] | None,
        Member(
            "NextPatchDate", "Earliest time of the next patch, ISO 8601; UTC unless it says more", UpdatePolicy.IN_PLACE
        ),
    ] = None


class DrainPolicy(SpecModel):
    """How long nodes may take to drain (SageMaker `ClusterDrainPolicy`)."""

    aws_shape: ClassVar[str] = "ClusterDrainPolicy"

    drain_timeout_in_seconds: Annotated[
        Annotated[int, Limits("DrainTimeoutInSecondsValue")] | None,
        Member("DrainTimeoutInSeconds", "Seconds that a node may take to drain", UpdatePolicy.IN_PLACE),
    ] = None
    on_drain_timeout: Annotated[
        Annotated[str, Limits("ClusterOnDrainTimeout")] | None,
        Member("OnDrainTimeout", "What happens to a node that did not drain in time", UpdatePolicy.IN_PLACE),
    ] = None


class AutoPatch(SpecModel):
    """Patching by HyperPod itself (SageMaker `ClusterAutoPatchConfig`)."""

    aws_shape: ClassVar[str] = "ClusterAutoPatchConfig"

    patching_strategy: Annotated[
        Annotated[str, Limits("ClusterPatchingStrategy")],
        Member(
            "PatchingStrategy", "Patch nodes when idle, when all are idle, or drain them first", UpdatePolicy.IN_PLACE
        ),
    ]
    patch_schedule: Annotated[
        PatchSchedule | None, Member("PatchSchedule", "When the next patch may start", UpdatePolicy.IN_PLACE)
    ] = None
    deployment: Annotated[
        Deployment | None, Member("DeploymentConfig", "How the patch rolls through the group", UpdatePolicy.IN_PLACE)
    ] = None
    idle_wait_window_in_seconds: Annotated[
        Annotated[int, Limits("IdleWaitWindowInSecondsValue")] | None,
        Member("IdleWaitWindowInSeconds", "Seconds to wait for idle nodes", UpdatePolicy.IN_PLACE),
    ] = None
    drain_policy: Annotated[
        DrainPolicy | None, Member("DrainPolicy", "How nodes drain before a patch", UpdatePolicy.IN_PLACE)
    ] = None
