"""Reading a tree by hand: each value where it is wanted, and every problem kept for one report."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from hpctl.catalog.nearest import nearest
from hpctl.errors import Problem
from hpctl.spec.nodes import Entry, MappingNode, Node, ScalarNode, SequenceNode
from hpctl.spec.positions import Place, SpecPath
from hpctl.spec.verdict import in_file_order, invalid
from hpctl.spec.yaml_values import is_null, scalar

_SHOWN = 60
"""Characters of a wrong value that a message repeats."""


@dataclass(slots=True)
class Reading:
    """What was found in one file so far."""

    file: str
    problems: list[Problem] = field(default_factory=list)
    notes: list[tuple[int, int, str]] = field(default_factory=list)
    found: dict[SpecPath, Place] = field(default_factory=dict)
    """Where the parts of the wish stand."""

    def refuse(self, place: Place, message: str, close: str | None = None) -> None:
        """Remember something that keeps the file from being used."""
        self.problems.append(Problem(self.file, place.line, place.column, place.path, message, close))

    def note(self, place: Place, message: str) -> None:
        """Remember something that a person should know."""
        self.notes.append((place.line, place.column, f"{self.file}:{place.line}:{place.column}: {message}"))

    @property
    def notices(self) -> tuple[str, ...]:
        """What a person should know, in the order of the file, each thing once."""
        return tuple(dict.fromkeys(notice for _, _, notice in sorted(self.notes)))

    def demand(self, wanted: str, hint: str) -> None:
        """Raise SpecError with every problem in the order of the file, if there is one."""
        if self.problems:
            raise invalid(self.file, wanted, in_file_order(self.problems), hint)

    def entries(self, node: Node, wanted: str = "a mapping of keys to values") -> tuple[Entry, ...]:
        """Return the entries of a mapping; of nothing none, and of anything else none and a problem."""
        if isinstance(node, MappingNode):
            return node.entries
        if not is_null(node):
            self.refuse(node.place, f"{shown(node)} is not {wanted}")
        return ()

    def items(self, node: Node, wanted: str = "a list") -> tuple[Node, ...]:
        """Return the items of a list; see `entries`."""
        if isinstance(node, SequenceNode):
            return node.items
        if not is_null(node):
            self.refuse(node.place, f"{shown(node)} is not {wanted}")
        return ()

    def text(self, node: Node) -> str | None:
        """Return a text as it is written, whatever it looks like; None for nothing."""
        if isinstance(node, ScalarNode):
            return None if is_null(node) else node.text
        self.refuse(node.place, f"{shown(node)} is not a text")
        return None

    def whole(self, node: Node, least: int, most: int = 2**31 - 1) -> int | None:
        """Return a whole number between two bounds; None for nothing."""
        if is_null(node):
            return None
        value = scalar(node.text) if isinstance(node, ScalarNode) else None
        if isinstance(value, int) and not isinstance(value, bool) and least <= value <= most:
            return value
        limit = f"of at least {least}" if most == 2**31 - 1 else f"from {least} to {most}"
        self.refuse(node.place, f"{shown(node)} is not a whole number {limit}")
        return None

    def flag(self, node: Node) -> bool | None:
        """Return a boolean; None for nothing."""
        if is_null(node):
            return None
        value = scalar(node.text) if isinstance(node, ScalarNode) and node.plain else None
        if isinstance(value, bool):
            return value
        self.refuse(node.place, f"{shown(node)} is not `true` or `false`")
        return None

    def word(self, node: Node, choices: Iterable[str]) -> str | None:
        """Return one of the choices (upper and lower case count as the same); None for nothing."""
        text = self.text(node)
        if text is None:
            return None
        rows = tuple(choices)
        for choice in rows:
            if choice.casefold() == text.casefold():
                return choice
        listed = ", ".join(f"`{choice}`" for choice in rows)
        close = next(iter(nearest(text, rows)), None)
        self.refuse(node.place, f"{shown(node)} is not one of {listed}", close)
        return None


def shown(node: Node) -> str:
    """Show what a file says, in a message."""
    match node:
        case ScalarNode(text=text):
            return f"`{cut(text)}`"
        case SequenceNode():
            return "a list"
        case MappingNode():
            return "a mapping"


def cut(text: str) -> str:
    """Shorten a text to what a message can repeat, on one line."""
    line = " ".join(text.split("\n"))
    return line if len(line) <= _SHOWN else f"{line[: _SHOWN - 1]}…"


def asks_nothing(node: Node) -> bool:
    """Tell whether a value is what its absence says as well: null, false, or empty."""
    match node:
        case ScalarNode():
            return is_null(node) or (node.plain and scalar(node.text) is False)
        case SequenceNode(items=items):
            return not items
        case MappingNode(entries=entries):
            return not entries


def named(entries: Iterable[Entry]) -> dict[str, Entry]:
    """Make the entries accessible by key."""
    return {entry.key: entry for entry in entries}
