"""The words that someone may have meant."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


def nearest(word: str, choices: Iterable[str], *, limit: int = 3) -> tuple[str, ...]:
    """Pick the `choices` most like `word`, best first, at most `limit`; none when nothing is alike.

    Upper and lower case, `_` and `-` count as the same: that is how people mistype. A dotted word that is like none
    as a whole is compared by what stands before its last dot: an unknown size of a family names the family's sizes.
    """
    rows = tuple(choices)
    return _alike(word, rows, _fold, limit) or _alike(word, rows, _stem, limit)


def _alike(word: str, choices: Iterable[str], key: Callable[[str], str], limit: int) -> tuple[str, ...]:
    by_key: dict[str, list[str]] = {}
    for choice in choices:
        by_key.setdefault(key(choice), []).append(choice)
    matches = difflib.get_close_matches(key(word), filter(None, by_key), n=limit)
    return tuple(choice for match in matches for choice in by_key[match])[:limit]


def _fold(word: str) -> str:
    return word.casefold().replace("_", "").replace("-", "")


def _stem(word: str) -> str:
    return _fold(word).rpartition(".")[0]
