"""Update the software of a live cluster's nodes: say what it wipes, carry it out, follow it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from hpctl.catalog.limits import violations
from hpctl.errors import NotFoundError, UsageError
from hpctl.facts.ports import Ports
from hpctl.facts.world import World
from hpctl.plan.apply import apply
from hpctl.plan.software import SoftwareWish, plan_update_software
from hpctl.report.plan import PlanReport
from hpctl.report.progress import Progress
from hpctl.services.baseline import Baseline, before_update
from hpctl.services.polling import Waiting
from hpctl.services.refusals import explained, settling
from hpctl.services.wait import until_software_updated

_BATCH: Final = re.compile(r"([0-9]+)(%?)")


@dataclass(frozen=True)
class Rollout:
    """How an update rolls through a group, as it was typed: `2` or `25%` a batch, seconds, names of alarms."""

    batch: str | None = None
    rollback_batch: str | None = None
    wait_s: float | None = None
    alarms: tuple[str, ...] = ()

    def configuration(self) -> dict[str, Any]:
        """Return the DeploymentConfiguration, empty for AWS's own way; `UsageError` for what AWS does not allow."""
        if self.rollback_batch and not self.batch:
            raise UsageError("`--rollback-batch-size` needs `--batch-size`")
        policy = {
            "MaximumBatchSize": _size("--batch-size", self.batch),
            "RollbackMaximumBatchSize": _size("--rollback-batch-size", self.rollback_batch),
        }
        said = {member: size for member, size in policy.items() if size}
        configuration: dict[str, Any] = {"RollingUpdatePolicy": said} if said else {}
        if self.wait_s is not None:
            configuration["WaitIntervalInSeconds"] = int(self.wait_s)
        if self.alarms:
            configuration["AutoRollbackConfiguration"] = [{"AlarmName": name} for name in self.alarms]
        for violation in violations("DeploymentConfiguration", configuration):
            path = ".".join(str(step) for step in violation.path)
            raise UsageError(f"AWS does not allow this roll-out: {path}: {violation.message}")
        return configuration


def _size(flag: str, text: str | None) -> dict[str, Any] | None:
    if text is None:
        return None
    found = _BATCH.fullmatch(text)
    if not found or (found[2] and int(found[1]) > 100):  # noqa: PLR2004  percent
        raise UsageError(f"`{flag} {text}` is no size", hint=f"a number of nodes or a percentage: {flag} 2, {flag} 25%")
    return {"Type": "CAPACITY_PERCENTAGE" if found[2] else "INSTANCE_COUNT", "Value": int(found[1])}


def plan(name: str, wish: SoftwareWish, world: World, *, run_id: str) -> PlanReport:
    """Return the plan; `NotFoundError` when there is no such cluster or group, `UsageError` for an impossible wish."""
    if wish.image_id and wish.release:
        raise UsageError("`--image-id` and `--release` each name an image; give one of them")
    for shape, value in (("ImageId", wish.image_id), ("ImageReleaseVersion", wish.release)):
        for violation in violations(shape, value) if value else ():
            raise UsageError(violation.message)
    cluster = world.cluster(name)
    if cluster is None:
        raise NotFoundError(f"there is no cluster `{name}`", hint="the clusters that there are: hpctl cluster list")
    return plan_update_software(cluster, world.identity(), wish, run_id=run_id)


def before(plan: PlanReport, ports: Ports) -> Baseline:
    """Look at the cluster before anything is sent: by this its update is told from older ones."""
    return before_update(plan.actions[0].request, ports)


def update(plan: PlanReport, ports: Ports) -> Iterator[Progress]:
    """Carry out the plan; `ConflictError` while AWS still works on the cluster."""
    with explained(plan), settling(plan, "try"):
        yield from apply(plan, ports)


def follow(plan: PlanReport, ports: Ports, seen: Baseline, *, timeout_s: float, resume: str) -> Iterator[Progress]:
    """Follow the groups until each has its image; `seen` is what they were before."""
    return until_software_updated(Waiting(plan.cluster, timeout_s, resume, plan.arn), ports, seen)
