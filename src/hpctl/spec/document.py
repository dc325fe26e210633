"""YAML and JSON text as a tree that remembers every position; nothing in it can be more than data.

JSON is read as the YAML that it is. Texts stay as written until somebody knows which type is wanted:
an account id keeps its leading zero, and `no` stays a word.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, NoReturn

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from hpctl.errors import Problem
from hpctl.spec.nodes import Entry, MappingNode, Node, ScalarNode, SequenceNode, height
from hpctl.spec.positions import Place, joined
from hpctl.spec.source import CLUSTER, unreadable

if TYPE_CHECKING:
    from ruamel.yaml.events import Event

MAX_DEPTH = 64
"""Levels of nesting; CreateCluster needs 8."""
MAX_NODES = 100_000
"""Values after aliases are expanded; a CreateCluster request at all of its limits stays below."""

MAX_DOCUMENTS = 1_000
"""Documents of one file."""

_TEXT_TAG = "tag:yaml.org,2002:str"


@dataclass(slots=True)
class _Composer:
    """Builds the tree from the parser's events; holds what one document needs."""

    file: str
    events: Iterator[Event]
    wanted: str
    shields: Mapping[int, int]
    problems: list[Problem] = field(default_factory=list)
    anchors: dict[str, tuple[Node, int]] = field(default_factory=dict)
    nodes: int = 0

    def node(self, event: Event, path: str, depth: int) -> Node:
        place = _place(event, path)
        before = self.nodes
        self._count(1, place)
        self._limit_depth(depth, place)
        match event:
            case AliasEvent():
                return self._alias(event, place, depth)
            case ScalarEvent():
                node: Node = self._scalar(event, place)
            case SequenceStartEvent():
                self._refuse_tag(event, place)
                node = SequenceNode(place, tuple(self._items(path, depth)))
            case MappingStartEvent():
                self._refuse_tag(event, place)
                node = MappingNode(place, self._unique(tuple(self._entries(path, depth))))
            case _:
                self.refuse(place, "the file ends in the middle of a value")
        if event.anchor:
            self.anchors[str(event.anchor)] = (node, self.nodes - before)
        return node

    def _alias(self, event: AliasEvent, place: Place, depth: int) -> Node:
        if event.anchor not in self.anchors:
            self.refuse(place, f"`*{event.anchor}` stands before its anchor, or has none")
        node, size = self.anchors[event.anchor]
        self._count(size, place)
        self._limit_depth(depth + height(node), place)
        return node

    def _scalar(self, event: ScalarEvent, place: Place) -> ScalarNode:
        if event.tag not in {None, "!", _TEXT_TAG}:
            self._refuse_tag(event, place)
        return ScalarNode(
            place, _unshielded(str(event.value), self.shields), plain=event.tag is None and event.style is None
        )

    def _items(self, path: str, depth: int) -> Iterator[Node]:
        for index, event in enumerate(self._until(SequenceEndEvent)):
            yield self.node(event, joined(path, index), depth + 1)

    def _entries(self, path: str, depth: int) -> Iterator[Entry]:
        for event in self._until(MappingEndEvent):
            place = _place(event, path)
            if not isinstance(event, ScalarEvent):
                self.refuse(place, "a key must be a plain text")
            key = self._scalar(event, place)
            below = joined(path, key.text)
            value = _beside_key(self.node(next(self.events), below, depth + 1), place)
            if key.text == "<<" and key.plain:
                yield from self._merged(value)
            else:
                yield Entry(key.text, Place(place.line, place.column, below), value)

    def _merged(self, value: Node) -> Iterator[Entry]:
        """Take in the keys of `<<: *defaults`; the mapping's own keys win over them."""
        sources = value.items if isinstance(value, SequenceNode) else (value,)
        for source in sources:
            if not isinstance(source, MappingNode):
                self.refuse(value.place, "`<<` takes a mapping, or a list of mappings")
            yield from (_Merged(entry.key, entry.place, entry.value) for entry in source.entries)

    def _unique(self, entries: tuple[Entry, ...]) -> tuple[Entry, ...]:
        own: dict[str, Entry] = {}
        for entry in entries:
            if isinstance(entry, _Merged):
                continue
            if entry.key in own:
                first = own[entry.key].place.line
                self._report(entry.place, f"the key `{entry.key}` comes twice; first in line {first}")
            own.setdefault(entry.key, entry)
        for entry in entries:
            own.setdefault(entry.key, entry)
        return tuple(own.values())

    def _until(self, end: type[Event]) -> Iterator[Event]:
        while not isinstance(event := next(self.events), end):
            yield event

    def _count(self, nodes: int, place: Place) -> None:
        self.nodes += nodes
        if self.nodes > MAX_NODES:
            self.refuse(place, f"more than {MAX_NODES:,} values, aliases expanded")

    def _limit_depth(self, depth: int, place: Place) -> None:
        if depth > MAX_DEPTH:
            self.refuse(place, f"nested deeper than {MAX_DEPTH} levels")

    def _refuse_tag(self, event: NodeEvent, place: Place) -> None:
        tag = getattr(event, "tag", None)
        if tag not in {None, "!"}:
            self.refuse(place, f"the tag `{tag}` is not understood; write plain YAML")

    def _report(self, place: Place, message: str) -> None:
        self.problems.append(Problem(self.file, place.line, place.column, place.path, message))

    def refuse(self, place: Place, message: str) -> NoReturn:
        """Give up: what follows could only be guessed."""
        self._report(place, message)
        raise unreadable(self.file, *self.problems, wanted=self.wanted)


@dataclass(frozen=True, slots=True)
class _Merged(Entry):
    """An entry that came through `<<`."""


def compose(file: str, text: str) -> tuple[Node, tuple[Problem, ...]]:
    """Read the one document in `text`; the problems are keys that come twice.

    Raises SpecError where the text is no YAML, or more than data.
    """
    composer = _composer(file, text, CLUSTER)
    (root,) = _understood(composer, most=1)
    return root, tuple(composer.problems)


def compose_all(file: str, text: str, wanted: str) -> tuple[tuple[Node, ...], tuple[Problem, ...]]:
    """Read every document in `text` that is not empty; see `compose`. `wanted` is what the file should be.

    The limits hold for the whole file.
    """
    composer = _composer(file, text, wanted)
    composed = _understood(composer, most=MAX_DOCUMENTS)
    roots = tuple(root for root in composed if not (isinstance(root, ScalarNode) and root.text == ""))
    if not roots:
        composer.refuse(Place(1, 1, ""), "the file is empty")
    return roots, tuple(composer.problems)


def _composer(file: str, text: str, wanted: str) -> _Composer:
    shields: Mapping[int, int] = {} if _OWN_SHIELDS.search(text) else _SHIELDS
    hidden = _PLACEHOLDER.sub("\ue000\ue001\\1\ue002", text) if shields else text
    return _Composer(file, YAML(typ="safe", pure=True).parse(hidden), wanted, shields)


def _understood(composer: _Composer, most: int) -> Iterator[Node]:
    """Yield the roots; whatever the parser says of the text becomes a SpecError."""
    try:
        yield from _roots(composer, most)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(mark.line + 1, mark.column + 1, "") if mark else Place(1, 1, "")
        reason = str(error.problem or error.context)
    except UnicodeError:
        place, reason = Place(1, 1, ""), "a `\\u` escape names half of a character"
    except (YAMLError, ValueError, OverflowError) as error:
        place, reason = Place(1, 1, ""), str(error) or type(error).__name__
    else:
        return
    if "\\t" in reason:
        reason = "a tab cannot indent YAML; use spaces"
    problem = Problem(composer.file, place.line, place.column, "", f"not YAML or JSON: {reason}")
    raise unreadable(composer.file, problem, wanted=composer.wanted) from None


def _roots(composer: _Composer, most: int) -> Iterator[Node]:
    found = 0
    for event in composer.events:
        if not isinstance(event, DocumentStartEvent):
            continue
        found += 1
        if found > most:
            composer.refuse(_place(event, ""), _TOO_MANY[most])
        composer.anchors.clear()
        yield composer.node(next(composer.events), "", 0)
    if not found:
        composer.refuse(Place(1, 1, ""), "the file is empty")


def _beside_key(value: Node, key: Place) -> Node:
    """Put an absent value where its key is; the parser finds it only where the next thing begins."""
    if not (isinstance(value, ScalarNode) and value.plain and value.text == ""):
        return value
    return replace(value, place=Place(key.line, key.column, value.place.path))


def _place(event: Event, path: str) -> Place:
    return Place(event.start_mark.line + 1, event.start_mark.column + 1, path)


_TOO_MANY: Mapping[int, str] = MappingProxyType(
    {
        1: "a second document begins here; a file describes one cluster",
        MAX_DOCUMENTS: f"more than {MAX_DOCUMENTS:,} documents",
    }
)
_PLACEHOLDER = re.compile(r"\$\{(\w*)\}", re.ASCII)
_SHIELDS: Mapping[int, int] = MappingProxyType(str.maketrans("\ue000\ue001\ue002", "${}"))
"""What hides the braces of `${VAR}` from YAML, where `[${VAR}]` is a syntax error; columns stay the same."""
_OWN_SHIELDS = re.compile("[\ue000-\ue002]|\\\\(u|U0000)[eE]00[012]")
"""A text that has these characters itself, written or escaped: nothing is hidden in it."""


def _unshielded(text: str, shields: Mapping[int, int]) -> str:
    """Bring braces back, and join the halves in which JSON writes characters beyond the first plane."""
    return text.translate(shields).encode("utf-16", "surrogatepass").decode("utf-16")
