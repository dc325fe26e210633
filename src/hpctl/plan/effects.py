"""What an action makes of a cluster: by this it is recognised as done, and a saved plan as still good."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Any, Final

from hpctl.facts.records import Identity
from hpctl.plan.diff import Plain, differences, group_of, is_silent
from hpctl.plan.tags import texts
from hpctl.report.action import Action
from hpctl.report.plan import PlanReport

_GROUPS: Final = ("InstanceGroups", "RestrictedInstanceGroups")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A cluster as it was read: its ARN, what it amounts to as a request, its tags."""

    arn: str
    request: Mapping[str, Any]
    tags: Mapping[str, str]


def after(action: Action, seen: Snapshot) -> Snapshot:
    """Return what the cluster is once `action` is done; a second time changes nothing."""
    match action.verb:
        case "tag":
            return replace(seen, tags={**seen.tags, **texts(action.request["Tags"])})
        case "untag":
            gone = action.request["TagKeys"]
            return replace(seen, tags={key: value for key, value in seen.tags.items() if key not in gone})
        case "update":
            return replace(seen, request=_updated(action.request, seen.request))
        case _:
            return seen


def is_done(action: Action, seen: Snapshot) -> bool:
    """Whether the cluster is what an update, or a change of its tags, makes of it; of other actions nobody can tell."""
    match action.verb:
        case "update":
            wanted = after(action, seen).request
            return not any(differences(wanted, seen.request)) and not any(differences(seen.request, wanted))
        case "tag" | "untag":
            return after(action, seen) == seen
        case _:
            return False


def basis_of(plan: PlanReport, identity: Identity, seen: Snapshot | None) -> str:
    """Return digests of what a plan was decided on, and of what its actions make of it one by one."""
    added = {name for change in plan.changes if change.kind == "add" and (name := group_of(change))}
    return ".".join(_digest(identity, stage, added) for stage in _stages(plan.actions, seen))


def undone(plan: PlanReport, identity: Identity, seen: Snapshot | None) -> tuple[Action, ...] | None:
    """Return the actions of a saved plan that are left to do, None when the world is none that the plan knows.

    A plan that was carried out in part, or wholly, knows the world that it made.
    """
    now = basis_of(plan, identity, seen).partition(".")[0]
    known = (plan.basis or "").split(".")
    if now in known:
        return plan.actions[known.index(now) :]
    finished = seen is not None and plan.actions and all(is_done(action, seen) for action in plan.actions)
    return () if finished else None


def _stages(actions: Iterable[Action], seen: Snapshot | None) -> Iterator[Snapshot | None]:
    if seen is None:
        yield None
    else:
        yield from accumulate(actions, lambda stage, action: after(action, stage), initial=seen)


def _digest(identity: Identity, seen: Snapshot | None, added: set[str]) -> str:
    world: dict[str, Any] = {"account": identity.account, "region": identity.region}
    if seen is not None:
        request = {member: _settled(member, value, added) for member, value in seen.request.items()}
        kept = {member: value for member, value in request.items() if not is_silent(value)}
        world |= {"arn": seen.arn, "request": kept, "tags": dict(seen.tags)}
    return hashlib.sha256(json.dumps(world, sort_keys=True).encode()).hexdigest()[:16]


def _settled(member: str, value: Plain, added: set[str]) -> Plain:
    """Sort groups by name; of those that the plan adds only the name counts, for AWS fills in what it likes."""
    if member not in _GROUPS:
        return value
    groups = sorted(value, key=lambda group: str(group["InstanceGroupName"]))
    return [_of_name(group) if group["InstanceGroupName"] in added else group for group in groups]


def _of_name(group: Mapping[str, Any]) -> dict[str, Any]:
    return {"InstanceGroupName": group["InstanceGroupName"]}


def _updated(update: Mapping[str, Any], request: Mapping[str, Any]) -> dict[str, Any]:
    gone = update.get("InstanceGroupsToDelete", ())
    others = {key: value for key, value in update.items() if key not in (*_GROUPS, "ClusterName")}
    others.pop("InstanceGroupsToDelete", None)
    groups = {member: _regrouped(request.get(member, ()), update.get(member, ()), gone) for member in _GROUPS}
    return {**request, **others, **{member: listed for member, listed in groups.items() if listed}}


def _regrouped(live: Iterable[Any], updated: Iterable[Any], gone: Iterable[str]) -> list[Any]:
    by_name = {group["InstanceGroupName"]: group for group in (*live, *updated)}
    return [group for name, group in by_name.items() if name not in set(gone)]
