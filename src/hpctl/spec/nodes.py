"""A document as a tree of nodes, each with its place in the file."""

from __future__ import annotations

from dataclasses import dataclass

from hpctl.spec.positions import Place


@dataclass(frozen=True, slots=True)
class ScalarNode:
    """One value; `plain` when it may be a number, a boolean or null; `written` before substitution, if any."""

    place: Place
    text: str
    plain: bool
    written: str | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One key of a mapping, the key's own place, and the value."""

    key: str
    place: Place
    value: Node


@dataclass(frozen=True, slots=True)
class MappingNode:
    """Keys and values in the order of the file; no key comes twice."""

    place: Place
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class SequenceNode:
    """Values in the order of the file."""

    place: Place
    items: tuple[Node, ...]


Node = ScalarNode | MappingNode | SequenceNode


def height(node: Node) -> int:
    """Count the levels below a node."""
    match node:
        case SequenceNode(items=below):
            return 1 + max(map(height, below), default=0)
        case MappingNode(entries=entries):
            return 1 + max((height(entry.value) for entry in entries), default=0)
        case _:
            return 0
