"""The words that someone may have meant."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def nearest(word: str, choices: Iterable[str], *, limit: int = 3) -> tuple[str, ...]:
    """Pick the `choices` most like `word`, best first, at most `limit`; none when nothing is alike.

    Upper and lower case, `_` and `-` count as the same: that is how people mistype.
    """
    folded: dict[str, list[str]] = {}
    for choice in choices:
        folded.setdefault(_fold(choice), []).append(choice)
    matches = difflib.get_close_matches(_fold(word), folded, n=limit)
    return tuple(choice for match in matches for choice in folded[match])[:limit]


def _fold(word: str) -> str:
    return word.casefold().replace("_", "").replace("-", "")
