"""Decide how a wished cluster comes to be, given what exists."""

from __future__ import annotations

from typing import Literal

from hpctl.errors import ConflictError
from hpctl.facts.records import Identity, Live
from hpctl.facts.world import World
from hpctl.plan.effects import Snapshot, basis_of
from hpctl.plan.groups import planned_groups
from hpctl.plan.tags import DIGEST_TAG, RUN_ID_TAG, digest_of, protection_of, tagged
from hpctl.plan.update import changes_to, is_settling
from hpctl.report.action import Action
from hpctl.report.check import CheckReport
from hpctl.report.plan import Change, PlanReport
from hpctl.spec.cluster import ClusterSpec
from hpctl.spec.create_cluster import to_create_cluster

__all__ = ["DIGEST_TAG", "RUN_ID_TAG", "digest_of", "guard", "plan_create", "tagged"]

_CHANGED = (
    "it was made by this very spec, and is not quite what the spec says: `hpctl cluster update -f FILE` would change it"
)


def plan_create(
    spec: ClusterSpec, world: World, *, run_id: str, checks: CheckReport, notices: tuple[str, ...] = ()
) -> PlanReport:
    """Return the plan that makes `spec` real; `run_id` marks what it creates.

    A cluster of that name is left alone: it is what the spec asks for, or was made by it, or is another (`changes` say
    in what).
    """
    identity = world.identity()
    wish = to_create_cluster(spec, account=identity.account, region=identity.region)
    protected = tagged(wish, protection_of(spec))
    digest = digest_of(protected)
    live = world.live(spec.name)
    seen = Snapshot(live.cluster.arn, live.request, world.cluster_tags(live.cluster.arn)) if live else None
    changes = tuple(changes_to(spec, wish, seen)) if live and seen and is_settling(live) else ()
    state = _state(live, seen, changes, digest)
    request = tagged(protected, {RUN_ID_TAG: run_id, DIGEST_TAG: digest})
    create = Action(verb="create", subject=f"cluster/{spec.name}", request=request)
    plan = PlanReport(
        identity=identity,
        cluster=spec.name,
        arn=seen.arn if seen else None,
        orchestrator=spec.kind_of_orchestrator,
        state=state,
        run_id=run_id,
        changes=changes,
        actions=(create,) if state == "absent" else (),
        groups=planned_groups(spec),
        notices=(*notices, _CHANGED) if state == "same" and changes else notices,
        checks=checks,
    )
    return plan.model_copy(update={"basis": basis_of(plan, identity, seen)})


def _state(
    live: Live | None, seen: Snapshot | None, changes: tuple[Change, ...], digest: str
) -> Literal["absent", "same", "other"]:
    if live is None or seen is None:
        return "absent"
    made_by_this = seen.tags.get(DIGEST_TAG) == digest
    return "same" if is_settling(live) and (made_by_this or not changes) else "other"


def guard(spec: ClusterSpec, identity: Identity) -> None:
    """Refuse (`ConflictError`) when the spec names another account or Region than the caller's."""
    for word, wanted, seen in (
        ("account", spec.account, identity.account),
        ("Region", spec.region, identity.region),
    ):
        if wanted is not None and wanted != seen:
            raise ConflictError(
                f"the spec is for {word} `{wanted}`, the credentials are for `{seen}`",
                hint=f"use other credentials (`--profile`, `--region`), or change the {word.lower()} in the spec",
            )
