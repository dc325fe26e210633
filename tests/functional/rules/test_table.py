"""The table in itself: what it names exists, and enough of it is proved from the finding to the remedy."""

from __future__ import annotations

import pytest

from hpctl.catalog.failures import failure
from hpctl.checks.catalogue import CHECKS
from hpctl.services.explain import explain_text
from tests.functional.rules.live import OFTEN, REMOVED, STAGED
from tests.functional.rules.rule import Rule
from tests.functional.rules.table import RULES

MOST = 40
"""Rows that hold all four: found, failed in AWS's words, explained, mended."""


def test_enough_rows_hold_from_the_finding_to_the_remedy() -> None:
    assert len({row.name for row in RULES}) == len(RULES)
    assert sum(bool(row.check and row.explained) for row in RULES) >= MOST


def test_every_check_and_every_failure_that_is_named_exists() -> None:
    checks = {one.id for one in CHECKS}
    named = {row.check for row in RULES if row.check} | {name for row in RULES for name in row.also}
    assert named | {OFTEN} | {name for row in (*STAGED, *REMOVED) for name in row.found} <= checks
    failures = {name for row in RULES for name in (row.explained, row.by_logs) if name}
    assert [name for name in failures | {row.known for row in STAGED} if failure(name) is None] == []


@pytest.mark.parametrize("row", [row for row in RULES if row.explained], ids=lambda row: row.name)
def test_the_failure_names_a_check_that_fails_beforehand(row: Rule) -> None:
    known = failure(row.explained or "")
    assert known is not None
    if row.check:
        assert row.check in known.checks


WHOLE = [row for row in RULES if row.explained and row.explained != "eks-other-vpc"]  # whose words go on with an id


@pytest.mark.parametrize("row", WHOLE, ids=lambda row: row.name)
def test_the_words_alone_are_known(row: Rule) -> None:
    answer = f"error: AWS refused `sagemaker:CreateCluster` for `demo` with `{row.ending.value}`: {row.words}"
    (first, *_) = explain_text(answer if row.ending.value else row.words).explanations
    assert first.known is not None
    assert first.known.failure == row.explained
