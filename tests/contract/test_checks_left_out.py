"""Every check of the plan is there, has another name, or is left out with a reason: each exactly once."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from hpctl.catalog.left_out import checks_left_out, checks_named_otherwise
from hpctl.checks.catalogue import CHECKS

OURS = frozenset(one.id for one in CHECKS)
LEFT_OUT = [check_id for row in checks_left_out() for check_id in row.checks]


@pytest.fixture
def planned(shared: Path) -> frozenset[str]:
    text = (shared / "facts/checks.md").read_text(encoding="utf-8")
    found = re.findall(r"^\| ([a-z]+(?:-[a-z0-9]+)+) \|", text, re.MULTILINE)
    assert len(found) == len(set(found)) > 290
    return frozenset(found)


def test_every_planned_check_is_there_or_accounted_for(planned: frozenset[str]) -> None:
    assert sorted(planned - OURS - set(LEFT_OUT) - set(checks_named_otherwise())) == []


def test_nothing_is_accounted_for_that_was_not_planned(planned: frozenset[str]) -> None:
    assert sorted((set(LEFT_OUT) | set(checks_named_otherwise())) - planned) == []


def test_a_check_that_is_there_is_not_left_out_and_none_is_accounted_for_twice() -> None:
    counts = Counter([*OURS, *LEFT_OUT, *checks_named_otherwise()])
    assert [check_id for check_id, count in counts.items() if count > 1] == []


def test_another_name_is_that_of_a_check() -> None:
    assert sorted(set(checks_named_otherwise().values()) - OURS) == []


@pytest.mark.parametrize("row", checks_left_out(), ids=lambda row: row.checks[0])
def test_a_reason_is_a_sentence_and_is_for_some_check(row: object) -> None:
    because, checks = row.because, row.checks  # type: ignore[attr-defined]
    assert re.fullmatch(r"[A-Za-z`].*\.", because)
    assert "  " not in because
    assert checks
