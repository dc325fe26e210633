"""Manifests against the fields that Kubernetes knows: what is misspelt, and what YAML reads as something else."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from hpctl.catalog.manifest_fields import EVERY, OPEN, FieldType, resolved
from hpctl.catalog.nearest import nearest
from hpctl.errors import Problem
from hpctl.spec.nodes import Entry, MappingNode, Node, ScalarNode, SequenceNode
from hpctl.spec.positions import Place
from hpctl.spec.reading import cut, shown
from hpctl.spec.yaml_values import is_null, plain

PLACEHOLDER: Final = re.compile(r"\$\{?[A-Za-z_]\w*\}?", re.ASCII)
"""A variable that somebody meant to be filled in before."""
ENVSUBST: Final = "a manifest is submitted as it is, so put it through `envsubst` first"

_WANTED: Final = {
    "string": "a text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "`true` or `false`",
    "quantity": "an amount, such as `8` or `64Gi`",
    "int-or-string": "a whole number or a text",
}
_ACCEPTED: Final[Mapping[str, tuple[type, ...]]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "quantity": (int, float, str),
    "int-or-string": (int, str),
}
_READ_AS: Final[Mapping[type, str]] = {bool: "a boolean", int: "a number", float: "a number"}


def shape_problems(file: str, node: Node, field: FieldType) -> Iterator[Problem]:
    """Yield what the fields of a manifest, or of a part of one, are not."""
    match resolved(field), node:
        case _, ScalarNode() if is_null(node):
            return
        case str(word), _:
            yield from _scalar_problems(file, node, word)
        case list() as items, SequenceNode():
            for item in node.items:
                yield from _item_problems(file, item, items[0])
        case dict() as fields, MappingNode():
            for entry in node.entries:
                yield from _entry_problems(file, entry, fields)
        case list(), _:
            yield _problem(file, node.place, f"{shown(node)} is not a list")
        case _:
            yield _problem(file, node.place, f"{shown(node)} is not a mapping of keys to values")


def _item_problems(file: str, item: Node, field: FieldType) -> Iterator[Problem]:
    if is_null(item):
        yield _problem(file, item.place, "an item of a list is missing here")
    else:
        yield from shape_problems(file, item, field)


def _entry_problems(file: str, entry: Entry, fields: Mapping[str, FieldType]) -> Iterator[Problem]:
    known = fields.get(entry.key, fields.get(EVERY, fields.get(OPEN)))
    if known is not None:
        yield from shape_problems(file, entry.value, known)
        return
    close = next(iter(nearest(entry.key, fields)), None)
    yield _problem(file, entry.place, f"the field `{entry.place.path}` is unknown to Kubernetes", close)


def _scalar_problems(file: str, node: Node, word: str) -> Iterator[Problem]:
    if word == "any":
        return
    value = plain(node)
    if word != "string" and isinstance(value, str) and (variable := PLACEHOLDER.search(value)):
        yield _problem(file, node.place, f"`{cut(variable[0])}` is not filled in; {ENVSUBST}")
        return
    if type(value) in _ACCEPTED[word]:
        return
    if word == "string" and type(value) in _READ_AS:
        message = f"YAML reads {shown(node)} as {_READ_AS[type(value)]}, and a text is wanted; quote it"
        yield _problem(file, node.place, message, f'"{shown(node).strip("`")}"')
    else:
        yield _problem(file, node.place, f"{shown(node)} is not {_WANTED[word]}", _unquoted(node, word))


def _unquoted(node: Node, word: str) -> str | None:
    """Return what is left without quotes, when that is what is wanted."""
    if not isinstance(node, ScalarNode) or node.plain:
        return None
    return node.text if type(plain(replace(node, plain=True))) in _ACCEPTED[word] else None


def _problem(file: str, place: Place, message: str, close: str | None = None) -> Problem:
    return Problem(file, place.line, place.column, place.path, message, close)
