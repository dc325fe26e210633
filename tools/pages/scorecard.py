"""The scorecard: what hpctl is measured by, its marks and the tests that prove them.

The rows stand in `tools/scorecard.toml`. A test that proves row 12 is marked `@pytest.mark.scorecard(12)`; hpctl's
mark is made of these marks alone, read from the files of the tests without running them.
"""

from __future__ import annotations

import ast
import tomllib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from tools.pages.markdown import code, page, sections, table

REPOSITORY = Path(__file__).resolve().parents[2]
ROWS = REPOSITORY / "tools" / "scorecard.toml"
TESTS = REPOSITORY / "tests"
MARK = "scorecard"
LEFT_OUT = frozenset({"skip", "skipif", "xfail"})
"""Marks with which a test proves nothing."""

INTRODUCTION = """\
What hpctl wants to be measured by: {count} behaviours, beside what others do. hpctl's mark counts tests: **Y** when
tests prove the whole row, **P** when they prove a part of it and the rest is named, *open* when none does. A test
says itself which row it proves, and no mark is written by hand.

The marks of others: Y yes, P partly, N no, - does not apply, ? not determined; those with `*` were measured, all
others were read in the source of the version that is named, and P is a judgement."""


@dataclass(frozen=True)
class Row:
    """One behaviour; `missing` says what no test of it shows although its proof asks for it."""

    number: int
    area: str
    behaviour: str
    others: Mapping[str, str]
    proof: str
    missing: str | None = None
    tests: tuple[str, ...] = field(default=())

    @property
    def mark(self) -> str:
        """Return hpctl's mark: what the tests prove, and no more."""
        if not self.tests:
            return "open"
        return "P" if self.missing else "Y"


def scorecard() -> str:
    """Return the page."""
    known = versions()
    found = rows()
    introduction = INTRODUCTION.format(count=len(found))
    others = ", ".join(f"{code(name)} is {what}" for name, what in known.items())
    heads = ("#", "behaviour", *known, "hpctl")
    marks = table(heads, ((one.number, one.behaviour, *_cells(one, known), f"**{one.mark}**") for one in found))
    parts = [("Totals", iter((_totals(found, known),))), ("Behaviours", iter((marks, f"Versions: {others}.")))]
    return page("Scorecard", "`tools/scorecard.toml` and the marks of tests", introduction, _sections(parts, found))


def _sections(parts: list[tuple[str, Iterator[str]]], found: tuple[Row, ...]) -> str:
    return sections([*parts, ("Proofs", (_proof(one) for one in found))])


def _cells(row: Row, known: Mapping[str, str]) -> Iterator[str]:
    for name in known:
        yield row.others[name].partition(" ")[0]


def _totals(found: tuple[Row, ...], known: Mapping[str, str]) -> str:
    marks = {name: [row.others[name][0] for row in found] for name in known} | {"hpctl": [row.mark for row in found]}
    kinds = {"Y": ("Y",), "P": ("P",), "N": ("N",), "- or ?": ("-", "?"), "open": ("open",)}
    return table(
        ("mark", *marks),
        ((kind, *(sum(mark in one for mark in each) for each in marks.values())) for kind, one in kinds.items()),
    )


def _proof(row: Row) -> str:
    lines = [f"### {row.number}. {row.behaviour}", f"{row.mark}. To show: {row.proof}"]
    if row.missing:
        lines.append(f"Not shown: {row.missing}")
    if row.tests:
        lines.append("\n".join(f"- {code(test)}" for test in row.tests))
    return "\n\n".join(lines)


def versions() -> Mapping[str, str]:
    """Return what the row is compared with, each with the version that was looked at."""
    known: Mapping[str, str] = _read()["versions"]
    return known


@cache
def rows() -> tuple[Row, ...]:
    """Return every row with the tests that prove it."""
    proving = marked(TESTS)
    return tuple(Row(**each, tests=proving.get(each["number"], ())) for each in _read()["row"])


def marked(folder: Path) -> Mapping[int, tuple[str, ...]]:
    """Return the tests that are marked with each row's number, as pytest names them."""
    found: defaultdict[int, list[str]] = defaultdict(list)
    for path in sorted(folder.rglob("test_*.py")):
        text = path.read_text(encoding="utf-8")
        if f"mark.{MARK}(" in text:
            for number, name in _in_file(ast.parse(text)):
                found[number].append(f"{path.relative_to(folder.parent).as_posix()}::{name}")
    return {number: tuple(names) for number, names in found.items()}


def _in_file(tree: ast.Module) -> Iterator[tuple[int, str]]:
    if _left_out(tree):
        return
    for one in tree.body:
        if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef) and one.name.startswith("test_"):
            marks = [_marker(decorator) for decorator in one.decorator_list]
            if not LEFT_OUT & {name for name, _ in marks}:
                yield from ((number, one.name) for name, numbers in marks if name == MARK for number in numbers)


def _left_out(tree: ast.Module) -> bool:
    """Whether `pytestmark` leaves out the whole file."""
    for one in tree.body:
        if isinstance(one, ast.Assign) and ast.unparse(one.targets[0]) == "pytestmark":
            marks = one.value.elts if isinstance(one.value, ast.List | ast.Tuple) else [one.value]
            return bool(LEFT_OUT & {_marker(mark)[0] for mark in marks})
    return False


def _marker(decorator: ast.expr) -> tuple[str, tuple[int, ...]]:
    """Return the name of `pytest.mark.NAME(…)` and its whole numbers; no name for another decorator."""
    call = decorator if isinstance(decorator, ast.Call) else None
    name = call.func if call else decorator
    if not (isinstance(name, ast.Attribute) and ast.unparse(name.value) == "pytest.mark"):
        return "", ()
    given = (ast.literal_eval(one) for one in call.args) if call and name.attr == MARK else ()
    return name.attr, tuple(one for one in given if isinstance(one, int))


@cache
def _read() -> Mapping[str, Any]:
    return tomllib.loads(ROWS.read_text(encoding="utf-8"))
