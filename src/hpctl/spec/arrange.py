"""A tree as somebody wrote it, arranged as the data that the models take.

Keys become field names, unknown ones are reported with the nearest known key, comments are left out,
and every value's node is remembered under its path in the spec.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from hpctl.errors import Problem
from hpctl.spec.model import SpecModel
from hpctl.spec.nodes import Entry, MappingNode, Node, ScalarNode, SequenceNode
from hpctl.spec.notation import Kind, ListOf, Notation, Structure, Text, TextMap, keys, kinds, nearest_key
from hpctl.spec.positions import SpecPath

KEY = "[key]"
"""Pydantic's last step to the key of a mapping, where the key and not the value is wrong."""

_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLEAN = {word: word.lower() == "true" for word in ("true", "True", "TRUE", "false", "False", "FALSE")}
_INTEGER = re.compile(r"[-+]?[0-9]{1,18}", re.ASCII)
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", re.ASCII)


@dataclass(slots=True)
class Arrangement:
    """Data for the models, and what is known about where it came from."""

    file: str
    notation: Notation
    root: type[SpecModel]
    """The model of the whole."""
    nodes: dict[SpecPath, Node] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    meant: set[SpecPath] = field(default_factory=set)
    """Fields that an unknown key seems to mean: they are misspelled, not missing."""

    def arrange(self, node: Node, kind: Kind, path: SpecPath = ()) -> object:
        """Arrange one value, and all below it; a value of another kind is left to the models to refuse."""
        self.nodes[path] = node
        match kind, node:
            case Structure(model), MappingNode():
                return self._structure(node, model, path)
            case ListOf(item), SequenceNode():
                return [self.arrange(one, item, (*path, index)) for index, one in enumerate(node.items)]
            case TextMap(), MappingNode():
                return {one.key: self._text(one, (*path, one.key)) for one in node.entries}
            case Text(), ScalarNode() if not is_null(node):
                return node.text
            case _:
                return value_of(node)

    def _structure(self, node: MappingNode, model: type[SpecModel], path: SpecPath) -> dict[str, object]:
        known = keys(model, self.notation)
        arranged: dict[str, object] = {}
        for entry in node.entries:
            if name := known.get(entry.key):
                arranged[name] = self.arrange(entry.value, kinds(model)[name], (*path, name))
            elif entry.key.startswith(("_comment", "//")):
                self.notices.append(f"`{entry.place.path}` (line {entry.place.line}) is a comment; left out")
            else:
                self._unknown(entry, model, path)
        return arranged

    def _text(self, entry: Entry, path: SpecPath) -> object:
        self.nodes[*path, KEY] = ScalarNode(entry.place, entry.key, plain=False)
        return self.arrange(entry.value, Text(), path)

    def _unknown(self, entry: Entry, model: type[SpecModel], path: SpecPath) -> None:
        message = f"the key `{entry.key}` is unknown here"
        close = nearest_key(entry.key, model, self.notation)
        if close:
            self.meant.add((*path, keys(model, self.notation)[close]))
        self.problems.append(Problem(self.file, entry.place.line, entry.place.column, entry.place.path, message, close))


def is_null(node: Node) -> bool:
    """Tell whether nothing is written; what a variable holds is something, even when it is empty."""
    return isinstance(node, ScalarNode) and node.plain and node.written is None and node.text in _NULL


def value_of(node: Node) -> object:
    """Read a node by YAML 1.2's core schema; structures come as plain lists and dictionaries."""
    match node:
        case MappingNode():
            return {entry.key: value_of(entry.value) for entry in node.entries}
        case SequenceNode():
            return [value_of(item) for item in node.items]
        case ScalarNode():
            return _scalar(node) if node.plain else node.text


def _scalar(node: ScalarNode) -> object:
    if is_null(node):
        return None
    if node.text in _BOOLEAN:
        return _BOOLEAN[node.text]
    if _INTEGER.fullmatch(node.text):
        return int(node.text)
    return float(node.text) if _FLOAT.fullmatch(node.text) else node.text
