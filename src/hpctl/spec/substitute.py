"""`${VAR}` and `$VAR` in a spec's values; `$$` is a dollar sign.

Values are put into the tree, not into the text: they can neither break the file nor move a position.
What a variable holds is never shown; messages show what was written.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from hpctl.errors import Problem
from hpctl.spec.nodes import Entry, MappingNode, Node, ScalarNode, SequenceNode

if TYPE_CHECKING:
    from collections.abc import Mapping

_PLACEHOLDER = re.compile(r"\$(?:(\$)|\{([^}]*)\}|([A-Za-z_]\w*))", re.ASCII)
_NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Substitution:
    """The tree with its variables filled in, what could not be, and the names that were used."""

    root: Node
    problems: tuple[Problem, ...]
    used: frozenset[str]


def substitute(file: str, root: Node, values: Mapping[str, str]) -> Substitution:
    """Fill every variable in the values of `root`; keys are left alone."""
    filler = _Filler(file, values)
    filled = filler.node(root)
    return Substitution(filled, tuple(dict.fromkeys(filler.problems)), frozenset(filler.used))


@dataclass(slots=True)
class _Filler:
    file: str
    values: Mapping[str, str]
    problems: list[Problem] = field(default_factory=list)
    used: set[str] = field(default_factory=set)

    def node(self, node: Node) -> Node:
        match node:
            case ScalarNode():
                return self._scalar(node)
            case SequenceNode():
                return replace(node, items=tuple(self.node(item) for item in node.items))
            case MappingNode():
                return replace(node, entries=tuple(self._entry(entry) for entry in node.entries))

    def _entry(self, entry: Entry) -> Entry:
        return Entry(entry.key, entry.place, self.node(entry.value))

    def _scalar(self, node: ScalarNode) -> ScalarNode:
        if "$" not in node.text:
            return node
        text = _PLACEHOLDER.sub(lambda found: self._value(found, node), node.text)
        named = [found for found in _PLACEHOLDER.finditer(node.text) if not found[1]]
        if not named:
            return replace(node, text=text)
        whole = len(named) == 1 and named[0][0] == node.text
        return replace(node, text=text, plain=node.plain or whole, written=node.text)

    def _value(self, found: re.Match[str], node: ScalarNode) -> str:
        if found[1]:
            return "$"
        name = found[2] if found[3] is None else found[3]
        if not _NAME.fullmatch(name):
            self._report(node, f"`{found[0]}` is not a variable; write `${{NAME}}`, or `$$` for a dollar sign")
        elif name not in self.values:
            remedy = f"set it in the environment or with `--set {name}=…`"
            self._report(node, f"the variable `{name}` has no value; {remedy}")
        else:
            self.used.add(name)
            return self.values[name]
        return found[0]

    def _report(self, node: ScalarNode, message: str) -> None:
        place = node.place
        self.problems.append(Problem(self.file, place.line, place.column, place.path, message))
