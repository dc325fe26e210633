"""The words of many known failures, searched in a line at one time."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final

from hpctl.catalog.failures import KnownFailure

__all__ = ["Words"]

_LETTERS: Final = {" ": r"(?: |\\[nrt])+", "'": r"(?:\\*'|\xe2\x80[\x98-\x9d])"}
"""Letters that lines write in several ways: runs of spaces, quotes that JSON escapes or Unicode bends."""

_Tree = dict[str, Any]


class Words:
    """Finds the rows whose words are in a line; in lines and words every digit counts as 0."""

    def __init__(self, rows: Sequence[KnownFailure]) -> None:
        """Make ready to find any of the rows."""
        self._rows = rows
        tree, self._by_word = _planted(rows)
        self._search = re.compile(_alternatives(tree).encode() if rows else b"(?!)").search

    def any_in(self, line: bytes) -> bool:
        """Whether a line may tell of any row; it is in lower case, its digits are 0."""
        return self._search(line) is not None

    def rows_in(self, line: bytes) -> tuple[KnownFailure, ...]:
        """Return the rows that a line may tell of, in their order."""
        numbers: set[int] = set()
        found = self._search(line)
        while found:
            numbers |= self._numbers(found[0])
            found = self._search(line, found.start() + 1)
        return tuple(self._rows[number] for number in sorted(numbers))

    def _numbers(self, found: bytes) -> frozenset[int]:
        return self._by_word[_UNBENT.sub(b"'", _SPACE.sub(b" ", found)).decode()]


_SPACE: Final = re.compile(rb"(?: |\\[nrt])+")
_UNBENT: Final = re.compile(rb"\\*'|\xe2\x80[\x98-\x9d]")


def _planted(rows: Sequence[KnownFailure]) -> tuple[_Tree, Mapping[str, frozenset[int]]]:
    """Return a tree of letters of all words, and the numbers of the rows that have each, or one that begins so.

    A word that another one begins with stands for both: the tree ends at the shorter one.
    """
    told = sorted((re.sub(r"\d", "0", word), number) for number, row in enumerate(rows) for word in row.words)
    numbers: defaultdict[str, set[int]] = defaultdict(set)
    root = ""
    for word, number in told:  # sorted: what begins with a word comes right after it
        root = root if root and word.startswith(root) else word
        numbers[root].add(number)
    tree: _Tree = {}
    for root in numbers:
        node = tree
        for letter in root:
            node = node.setdefault(letter, {})
    return tree, {root: frozenset(found) for root, found in numbers.items()}


def _alternatives(tree: _Tree) -> str:
    branches = [_LETTERS.get(letter, re.escape(letter)) + _alternatives(below) for letter, below in tree.items()]
    return branches[0] if len(branches) == 1 else f"(?:{'|'.join(branches)})" if branches else ""
