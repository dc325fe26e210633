"""A kubeconfig as text in which entries change: what else is in it, comments and unknown fields, stays as it is.

Values stay the texts that they are, so that nothing is read as a number or a date and written in another form.
Source of the format: Kubernetes' `v1.Config` (client-go `tools/clientcmd/api/v1`).
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, NoReturn

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.composer import MaxDepthExceededError
from ruamel.yaml.constructor import DuplicateKeyError
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import ScalarNode
from ruamel.yaml.resolver import VersionedResolver
from ruamel.yaml.scalarstring import DoubleQuotedScalarString

from hpctl.errors import Problem, SpecError

LISTS: Final = ("clusters", "users", "contexts")
"""The lists of named things in a kubeconfig."""

_EMPTY: Final = ("", "~", "null", "Null", "NULL")
_WIDE: Final = 1 << 30
_DEEP: Final = 100
"""Levels of nesting; a kubeconfig needs 6, extensions may need more."""
_DASH: Final = re.compile(rf"^(?:{'|'.join(LISTS)}):[ \t]*(?:#.*)?\n(?:[ \t]*(?:#.*)?\n)*( *)- ", re.MULTILINE)
_PLAIN: Final = re.compile(r"(?:--)?[A-Za-z/].*", re.DOTALL)
_WORDS: Final = frozenset({"y", "n", "yes", "no", "true", "false", "on", "off", "null", "inf", "nan"})
"""What YAML 1.1 takes for something else than text, beside what starts with a digit or a sign."""


class Document:
    """One kubeconfig file, read; `name` stands for it in messages."""

    def __init__(self, name: str, text: str) -> None:
        """Read a text; an empty one is a kubeconfig without entries.

        Raises:
            SpecError: it is no kubeconfig; with line and column.
        """
        self.name, self._text = name, text
        root = self._load()
        if root is None or root in _EMPTY:
            root = CommentedMap(apiVersion="v1", kind="Config")
        if not isinstance(root, CommentedMap):
            self._refuse("is no mapping", root)
        self._root = root
        for part in LISTS:
            self._demand_list(part)

    @property
    def current(self) -> str | None:
        """The current context, None without one."""
        found = self._root.get("current-context")
        return None if found is None or found in _EMPTY else str(found)

    def choose(self, name: str) -> None:
        """Make a context the current one."""
        self._root["current-context"] = _value(name)

    def names(self, part: str) -> tuple[str, ...]:
        """Return the names in one of the `LISTS`."""
        return tuple(str(item["name"]) for item in self._items(part))

    def entry(self, part: str, name: str) -> Mapping[str, Any] | None:
        """Return what stands under a name (the first of that name, as for kubectl), None when nothing does."""
        item = next((item for item in self._items(part) if item["name"] == name), None)
        found = None if item is None else item.get(part.removesuffix("s"))
        return None if item is None else found if isinstance(found, CommentedMap) else CommentedMap()

    def put(self, part: str, name: str, members: Mapping[str, object]) -> bool:
        """Give the entry of a name these members, others it keeps; tells whether that changes anything."""
        found = self.entry(part, name)
        if isinstance(found, CommentedMap) and found:
            changed = {key: value for key, value in members.items() if _plain(found.get(key)) != _plain(value)}
            for key, value in changed.items():
                found[key] = _value(value)
            return bool(changed)
        items = self._items(part)
        kept = [item for item in items if item["name"] != name]
        if len(kept) < len(items):  # a name with nothing below it
            items[:] = kept
        self._append(part, CommentedMap({part.removesuffix("s"): _value(members), "name": _value(name)}))
        return True

    def text(self) -> str:
        """Return the file's text."""
        stream = io.StringIO()
        self._yaml().dump(self._root, stream)
        return stream.getvalue()

    def _yaml(self) -> YAML:
        yaml = YAML(typ="rt")
        yaml.Resolver = _Texts
        yaml.preserve_quotes = True
        yaml.width = _WIDE
        yaml.max_depth = _DEEP
        if dash := _DASH.search(self._text):
            yaml.indent(mapping=2, sequence=2 + len(dash[1]), offset=len(dash[1]))
        return yaml

    def _load(self) -> Any:
        try:
            return self._yaml().load(self._text)
        except DuplicateKeyError as error:
            mark = error.problem_mark
            key = re.search(r'found duplicate key "(.*?)"', str(error.problem))
            self._refuse_at(mark.line, mark.column, f"the key `{key[1]}` comes twice" if key else "a key comes twice")
        except MaxDepthExceededError as error:
            self._refuse_at(error.problem_mark.line, error.problem_mark.column, f"is nested deeper than {_DEEP} levels")
        except MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            told = ", ".join(filter(None, (error.context, error.problem)))
            self._refuse_at(mark.line if mark else 0, mark.column if mark else 0, told)
        except (YAMLError, RecursionError, ValueError) as error:
            self._refuse_at(0, 0, str(error).splitlines()[0] if str(error) else "is no YAML")

    def _demand_list(self, part: str) -> None:
        found = self._root.get(part)
        if found is None or (isinstance(found, str) and found in _EMPTY):
            return
        if not isinstance(found, CommentedSeq):
            self._refuse(f"`{part}` is no list", self._root, part)
        for index, item in enumerate(found):
            if not isinstance(item, CommentedMap) or not isinstance(item.get("name"), str):
                self._refuse(f"`{part}[{index}]` has no name", found, index)

    def _items(self, part: str) -> Any:
        found = self._root.get(part)
        return found if isinstance(found, CommentedSeq) else ()

    def _append(self, part: str, item: CommentedMap) -> None:
        items = self._items(part)
        if not isinstance(items, CommentedSeq) or not items:
            self._root[part] = CommentedSeq([item])
            return
        last = _last_leaf(items[-1])
        items.append(item)
        _move_comment(last, _last_leaf(item))

    def _refuse(self, what: str, holder: Any, key: object = None) -> NoReturn:
        try:
            line, column = holder.lc.key(key) if isinstance(key, str) else holder.lc.item(key)
        except (AttributeError, KeyError, TypeError):  # the whole document is one value
            line = column = 0
        self._refuse_at(line, column, what)

    def _refuse_at(self, line: int, column: int, what: str) -> NoReturn:
        raise SpecError(
            f"`{self.name}` is no kubeconfig, and nothing was changed in it",
            (Problem(self.name, line + 1, column + 1, "", what),),
            hint="repair it, or name another one: --kubeconfig FILE",
        )


class _Texts(VersionedResolver):
    """Takes every value for a text: what is not understood cannot be changed by writing it again."""

    def resolve(self, kind: Any, value: Any, implicit: Any) -> Any:
        return self.DEFAULT_SCALAR_TAG if kind is ScalarNode else super().resolve(kind, value, implicit)


def _value(value: object) -> Any:
    """Return a value as it is written anew; texts that others would take for something else are quoted."""
    match value:
        case str():
            plain = _PLAIN.fullmatch(value) and value.lower() not in _WORDS
            return value if plain else DoubleQuotedScalarString(value)
        case bool():
            return str(value).lower()
        case Mapping():
            return CommentedMap({key: _value(one) for key, one in value.items()})
        case Sequence():
            return CommentedSeq([_value(one) for one in value])
        case _:
            raise TypeError(value)


def _plain(value: object) -> object:
    """Return a value for comparison, with what it says and not how."""
    match value:
        case bool():
            return str(value).lower()
        case Mapping():
            return {str(key): _plain(one) for key, one in value.items()}
        case str():
            return str(value)
        case Sequence():
            return [_plain(one) for one in value]
        case _:
            return value


def _last_leaf(item: Any) -> tuple[Any, Any]:
    """Return the innermost mapping or list that ends an item, and the key of its last value."""
    while True:
        keys = list(item) if isinstance(item, CommentedMap) else range(len(item))
        key = keys[-1]
        if not isinstance(item[key], CommentedMap | CommentedSeq) or not item[key] or item[key].fa.flow_style():
            return item, key
        item = item[key]


def _move_comment(old: tuple[Any, Any], new: tuple[Any, Any]) -> None:
    """Let comment lines between two lists stay there: the parser has tied them to the last value of the first."""
    (holder, key), (new_holder, new_key) = old, new
    place = 2 if isinstance(holder, CommentedMap) else 0
    tokens = holder.ca.items.get(key)
    token = tokens[place] if tokens else None
    if token is None:
        return
    beside, newline, below = token.value.partition("\n")
    own = re.match(r"(?:[ \t]+#.*\n)*", below)
    kept = own[0] if own else ""
    if moved := below[len(kept) :]:
        token.value = f"{beside}{newline}{kept}"
        new_holder.ca.items[new_key] = [None, None, None, None]
        copy = type(token)(f"\n{moved}", token.start_mark, None)
        new_holder.ca.items[new_key][2 if isinstance(new_holder, CommentedMap) else 0] = copy
