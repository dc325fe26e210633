"""Ports that answer as no account should: refusals, nothing at all, half an answer, rows that fit no others."""

from __future__ import annotations

import builtins
import threading
import types
import typing
from collections import abc
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import UTC, datetime
from enum import Enum
from functools import cache
from typing import Any, cast, get_args, get_origin, get_type_hints

from hypothesis import strategies as st

from hpctl.checks.declare import Check
from hpctl.errors import AccessError, HpctlError, NotFoundError, RefusedError, UnavailableError
from hpctl.facts.ports import Ports
from hpctl.facts.records import Identity
from hpctl.facts.world import World

OF_THIS_MACHINE = frozenset({"clock", "models", "region", "signals", "state"})
"""What of the ports asks nobody outside."""


class Trouble(Enum):
    """What a call meets."""

    DENIED = AccessError("not allowed to look", action="any:Action")
    UNAVAILABLE = UnavailableError("no answer")
    REFUSED = RefusedError("throttled", aws_code="ThrottlingException")
    MISSING = NotFoundError("there is none")
    BREAKS = "the first row, then no answer"
    EMPTY = "nothing"
    GARBAGE = "rows of the right form, and no sense"


BLIND = (Trouble.DENIED, Trouble.UNAVAILABLE, Trouble.REFUSED)
"""What nobody can see through."""


@cache
def operations() -> Mapping[str, object]:
    """Every operation of every port that asks outside, with the type of its answer."""
    found: dict[str, object] = {}
    for port, protocol in get_type_hints(Ports).items():
        if port in OF_THIS_MACHINE:
            continue
        for name, method in vars(protocol).items():
            if callable(method) and not name.startswith("_"):
                answer = get_type_hints(method)["return"]
                opens = port == "streams" or get_origin(answer) is AbstractContextManager
                if answer is not type(None) and not opens:  # nothing is changed here, or followed
                    found[f"{port}.{name}"] = answer
    return found


class _Port:
    """A port, with somebody in between."""

    def __init__(self, name: str, port: object, between: Callable[[str, Callable[[], Any]], Any]) -> None:
        self._name, self._port, self._between = name, port, between

    def __getattr__(self, method: str) -> Callable[..., Any]:
        real = getattr(self._port, method)
        return lambda *words, **more: self._between(f"{self._name}.{method}", lambda: real(*words, **more))


@dataclass(frozen=True)
class Troubled:
    """Which operations meet what; `garbage` is what those answer that answer garbage."""

    troubles: Mapping[str, Trouble]
    garbage: Mapping[str, Any]

    def ports(self, healthy: Ports) -> Ports:
        """Return the ports with the troubles in between."""
        outside = [field.name for field in fields(healthy) if field.name not in OF_THIS_MACHINE]
        between: dict[str, Any] = {name: _Port(name, getattr(healthy, name), self._meet) for name in outside}
        return replace(healthy, **between)

    def _meet(self, operation: str, ask: Callable[[], Any]) -> Any:
        match self.troubles.get(operation):
            case None:
                return ask()
            case Trouble.EMPTY:
                return _nothing(operations()[operation])
            case Trouble.GARBAGE:
                rows = self.garbage[operation]
                return iter(rows) if _is_iterator(operations()[operation]) else rows
            case Trouble.BREAKS:
                return _broken(ask()) if _is_iterator(operations()[operation]) else _raise(Trouble.UNAVAILABLE)
            case trouble:
                return _raise(trouble)


def everywhere(trouble: Trouble) -> Troubled:
    """Return the same trouble for every operation."""
    return Troubled(dict.fromkeys(operations(), trouble), {})


@st.composite
def troubled(draw: st.DrawFn) -> Troubled:
    """Some operations meet some troubles, those for all and the rest for none."""
    names = st.sampled_from(sorted(operations()))
    troubles = draw(st.dictionaries(names, st.sampled_from(Trouble), min_size=1, max_size=8))
    spoilt = [name for name, trouble in troubles.items() if trouble is Trouble.GARBAGE]
    return Troubled(troubles, {name: draw(_rows(name)) for name in spoilt})


def _rows(operation: str) -> st.SearchStrategy[Any]:
    answer = operations()[operation]
    return st.lists(_any(get_args(answer)[0]), max_size=2) if _is_iterator(answer) else _any(answer)


@cache
def _any(kind: Any) -> st.SearchStrategy[Any]:
    """Return anything of a type; what callers of a port may rely on is kept."""
    if kind in _PLAIN:
        return _PLAIN[kind]
    if is_dataclass(kind):
        return st.deferred(lambda: _built(kind))  # it may hold others of its kind
    return _several(kind, [_any(part) for part in get_args(kind) if part is not Ellipsis])


def _built(kind: Any) -> st.SearchStrategy[Any]:
    members = {name: _any(hint) for name, hint in get_type_hints(kind).items()}
    build: Callable[..., Any] = st.builds
    return cast("st.SearchStrategy[Any]", build(kind, **members | _KEPT.get(kind, {})))


def _several(kind: Any, parts: list[st.SearchStrategy[Any]]) -> st.SearchStrategy[Any]:
    """Return anything of a type that is made of others."""
    match get_origin(kind):
        case builtins.tuple if Ellipsis not in get_args(kind):
            return st.tuples(*parts)
        case builtins.tuple | builtins.frozenset as made:
            return st.lists(parts[0], max_size=2).map(made)
        case builtins.dict | abc.Mapping:
            return st.dictionaries(parts[0], parts[1], max_size=2)
        case typing.Union | types.UnionType:
            return st.one_of(parts)
        case _:
            return st.from_type(kind)


_PLAIN: Mapping[Any, st.SearchStrategy[Any]] = {
    Any: st.none(),
    datetime: st.datetimes(timezones=st.just(UTC)),
    float: st.floats(allow_nan=False, allow_infinity=False),
    str: st.text(max_size=12),
}
_KEPT: Mapping[Any, dict[str, st.SearchStrategy[Any]]] = {
    Identity: {"arn": st.from_regex(r"arn:aws[a-z-]{0,7}:(iam|sts)::[0-9]{12}:[a-z/-]{1,20}", fullmatch=True)},
}


class Witness:
    """The world, and a note of which check got no answer: the one that runs in the thread that asked."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._running = threading.local()
        self.blind: set[str] = set()

    def __getattr__(self, fact: str) -> Callable[..., Any]:
        def ask(*words: Any, **more: Any) -> Any:
            try:
                return getattr(self._world, fact)(*words, **more)
            except (AccessError, UnavailableError, RefusedError):
                self.blind.add(self._running.check)
                raise

        return ask

    def over(self, checks: Iterable[Check]) -> tuple[Check, ...]:
        """Return the checks, such that they are known while they run."""
        return tuple(replace(one, judge=self._known(one)) for one in checks)

    def _known(self, one: Check) -> Callable[[Any, World], Iterator[Any]]:
        def judge(target: Any, world: World) -> Iterator[Any]:
            self._running.check = one.id
            yield from one.judge(target, world)

        return judge


def _raise(trouble: Trouble) -> Any:
    if isinstance(trouble.value, HpctlError):
        raise trouble.value
    raise AssertionError(trouble)


def _broken(rows: Iterable[Any]) -> Iterator[Any]:
    for row in rows:
        yield row
        break
    raise UnavailableError("no answer")


def _is_iterator(answer: object) -> bool:
    return get_origin(answer) is Iterator


def _nothing(answer: object) -> Any:
    parts = get_args(answer)
    if get_origin(answer) in (typing.Union, types.UnionType) and type(None) in parts:
        return None
    return _EMPTY.get(get_origin(answer) or answer, lambda: _raise(Trouble.MISSING))()


_EMPTY: Mapping[Any, Callable[[], Any]] = {
    Iterator: lambda: iter(()),
    Mapping: dict,
    bytes: bytes,
    dict: dict,
    float: float,
    frozenset: frozenset,
    int: int,
    str: str,
    tuple: tuple,
}
