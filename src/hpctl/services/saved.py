"""A plan that was saved: read, looked at again, and carried out as it stands or not at all."""

from __future__ import annotations

from typing import Literal

from pydantic import ValidationError

from hpctl.errors import ConflictError, UsageError
from hpctl.facts.world import World
from hpctl.plan.effects import Snapshot, undone
from hpctl.plan.tags import RUN_ID_TAG
from hpctl.report.plan import PlanReport


def read_plan(file: str, text: str, command: Literal["create", "update"]) -> PlanReport:
    """Read what `cluster plan --out` wrote; `UsageError` names the file and what is wrong with it."""
    try:
        plan = PlanReport.model_validate_json(text)
    except ValidationError as error:
        raise UsageError(
            f"`{file}` is not a plan that `hpctl cluster plan --out` wrote: {_first(error)}", hint="plan again"
        ) from error
    if plan.basis is None or plan.state not in ("absent", "same", "changed"):
        raise UsageError(
            f"`{file}` is no plan to {command} a cluster", hint="make one: hpctl cluster plan -f SPEC --out FILE"
        )
    if wrong := _wrong_about(plan):
        raise UsageError(f"`{file}` is not a plan that `hpctl cluster plan --out` wrote: {wrong}", hint="plan again")
    meant = {"absent": "create", "changed": "update"}.get(plan.state, command)
    if meant != command:
        raise UsageError(
            f"`{file}` is a plan to {meant} cluster `{plan.cluster}`", hint=f"hpctl cluster {meant} --plan {file}"
        )
    return plan


def still_good(plan: PlanReport, world: World) -> PlanReport:
    """Return the plan with what is left to do of it, after a look at the world that it was made for.

    Raises `ConflictError` when the credentials are for another account or Region, or the cluster has changed since.
    """
    _guard(plan, world)
    live = world.live(plan.cluster)
    seen = Snapshot(live.cluster.arn, live.request, world.cluster_tags(live.cluster.arn)) if live else None
    if plan.state == "absent" and seen and seen.tags.get(RUN_ID_TAG) == plan.run_id:
        return plan.model_copy(update={"state": "same", "arn": seen.arn, "actions": ()})
    left = undone(plan, world.identity(), seen)
    if left is None:
        raise ConflictError(
            f"cluster `{plan.cluster}` has changed since the plan was made; nothing was done",
            hint="plan again, and look at what is different: hpctl cluster plan -f SPEC --out FILE",
        )
    if not left and plan.actions:
        return plan.model_copy(update={"actions": (), "changes": (), "state": "same"})
    return plan.model_copy(update={"actions": left})


def _guard(plan: PlanReport, world: World) -> None:
    now = world.identity()
    for word, wanted, seen in (
        ("account", plan.identity.account, now.account),
        ("Region", plan.identity.region, now.region),
    ):
        if wanted != seen:
            raise ConflictError(
                f"the plan is for {word} `{wanted}`, the credentials are for `{seen}`",
                hint="use other credentials (`--profile`, `--region`), or plan again with these",
            )


def _first(error: ValidationError) -> str:
    """Return what is wrong first, in one line."""
    first = error.errors(include_url=False)[0]
    place = ".".join(str(step) for step in first["loc"])
    return f"{place}: {first['msg']}" if place else str(first["msg"])


def _wrong_about(plan: PlanReport) -> str | None:
    """Return what an action has to do with another cluster than the plan's, or with another purpose."""
    for action in plan.actions:
        named = action.request.get("ClusterName", action.request.get("ResourceArn"))
        if action.verb == "create" and (plan.state != "absent" or named != plan.cluster):
            return f"it creates `{named}`"
        if action.verb in ("tag", "untag", "update") and (plan.state == "absent" or named != plan.arn):
            return f"it changes `{named}`"
        if action.verb not in ("create", "tag", "untag", "update"):
            return f"it has an action `{action.verb}`"
    return None
