"""Tables whose rows are judged in turn by one test: a test for each of thousands costs more than judging them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import wraps
from inspect import Parameter, signature
from typing import Any

import pytest


def in_turn(
    names: str | tuple[str, ...], rows: Iterable[Any], ids: Callable[[Any], str] = str
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Decorate a test as `pytest.mark.parametrize` does, to be one test with a subtest a row.

    A row that fails is told by its name, and those after it are judged all the same. Fixtures are those of the whole
    test, so no row may change one. A table without rows fails: it would show nothing.
    """
    columns = (names,) if isinstance(names, str) else names
    table = [(ids(row), dict(zip(columns, (row,) if isinstance(names, str) else row, strict=True))) for row in rows]

    def decorated(test: Callable[..., None]) -> Callable[..., None]:
        @wraps(test)
        def judged(*, subtests: pytest.Subtests, **fixtures: Any) -> None:
            assert table, "no row to judge"
            for name, row in table:
                with subtests.test(name):
                    test(**row, **fixtures)

        whole = signature(test)
        others = [one for one in whole.parameters.values() if one.name not in columns]
        asked = [*others, Parameter("subtests", Parameter.KEYWORD_ONLY)]
        judged.__signature__ = whole.replace(parameters=asked)  # type: ignore[attr-defined]
        return judged

    return decorated
