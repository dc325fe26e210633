"""Where CreateCluster shapes things differently from hpctl: one tree turned into the other.

Tags are pairs there and a mapping here; capacity is a structure of markers there and a word here; and
files written for an older API hold `ResilienceConfig`. Nodes keep their places, so that what is wrong
in them is still reported where it stands.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hpctl.errors import Problem
from hpctl.spec.group_parts import Capacity
from hpctl.spec.nodes import Entry, MappingNode, Node, ScalarNode, SequenceNode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hpctl.spec.arrange import Arrangement
    from hpctl.spec.positions import Place

MARKERS = {"OnDemand": Capacity.ON_DEMAND, "Spot": Capacity.SPOT}
"""The members of `ClusterCapacityRequirements`, and hpctl's words for them."""


def reshaped(root: Node, arrangement: Arrangement) -> Node:
    """Turn a CreateCluster tree into the shape that hpctl's models have, keys still AWS's."""
    if not isinstance(root, MappingNode):
        return root
    entries = tuple(_lifted_resilience(root.entries, arrangement))
    return replace(root, entries=tuple(one for entry in entries for one in _reshaped_entry(entry, arrangement)))


def _reshaped_entry(entry: Entry, arrangement: Arrangement) -> Iterator[Entry]:
    match entry.key, entry.value:
        case "Tags", SequenceNode():
            yield replace(entry, value=_mapping_of_pairs(entry.value, arrangement))
        case "Tags", _:
            _report(arrangement, entry.value.place, "`Tags` is a list of pairs, each a `Key` and a `Value`")
        case "InstanceGroups", SequenceNode(items=groups):
            value = replace(entry.value, items=tuple(_reshaped_group(group, arrangement) for group in groups))
            yield replace(entry, value=value)
        case _:
            yield entry


def _reshaped_group(group: Node, arrangement: Arrangement) -> Node:
    if not isinstance(group, MappingNode):
        return group
    return replace(group, entries=tuple(one for entry in group.entries for one in _with_word(entry, arrangement)))


def _with_word(entry: Entry, arrangement: Arrangement) -> Iterator[Entry]:
    match entry:
        case Entry(key="CapacityRequirements", value=MappingNode(entries=(marker,))) if _is_marker(marker):
            yield replace(entry, value=ScalarNode(marker.place, MARKERS[marker.key].value, plain=False))
        case Entry(key="CapacityRequirements"):
            _report(arrangement, entry.value.place, "exactly one of `OnDemand: {}` and `Spot: {}` is needed")
        case _:
            yield entry


def _is_marker(entry: Entry) -> bool:
    return entry.key in MARKERS and isinstance(entry.value, MappingNode) and not entry.value.entries


def _mapping_of_pairs(tags: SequenceNode, arrangement: Arrangement) -> MappingNode:
    entries: dict[str, Entry] = {}
    for entry in _pairs(tags, arrangement):
        if entry.key in entries:
            _report(arrangement, entry.place, f"the tag `{entry.key}` comes twice")
        entries.setdefault(entry.key, entry)
    return MappingNode(tags.place, tuple(entries.values()))


def _pairs(tags: SequenceNode, arrangement: Arrangement) -> Iterator[Entry]:
    for item in tags.items:
        pair = {entry.key: entry.value for entry in item.entries} if isinstance(item, MappingNode) else {}
        match pair:
            case {"Key": ScalarNode() as key, "Value": ScalarNode() as value, **others} if not others:
                yield Entry(key.text, key.place, value)
            case _:
                _report(arrangement, item.place, "a tag has a `Key` and a `Value`, and nothing else")


def _lifted_resilience(entries: tuple[Entry, ...], arrangement: Arrangement) -> Iterator[Entry]:
    """Take `ResilienceConfig: {NodeRecovery: …}` of AWS's older examples as today's `NodeRecovery`."""
    named = {entry.key for entry in entries}
    for entry in entries:
        match entry:
            case Entry(key="ResilienceConfig", value=MappingNode(entries=(Entry(key="NodeRecovery") as recovery,))):
                yield from _lifted(recovery, named, arrangement)
            case _:
                yield entry


def _lifted(recovery: Entry, named: set[str], arrangement: Arrangement) -> Iterator[Entry]:
    written = f"`{recovery.place.path}` (line {recovery.place.line})"
    if "NodeRecovery" in named:
        _report(arrangement, recovery.place, "`NodeRecovery` stands beside it already; keep only that one")
        return
    arrangement.notices.append(f"{written} is `NodeRecovery` in today's API; taken as such")
    yield recovery


def _report(arrangement: Arrangement, place: Place, message: str) -> None:
    arrangement.problems.append(Problem(arrangement.file, place.line, place.column, place.path, message))
