"""The images that nodes run, and how HyperPod patches them."""

from __future__ import annotations

from collections.abc import Iterator

from hpctl.checks.declare import check, fail, warn
from hpctl.checks.walk import instance_groups
from hpctl.facts.world import World
from hpctl.report.check import Finding
from hpctl.spec.cluster import ClusterSpec
from hpctl.spec.deployment import AutoPatch
from hpctl.terms import Orchestrator

_IDLE = ("WhenIdle", "WhenAllIdle")
_DRAIN = "DrainFirst"


@check("spec-image", "each group names one image", about=("instance_groups",), blocking=False)
def image(spec: ClusterSpec, _world: World) -> Iterator[Finding]:
    """A group runs HyperPod's image, by its release or the newest, or an image of yours, by its id.

    `image_release_version` counts HyperPod's own images, so that beside the id of another one it says nothing. With
    continuous provisioning a group that is added later, and names no image, gets that of the oldest group.
    Source: botocore 1.44.5, SageMaker service model, ClusterInstanceGroupSpecification.
    """
    for path, group in instance_groups(spec):
        if group.image_release_version and group.image_id not in {None, "default"}:
            yield warn(
                f"instance group/{group.name}",
                f"names the image `{group.image_id}` and the release `{group.image_release_version}` of another",
                remedy=f"remove `image_release_version` from `{group.name}`, or `image_id`",
                at=(*path, "image_release_version"),
            )


@check("spec-autopatch", "what patching is told goes with its strategy", about=("instance_groups", "orchestrator"))
def autopatch(spec: ClusterSpec, _world: World) -> Iterator[Finding]:
    """WhenIdle and WhenAllIdle wait for idle nodes, DrainFirst drains them in batches, on EKS alone.

    Each strategy has settings of its own: a wait for idle nodes, or a policy for draining and a size of batches.
    Source: botocore 1.44.5, SageMaker service model, ClusterAutoPatchConfig.
    """
    for path, group in instance_groups(spec):
        if group.auto_patch:
            at = (*path, "auto_patch")
            for message, remedy in _misfits(group.auto_patch, spec.kind_of_orchestrator):
                yield fail(f"instance group/{group.name}", message, remedy=remedy, at=at)


def _misfits(patch: AutoPatch, orchestrator: Orchestrator) -> Iterator[tuple[str, str]]:
    strategy = patch.patching_strategy
    if patch.idle_wait_window_in_seconds is not None and strategy not in _IDLE:
        yield f"`{strategy}` does not wait for idle nodes", "remove `idle_wait_window_in_seconds` from `auto_patch`"
    if patch.drain_policy and strategy != _DRAIN:
        yield f"`{strategy}` drains no nodes", "remove `drain_policy` from `auto_patch`"
    if strategy != _DRAIN:
        return
    if orchestrator is not Orchestrator.EKS:
        yield "`DrainFirst` evicts pods, and Slurm has none", "patching_strategy: WhenIdle"
    if not (patch.deployment and patch.deployment.rolling_update):
        batches = "deployment: {rolling_update: {maximum_batch_size: {type: INSTANCE_COUNT, value: 1}}}"
        yield "`DrainFirst` has no size of batches", batches
