"""What the checks of `spec_images` say of images and of patching."""

from __future__ import annotations

from hpctl.report.check import Finding
from hpctl.spec.cluster import ClusterSpec
from tests.unit.builders import a_finding, a_group, a_plain_group, a_slurm_spec, a_spec
from tests.unit.checks.row import fails, passes, warns

_OWN = "ami-0123456789abcdef0"
_BATCHES = {"rolling_update": {"maximum_batch_size": {"type": "INSTANCE_COUNT", "value": 1}}}


def _patched(strategy: str, **members: object) -> ClusterSpec:
    return a_spec(a_group(auto_patch={"patching_strategy": strategy, **members}))


def _misfit(message: str, remedy: str) -> Finding:
    return a_finding(
        "fail", "instance group/workers", message, remedy=remedy, path=("instance_groups", 0, "auto_patch")
    )


IMAGES = (
    passes("spec-image", "an image of one's own", a_spec(a_group(image_id=_OWN))),
    passes("spec-image", "a release", a_spec(a_group(image_release_version="1.2.3", image_id="default"))),
    warns(
        "spec-image",
        "both",
        a_spec(a_group(image_id=_OWN, image_release_version="1.2.3")),
        a_finding(
            "warn",
            "instance group/workers",
            f"names the image `{_OWN}` and the release `1.2.3` of another",
            remedy="remove `image_release_version` from `workers`, or `image_id`",
            path=("instance_groups", 0, "image_release_version"),
        ),
    ),
)

_NO_BATCHES = _misfit(
    "`DrainFirst` has no size of batches",
    "deployment: {rolling_update: {maximum_batch_size: {type: INSTANCE_COUNT, value: 1}}}",
)

PATCHING = (
    passes("spec-autopatch", "no patching", a_spec()),
    passes("spec-autopatch", "a wait", _patched("WhenIdle", idle_wait_window_in_seconds=7200)),
    passes("spec-autopatch", "draining", _patched("DrainFirst", drain_policy={}, deployment=_BATCHES)),
    fails(
        "spec-autopatch",
        "settings of the other strategy",
        _patched("WhenAllIdle", drain_policy={"drain_timeout_in_seconds": 60}),
        _misfit("`WhenAllIdle` drains no nodes", "remove `drain_policy` from `auto_patch`"),
    ),
    fails(
        "spec-autopatch",
        "draining that waits and has no batches",
        _patched("DrainFirst", idle_wait_window_in_seconds=7200),
        _misfit("`DrainFirst` does not wait for idle nodes", "remove `idle_wait_window_in_seconds` from `auto_patch`"),
        _NO_BATCHES,
    ),
    fails(
        "spec-autopatch",
        "draining on Slurm",
        a_slurm_spec(a_plain_group("workers", auto_patch={"patching_strategy": "DrainFirst", "deployment": _BATCHES})),
        _misfit("`DrainFirst` evicts pods, and Slurm has none", "patching_strategy: WhenIdle"),
    ),
)

ROWS = (*IMAGES, *PATCHING)
