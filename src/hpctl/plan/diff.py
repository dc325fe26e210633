"""The fields in which a wish and a live cluster differ, each judged by its update policy.

Both are CreateCluster requests as plain data; paths are those of the spec. What the wish does not say and AWS fills
in is no difference, nor is the order of what is a set.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from hpctl.plan.filled import is_filled
from hpctl.plan.policies import CONTROLLER, MOVES, what_it_means, why_fixed
from hpctl.report.plan import Change
from hpctl.spec.cluster import ClusterSpec
from hpctl.spec.groups import Group
from hpctl.spec.members import Member, UpdatePolicy, members
from hpctl.spec.model import SpecModel
from hpctl.spec.notation import Kind, ListOf, Structure, Text, TextMap, kinds
from hpctl.spec.reshape import MARKERS

Plain = Any
"""A value of a request: text, number, boolean, list, mapping."""

Request = Mapping[str, Plain]

OWN_TAGS: Final = ("hpctl:", "aws:")
"""Prefixes of tags that no spec asks for: hpctl's records, and what AWS reserves for itself."""

_APART: Final = ("ClusterName", "Tags")
"""Members that are not compared here: the name finds the cluster, tags come from a call of their own."""

_ORDERED: Final = ("InstanceTypes",)
"""Lists whose order says something: the preferred one comes first."""

_LOUD: Final = (*MARKERS, "Slurm")
"""Members that say something by being there, empty as they may be."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a field stands, and which policy holds there: the outermost that is not `in place`."""

    path: str = ""
    member: str = ""
    policy: UpdatePolicy = UpdatePolicy.IN_PLACE
    holder: str = ""

    def below(self, name: str, member: Member) -> _Place:
        path = f"{self.path}.{name}" if self.path else name
        aws = member.aws or ""
        if self.policy is not UpdatePolicy.IN_PLACE:
            return _Place(path, aws, self.policy, self.holder)
        return _Place(path, aws, member.update, aws)

    def at(self, key: object) -> _Place:
        return _Place(f"{self.path}[{key}]", self.member, self.policy, self.holder)

    def never(self) -> _Place:
        return _Place(self.path, self.member, UpdatePolicy.NEVER, self.member)


def differences(wish: Request, live: Request) -> Iterator[Change]:
    """Yield what it takes to get from `live` to `wish`, in the order of the spec; tags are not looked at."""
    yield from _structure(ClusterSpec, _Place(), wish, live)


def group_differences(model: type[SpecModel], wish: Request, live: Request) -> Iterator[Change]:
    """Yield the differences of one structure of the spec, such as an instance group."""
    yield from _structure(model, _Place(), wish, live)


def tag_differences(wish: Mapping[str, str], live: Mapping[str, str]) -> Iterator[Change]:
    """Yield the tags that differ, without hpctl's own and AWS's."""
    yield from _texts(_Place("tags", "Tags"), own_left_out(wish), own_left_out(live))


def own_left_out(tags: Mapping[str, str]) -> dict[str, str]:
    """Return the tags that a person may have asked for."""
    return {key: value for key, value in tags.items() if not key.startswith(OWN_TAGS)}


def is_silent(value: object) -> bool:
    """Whether a value says no more than its absence."""
    if isinstance(value, Mapping):
        return all(key not in _LOUD and is_silent(item) for key, item in value.items())
    return value is None or value == []


def _structure(model: type[SpecModel], place: _Place, wish: Request, live: Request) -> Iterator[Change]:
    for name, member in members(model).items():
        if member.aws and member.aws not in _APART:
            seen = live.get(member.aws)
            wanted = wish.get(member.aws)
            silent = wanted is None if member.aws in _LOUD else is_silent(wanted)
            unseen = seen is None if member.aws in _LOUD else is_silent(seen)
            if silent and (unseen or is_filled(model.aws_shape, member.aws, seen)):
                continue
            yield from _field(kinds(model)[name], place.below(name, member), wanted, seen)


def _field(kind: Kind, place: _Place, wish: Plain, live: Plain) -> Iterator[Change]:
    match kind:
        case Structure():
            yield from _nested(kind, place, wish, live)
        case ListOf(Structure(model)) if issubclass(model, Group):
            yield from _groups(model, place, wish or (), live or ())
        case ListOf(Structure(model)):
            yield from _items(model, place, wish or [], live or [])
        case TextMap():
            yield from _texts(place, wish or {}, live or {})
        case _ if not _means_the_same(place.member, wish, live):
            yield _change(kind, place, wish, live)


def _nested(kind: Structure, place: _Place, wish: Plain, live: Plain) -> Iterator[Change]:
    if place.member == "Orchestrator" or not (wish is None or live is None):
        yield from _structure(kind.model, place, wish or {}, live or {})
    else:  # what is in Slurm's settings may change, that there are any does not
        yield _change(kind, place.never() if place.member == "Slurm" else place, wish, live)


def _means_the_same(member: str, wish: Plain, live: Plain) -> bool:
    if isinstance(wish, list) and isinstance(live, list) and member not in _ORDERED:
        return _sorted(wish) == _sorted(live)
    latest = member == "ImageId" and wish == "default"  # a cluster tells the id of the latest image
    return latest or bool(wish == live)


def _sorted(items: Iterable[object]) -> list[str]:
    return sorted(json.dumps(item, sort_keys=True) for item in items)


def _texts(place: _Place, wish: Mapping[str, str], live: Mapping[str, str]) -> Iterator[Change]:
    for key in dict.fromkeys((*live, *wish)):
        if wish.get(key) != live.get(key):
            yield _change(TextMap(), place.at(key), wish.get(key), live.get(key))


def _items(model: type[SpecModel], place: _Place, wish: Sequence[Request], live: Sequence[Request]) -> Iterator[Change]:
    """Match what is equal, in any order; what is left is compared one by one, or as a whole."""
    left = list(live)
    changed = []
    for index, wanted in enumerate(wish):
        same = next((one for one in left if not any(_structure(model, place, wanted, one))), None)
        if same is None:
            changed.append((index, wanted))
        else:
            left.remove(same)
    if len(changed) != len(left):
        yield _change(ListOf(Structure(model)), place, wish or None, live or None)
        return
    for (index, wanted), seen in zip(changed, left, strict=True):
        yield from _structure(model, place.at(index), wanted, seen)


def _groups(model: type[Group], place: _Place, wish: Sequence[Request], live: Sequence[Request]) -> Iterator[Change]:
    seen = {group["InstanceGroupName"]: group for group in live}
    for group in wish:
        name = group["InstanceGroupName"]
        if name in seen:
            yield from _structure(model, place.at(name), group, seen.pop(name))
        else:
            yield _change(Structure(model), place.at(name), group, None)
    for name, group in seen.items():
        yield _change(Structure(model), place.at(name), None, group)


def _change(kind: Kind, place: _Place, wish: Plain, live: Plain) -> Change:
    fixed = place.policy is not UpdatePolicy.IN_PLACE
    note = why_fixed(place.holder, place.policy) if fixed else what_it_means(place.member, live, wish)
    return Change(
        path=place.path,
        kind="add" if live is None else "remove" if wish is None else "change",
        before=_spelled(kind, live),
        after=_spelled(kind, wish),
        policy=place.policy.value,
        note=note,
        refused=fixed,
    )


def _spelled(kind: Kind, value: Plain) -> Plain:
    """Say a value of a request as a spec says it."""
    match kind, value:
        case Structure(model), Mapping():
            told = {member.aws: name for name, member in members(model).items() if member.aws}
            return {told[key]: _spelled(kinds(model)[told[key]], item) for key, item in value.items() if key in told}
        case ListOf(item), list() | tuple():
            return [_spelled(item, one) for one in value]
        case Text(), Mapping():  # a structure of markers, of which one is there
            return next((word.value for marker, word in MARKERS.items() if marker in value), None)
        case _:
            return value


def guarded(changes: Iterable[Change], live: Request, delete_groups: Iterable[str]) -> Iterator[Change]:
    """Refuse to drop groups that nobody named, the Slurm controller's, and those that become the other kind."""
    allowed = set(delete_groups)
    every = tuple(changes)
    added = {name for change in every if change.kind == "add" and (name := group_of(change))}
    controllers = {
        group["InstanceGroupName"]
        for group in live.get("InstanceGroups", ())
        if group.get("SlurmConfig", {}).get("NodeType") == "Controller"
    }
    for change in every:
        name = group_of(change)
        if name is None or change.kind != "remove":
            yield change
        elif name in controllers:
            yield change.model_copy(update={"policy": "never", "note": CONTROLLER, "refused": True})
        elif name in added:
            yield change.model_copy(update={"policy": "replaces the group", "note": MOVES, "refused": True})
        elif name not in allowed:
            note = f"its nodes and their volumes would go; to say so, add `--delete-group {name}`"
            yield change.model_copy(update={"note": note, "refused": True})
        else:
            yield change.model_copy(update={"note": "its nodes and their volumes go"})


def group_of(change: Change) -> str | None:
    """Return the name of the group that comes or goes as a whole with `change`."""
    list_of, bracket, rest = change.path.partition("[")
    whole = list_of in ("instance_groups", "restricted_instance_groups") and rest.endswith("]")
    return rest[:-1] if bracket and whole and "." not in rest and "[" not in rest else None
