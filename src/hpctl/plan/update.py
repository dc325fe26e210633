"""Decide how a live cluster becomes what a spec asks for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, Literal

from hpctl.catalog.limits import shape
from hpctl.errors import NotFoundError
from hpctl.facts.records import Live
from hpctl.facts.world import World
from hpctl.plan.diff import (
    Plain,
    Request,
    differences,
    group_differences,
    guarded,
    is_silent,
    own_left_out,
    tag_differences,
)
from hpctl.plan.effects import Snapshot, basis_of
from hpctl.plan.filled import is_filled, is_notable
from hpctl.plan.groups import planned_groups
from hpctl.plan.tags import (
    DIGEST_TAG,
    PROTECTION_TAG,
    RUN_ID_TAG,
    digest_of,
    is_protected,
    pairs,
    protection_of,
    tagged,
)
from hpctl.report.action import Action
from hpctl.report.check import CheckReport
from hpctl.report.plan import Change, PlanReport
from hpctl.spec.cluster import ClusterSpec
from hpctl.spec.create_cluster import to_create_cluster
from hpctl.spec.groups import Group, InstanceGroup
from hpctl.spec.members import UpdatePolicy, members
from hpctl.spec.model import SpecModel
from hpctl.spec.notation import Kind, Structure, kinds
from hpctl.spec.restricted import RestrictedInstanceGroup
from hpctl.terms import ClusterStatus

_GROUPS: Final[Mapping[str, type[Group]]] = {
    "InstanceGroups": InstanceGroup,
    "RestrictedInstanceGroups": RestrictedInstanceGroup,
}
_NOT_RESENT: Final = ("PatchSchedule",)
"""Filled in by AWS with a date that passes: sent again it would be refused."""


def plan_update(
    spec: ClusterSpec,
    world: World,
    *,
    run_id: str,
    checks: CheckReport,
    notices: tuple[str, ...] = (),
    delete_groups: tuple[str, ...] = (),
) -> PlanReport:
    """Return the plan that brings the live cluster to `spec`; `NotFoundError` when there is none.

    Groups that the spec no longer has go only when `delete_groups` names them. A cluster that is failing or going is
    not compared.
    """
    live = world.live(spec.name)
    if live is None:
        raise NotFoundError(f"there is no cluster `{spec.name}`", hint="to make it: hpctl cluster create -f FILE")
    identity = world.identity()
    wish = to_create_cluster(spec, account=identity.account, region=identity.region)
    seen = Snapshot(live.cluster.arn, live.request, world.cluster_tags(live.cluster.arn))
    differing = changes_to(spec, wish, seen) if is_settling(live) else ()
    changes = tuple(guarded(differing, live.request, delete_groups))
    state = _state(live, changes)
    plan = PlanReport(
        identity=identity,
        cluster=spec.name,
        arn=live.cluster.arn,
        orchestrator=spec.kind_of_orchestrator,
        state=state,
        run_id=run_id,
        changes=changes,
        actions=tuple(_actions(spec, wish, seen, changes)) if state != "other" else (),
        groups=planned_groups(spec),
        notices=(*notices, *kept(wish, live.request)),
        checks=checks,
    )
    return plan.model_copy(update={"basis": basis_of(plan, identity, seen)})


def changes_to(spec: ClusterSpec, wish: Request, seen: Snapshot) -> Iterator[Change]:
    """Yield what differs between the wish and the cluster, its tags and its protection included."""
    yield from differences(wish, seen.request)
    wished, lives = bool(protection_of(spec)), is_protected(seen.tags)
    if wished != lives:
        yield Change(path="protection", kind="change", before=lives, after=wished, policy=UpdatePolicy.IN_PLACE.value)
    yield from tag_differences(spec.tags, seen.tags)


def kept(wish: Request, live: Request) -> Iterator[str]:
    """Yield, in words, what the cluster has, the spec does not name, and an update leaves as it is."""
    for name, member in members(ClusterSpec).items():
        aws = member.aws or ""
        if aws in live and is_silent(wish.get(aws)) and is_filled(ClusterSpec.aws_shape, aws, live[aws]):
            yield from _kept(name, aws, live[aws])
    for aws, model in _GROUPS.items():
        lives = {group["InstanceGroupName"]: group for group in live.get(aws, ())}
        for group in wish.get(aws, ()):
            threads = lives.get(group["InstanceGroupName"], {}).get("ThreadsPerCore")
            if threads is not None and "ThreadsPerCore" not in group:
                list_of = next(name for name, member in members(ClusterSpec).items() if member.aws == aws)
                path = f"{list_of}[{group['InstanceGroupName']}].{_field(model, 'ThreadsPerCore')}"
                yield from _kept(path, "ThreadsPerCore", threads)


def _kept(path: str, member: str, value: object) -> Iterator[str]:
    if is_notable(member, value):
        shown = f" (`{value}`)" if isinstance(value, int | str) else ""
        yield f"the spec does not name `{path}`: what the cluster has{shown} is kept"


def _field(model: type[SpecModel], aws: str) -> str:
    return next(name for name, member in members(model).items() if member.aws == aws)


def _state(live: Live, changes: Iterable[Change]) -> Literal["same", "changed", "other"]:
    every = tuple(changes)
    if not is_settling(live) or any(change.refused for change in every):
        return "other"
    return "changed" if every else "same"


def is_settling(live: Live) -> bool:
    """Whether the cluster is in service, or on its way there."""
    return live.cluster.status not in (ClusterStatus.FAILED, ClusterStatus.DELETING, ClusterStatus.ROLLING_BACK)


def _actions(spec: ClusterSpec, wish: Request, seen: Snapshot, changes: tuple[Change, ...]) -> Iterator[Action]:
    """Yield what is to be sent.

    While an update is under way the cluster has no digest: killed in between, it claims to be neither spec. A cluster
    that hpctl made gets the new one at the end; one that lost it that way, on the next update.
    """
    subject = f"cluster/{spec.name}"
    ours = RUN_ID_TAG in seen.tags
    add, remove = _tag_changes(spec, seen)
    digest = digest_of(tagged(wish, protection_of(spec)))
    if changes and DIGEST_TAG in seen.tags:
        remove = [*remove, DIGEST_TAG]
    if ours and (changes or DIGEST_TAG not in seen.tags):
        add = {**add, DIGEST_TAG: digest}
    if remove:
        yield Action(verb="untag", subject=subject, request={"ResourceArn": seen.arn, "TagKeys": remove})
    if update := update_request(wish, seen.request):
        yield Action(verb="update", subject=subject, request={"ClusterName": seen.arn, **update})
    if add:
        yield Action(verb="tag", subject=subject, request={"ResourceArn": seen.arn, "Tags": pairs(add)})


def _tag_changes(spec: ClusterSpec, seen: Snapshot) -> tuple[dict[str, str], list[str]]:
    wished = own_left_out(spec.tags) | protection_of(spec)
    lives = own_left_out(seen.tags) | {PROTECTION_TAG: "true"} if is_protected(seen.tags) else own_left_out(seen.tags)
    add = {key: value for key, value in wished.items() if lives.get(key) != value}
    return add, [key for key in lives if key not in wished]


def update_request(wish: Request, live: Request) -> dict[str, Any]:
    """Return what UpdateCluster is told, without the name: changed groups in full, changed members, groups to go."""
    request: dict[str, Any] = {}
    gone: list[str] = []
    for member, field in _members():
        if member in _GROUPS:
            changed, dropped = _changed_groups(_GROUPS[member], wish.get(member, ()), live.get(member, ()))
            request |= {member: changed} if changed else {}
            gone += dropped
        elif not is_silent(wish.get(member)) and any(differences({member: wish[member]}, {member: live.get(member)})):
            request[member] = _completed(kinds(ClusterSpec)[field], wish[member], live.get(member))
    return {**request, **({"InstanceGroupsToDelete": gone} if gone else {})}


def _members() -> Iterator[tuple[str, str]]:
    told = {member.aws: name for name, member in members(ClusterSpec).items() if member.aws}
    apart = ("ClusterName", "InstanceGroupsToDelete")
    yield from ((member, told[member]) for member in shape("UpdateClusterRequest").members if member not in apart)


def _changed_groups(
    model: type[Group], wish: Iterable[Request], live: Iterable[Request]
) -> tuple[list[dict[str, Any]], list[str]]:
    lives = {group["InstanceGroupName"]: group for group in live}
    changed = []
    for group in wish:
        seen = lives.pop(group["InstanceGroupName"], None)
        if seen is None or any(group_differences(model, group, seen)):
            changed.append(complete(model, group, seen or {}))
    return changed, list(lives)


def complete(model: type[SpecModel], wish: Request, live: Request) -> dict[str, Any]:
    """Return the wish with what UpdateCluster would reset because the wish leaves it to AWS: as it lives."""
    told = {member.aws: kinds(model)[name] for name, member in members(model).items() if member.aws}
    whole: dict[str, Any] = {}
    for member in shape(model.aws_shape).members:
        seen = live.get(member)
        if member in wish:
            whole[member] = _completed(told[member], wish[member], seen)
        elif seen is not None and is_filled(model.aws_shape, member, seen) and member not in _NOT_RESENT:
            whole[member] = seen
    return _one_image(wish, whole)


def _completed(kind: Kind, wish: Plain, live: Plain) -> Plain:
    if isinstance(kind, Structure) and isinstance(live, Mapping):
        return complete(kind.model, wish, live)
    return wish


def _one_image(wish: Request, whole: dict[str, Any]) -> dict[str, Any]:
    """Name the image once: as the wish does, else by release (HyperPod's own), else by id (somebody's own)."""
    if "ImageId" in whole and "ImageReleaseVersion" in whole:
        by_id = "ImageId" in wish and "ImageReleaseVersion" not in wish
        by_release = "ImageId" not in wish
        if by_id:
            del whole["ImageReleaseVersion"]
        elif by_release:
            del whole["ImageId"]
    return whole
