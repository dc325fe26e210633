"""The spelling of prose: what is a word in a page, and which words the dictionary and the project do not know."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

WORDS = Path(__file__).with_name("words.txt")
_NOT_PROSE = re.compile(r"^```.*?^```$|<!--.*?-->|``.+?``|`[^`]*`|\]\([^)\s]+\)|https?://\S+", re.MULTILINE | re.DOTALL)
_PART = r"[A-Za-z]+(?:'[A-Za-z]+)?"
_TOKEN = re.compile(rf"(?<![\w./@:$%{{}}=~*<-]){_PART}(?:-{_PART})*(?![\w/@:=(}}-]*[\w/@=(}}]|\.\w)")
"""Words that stand alone: no part of a path, a host, an option, a call or a variable."""

_ACRONYM_OR_NAME = re.compile(r"[a-z][A-Z]|[A-Z]{2}")
SHORTEST = 3
"""Shorter ones are mostly units and abbreviations."""


def words_of(markdown: str) -> Iterator[tuple[int, str]]:
    """Yield the words of a page's prose that a dictionary can judge, each with its line."""
    plain = markdown.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
    prose = _NOT_PROSE.sub(lambda found: " x" + "\n" * found[0].count("\n"), plain)
    for number, line in enumerate(prose.splitlines(), start=1):
        for token in _TOKEN.findall(line):
            yield from ((number, word) for word in token.split("-") if _can_be_judged(word))


def known_words() -> frozenset[str]:
    """Return what the project knows besides the dictionary, in small letters."""
    lines = WORDS.read_text(encoding="utf-8").splitlines()
    return frozenset(line for line in lines if line and not line.startswith("#"))


def misspelled(markdown: str, spells: Callable[[str], bool], own: frozenset[str]) -> Iterator[tuple[int, str]]:
    """Yield the words that neither the dictionary nor the project knows, each with its line."""
    for number, word in words_of(markdown):
        base = word.removesuffix("'s")
        if base.lower() not in own and not spells(word) and not spells(base):
            yield number, word


def _can_be_judged(word: str) -> bool:
    return len(word) >= SHORTEST and not _ACRONYM_OR_NAME.search(word)
