"""Prose is spelled as the dictionary has it, or as the project's own list of words has it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.docs.spelling import WORDS, known_words, misspelled, words_of

QUOTED = {"docs/reference/failures.md"}
"""A list of what others say, in their spelling; what hpctl says to each stands on a page of its own."""


@pytest.fixture(scope="module")
def spells() -> Callable[[str], bool]:
    """Return whether Hunspell's American dictionary knows a word; British spellings are in the project's list."""
    try:
        from hunspell import Hunspell
    except ImportError:  # no wheel for Macs with Intel's processors
        assert not os.environ.get("CI"), "chunspell is not installed"
        pytest.skip("no Hunspell on this machine; where there is a wheel: uv pip install chunspell")
    known: Callable[[str], bool] = Hunspell("en_US").spell
    return known


def pages(repository: Path) -> list[Path]:
    """Return every page that people read, those made from help texts, checks and failures included."""
    found = [*sorted(repository.glob("*.md")), *sorted((repository / "docs").rglob("*.md"))]
    return [page for page in found if page.relative_to(repository).as_posix() not in QUOTED]


def test_every_word_of_the_documentation_is_spelled_right(repository: Path, spells: Callable[[str], bool]) -> None:
    own = known_words()
    found = [
        f"{page.relative_to(repository)}:{line}: {word}"
        for page in pages(repository)
        for line, word in misspelled(page.read_text(encoding="utf-8"), spells, own)
    ]
    assert found == [], f"correct them, or add what is right to {WORDS.relative_to(repository)}"


def test_a_misspelled_word_is_found_with_its_line(spells: Callable[[str], bool]) -> None:
    page = "# A clutser\n\n```text\nwrng\n```\nWell-trottling `wrng`, [a](wrng.md):\nwrokers of Kubernetes's.\n"
    own = frozenset({"kubernetes"})
    assert list(misspelled(page, spells, own)) == [(1, "clutser"), (6, "trottling"), (7, "wrokers")]


def test_only_prose_is_judged() -> None:
    page = "The file etc/wrng.yaml, --wrng, wrng=1, wrng(), api.wrng.com, EFA, CreateCluster, `of\ncode` and a line.\n"
    assert [word for _, word in words_of(page)] == ["The", "file", "and", "line"]


def test_the_list_is_in_order_and_says_what_no_dictionary_does(spells: Callable[[str], bool]) -> None:
    listed = [line for line in WORDS.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    assert listed == sorted(set(map(str.lower, listed)))
    assert [word for word in listed if spells(word)] == []
