"""The scorecard claims what tests prove, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import cast

import pytest

from tests import conftest
from tools.pages import scorecard


def planted(folder: Path, text: str) -> Path:
    tests = folder / "tests"
    tests.mkdir()
    (tests / "test_x.py").write_text(f"import pytest\n\n\n{text}\n", encoding="utf-8")
    return tests


def test_every_mark_names_a_row_that_exists() -> None:
    known = {row.number for row in scorecard.rows()}
    assert known == set(range(1, 66))
    assert set(scorecard.marked(scorecard.TESTS)) - known == set()


def test_the_page_shows_of_each_row_the_mark_that_its_tests_give_it() -> None:
    text = scorecard.scorecard()
    for row in scorecard.rows():
        assert f"\n| {row.number} | " in text
        assert (row.mark == "open") is not bool(row.tests)
        assert all(f"- `{test}`\n" in text for test in row.tests)
    assert "| open | 0 | " in text


def test_a_row_is_what_its_tests_make_of_it() -> None:
    bare = scorecard.Row(1, "a", "b", {}, "c")
    assert bare.mark == "open"
    assert scorecard.Row(1, "a", "b", {}, "c", missing="d").mark == "open"
    assert scorecard.Row(1, "a", "b", {}, "c", tests=("t",)).mark == "Y"
    assert scorecard.Row(1, "a", "b", {}, "c", missing="d", tests=("t",)).mark == "P"


def test_a_mark_counts_for_each_of_its_rows(tmp_path: Path) -> None:
    tests = planted(tmp_path, "@pytest.mark.scorecard(3, 4)\n@pytest.mark.slow\ndef test_a(): ...")
    assert scorecard.marked(tests) == {3: ("tests/test_x.py::test_a",), 4: ("tests/test_x.py::test_a",)}


@pytest.mark.parametrize(
    "text",
    [
        "@pytest.mark.scorecard(3)\n@pytest.mark.skip\ndef test_a(): ...",
        "@pytest.mark.skipif(True, reason='never')\n@pytest.mark.scorecard(3)\ndef test_a(): ...",
        "@pytest.mark.scorecard(3)\n@pytest.mark.xfail(reason='broken')\ndef test_a(): ...",
        "@pytest.mark.scorecard(3)\ndef shows_a(): ...",
        "pytestmark = pytest.mark.skip\n@pytest.mark.scorecard(3)\ndef test_a(): ...",
        "pytestmark = [pytest.mark.slow, pytest.mark.xfail(reason='x')]\n@pytest.mark.scorecard(3)\ndef test_a(): ...",
        "TEXT = '@pytest.mark.scorecard(3)'",
    ],
    ids=["skip", "skipif", "xfail", "no test", "module", "one of a module", "text"],
)
def test_what_is_not_run_or_may_fail_proves_nothing(text: str, tmp_path: Path) -> None:
    assert scorecard.marked(planted(tmp_path, text)) == {}


@dataclass(frozen=True)
class FakeItem:
    """A test, with the marks that it has."""

    nodeid: str
    marks: tuple[str, ...]

    def get_closest_marker(self, name: str) -> str | None:
        return name if name in self.marks else None


@pytest.mark.parametrize(
    ("said", "marks", "outcome"),
    [
        ("true", ("scorecard",), "failed"),
        ("true", ("slow",), "skipped"),
        ("", ("scorecard",), "skipped"),
    ],
    ids=["a proof in CI", "another test", "elsewhere"],
)
def test_a_proof_that_is_skipped_fails_in_ci(
    said: str, marks: tuple[str, ...], outcome: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", said)
    hook = conftest.pytest_runtest_makereport(cast("pytest.Item", FakeItem("tests/test_x.py::test_a", marks)))
    next(hook)
    skipped = pytest.TestReport("test_a", ("", 1, ""), {}, "skipped", "zsh is not there", "call")
    with pytest.raises(StopIteration) as done:
        hook.send(skipped)
    assert done.value.value.outcome == outcome
    assert "zsh is not there" in str(skipped.longrepr)
