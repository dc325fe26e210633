"""Whether a live cluster is what an UpdateCluster request asks for: how the effect of a lost answer is seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

Request = Mapping[str, Any]

_GROUPS: Final = ("InstanceGroups", "RestrictedInstanceGroups")
_APART: Final = (*_GROUPS, "ClusterName", "InstanceGroupsToDelete")


def is_reached(update: Request, live: Request) -> bool:
    """Whether `live`, a cluster read as a CreateCluster request, has all that `update` asks for."""
    seen = {name: group for member in _GROUPS for name, group in _by_name(live, member).items()}
    wanted = {name: group for member in _GROUPS for name, group in _by_name(update, member).items()}
    return (
        seen.keys().isdisjoint(update.get("InstanceGroupsToDelete", ()))
        and all(_covers(seen.get(name), group) for name, group in wanted.items())
        and all(_covers(live.get(member), value) for member, value in update.items() if member not in _APART)
    )


def _by_name(request: Request, member: str) -> dict[str, Request]:
    return {group["InstanceGroupName"]: group for group in request.get(member, ())}


def _covers(seen: object, wanted: object) -> bool:
    """Whether `seen` says all that `wanted` does; what AWS adds is no difference."""
    match seen, wanted:
        case Mapping(), Mapping():
            return all(_covers(seen.get(key), value) for key, value in wanted.items())
        case (str(), _) | (_, str()):
            return seen == wanted
        case Sequence(), Sequence():
            return len(seen) == len(wanted) and all(map(_covers, seen, wanted))
        case _:
            return seen == wanted
