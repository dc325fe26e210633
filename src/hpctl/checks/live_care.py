"""What a live cluster needs before long: newer images, the end of an update that failed, capacity that runs out."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from hpctl.checks.declare import check, fail, note, warn
from hpctl.checks.live_words import cluster_of
from hpctl.facts.live_targets import LiveCluster
from hpctl.facts.records import Cluster, InstanceGroup, TrainingPlan
from hpctl.facts.world import World
from hpctl.report.check import Finding

_SOON: Final = timedelta(hours=24)
_OVER: Final = ("Expired", "Failed")
_WENT_WRONG: Final = {
    "Failed": "its last update of software failed",
    "RollbackInProgress": "its update of software is being rolled back",
    "RollbackComplete": "its last update of software was rolled back",
}


@check("live-image-version", "the nodes' image is current", reads=("sagemaker:DescribeCluster",), blocking=False)
def image_version(live: LiveCluster, world: World) -> Iterator[Finding]:
    """An image at the end of its life gets no fixes, one that needs a security update has known holes.

    An update wipes the root volumes of the nodes and runs the lifecycle scripts again: data belongs elsewhere before
    (SageMaker `ClusterImageVersionStatus`).
    """
    cluster = cluster_of(live, world)
    for group in cluster.instance_groups:
        state, remedy = group.image_version_status, _update(cluster, group)
        if state in ("EndOfLife", "SecurityUpdateRequired"):
            yield warn(_subject(group), f"its image is `{state}`", *_images(group), remedy=remedy)
        elif state == "UpdateAvailable":
            yield note(_subject(group), "there is a newer image", *_images(group))


@check(
    "live-software-update",
    "the last update of software succeeded",
    reads=("sagemaker:DescribeCluster",),
    blocking=False,
)
def software_update(live: LiveCluster, world: World) -> Iterator[Finding]:
    """After an update that failed, nodes of one group may run different images; after a rollback, the old one.

    Most often a lifecycle script does not work on the new image, or an alarm that guards the update went off. The id of
    the desired image differs from the one that was asked for: AWS makes a copy.
    """
    cluster = cluster_of(live, world)
    for group in cluster.instance_groups:
        if wrong := _WENT_WRONG.get(group.software_update or ""):
            remedy = f"hpctl explain {cluster.name}\nhpctl cluster events {cluster.name}\n{_update(cluster, group)}"
            seen = f"SoftwareUpdateStatus: {group.software_update}"
            yield warn(_subject(group), wrong, seen, *_images(group), remedy=remedy)


@check(
    "live-training-plan",
    "training plans last, and their instances are well",
    reads=("sagemaker:DescribeCluster", "sagemaker:DescribeTrainingPlan"),
    blocking=False,
)
def training_plan(live: LiveCluster, world: World) -> Iterator[Finding]:
    """When a training plan ends, HyperPod takes its nodes away.

    Whatever runs then is gone but for its checkpoints. A plan can be extended while its zone has more to offer.
    """
    cluster = cluster_of(live, world)
    plans: dict[str, list[InstanceGroup]] = {}
    for group in cluster.instance_groups:
        if group.training_plan_arn:
            plans.setdefault(group.training_plan_arn, []).append(group)
    for arn, groups in plans.items():
        names = ", ".join(f"`{group.name}`" for group in groups)
        plan = world.training_plan(arn)
        if plan is None:
            remedy = f"aws sagemaker list-training-plans --region {cluster.arn.split(':')[3]}"
            yield fail(f"training plan/{arn}", f"is gone, and {names} of the cluster counts on it", remedy=remedy)
        else:
            yield from _judged(plan, names, cluster, world)


def _judged(plan: TrainingPlan, names: str, cluster: Cluster, world: World) -> Iterator[Finding]:
    subject, region = f"training plan/{plan.name}", cluster.region
    more = (
        "save checkpoints outside of the nodes, then look for an extension\n"
        f"aws sagemaker search-training-plan-offerings --region {region} --training-plan-arn {plan.arn}"
    )
    if plan.status in _OVER:
        yield fail(subject, f"is `{plan.status}`, and {names} of the cluster counts on it", remedy=more)
    elif plan.end_at and plan.end_at - world.now() < _SOON:
        hours = (plan.end_at - world.now()).total_seconds() / 3600
        end = f"EndTime: {plan.end_at:%Y-%m-%dT%H:%M:%SZ}"
        yield warn(subject, f"ends in {hours:.1f} hours, and with it the nodes of {names}", end, remedy=more)
    if plan.unhealthy_count:
        look = f"aws sagemaker describe-training-plan --region {region} --training-plan-name {plan.name}"
        message = "has instances that are not well"
        yield warn(subject, message, f"UnhealthyInstanceCount: {plan.unhealthy_count}", remedy=look)


def _update(cluster: Cluster, group: InstanceGroup) -> str:
    return f"hpctl cluster update-software {cluster.name} --group {group.name} --dry-run"


def _images(group: InstanceGroup) -> Iterator[str]:
    if group.current_image:
        yield f"current image: {group.current_image}"
    if group.desired_image and group.desired_image != group.current_image:
        yield f"desired image: {group.desired_image}"


def _subject(group: InstanceGroup) -> str:
    return f"instance group/{group.name}"
