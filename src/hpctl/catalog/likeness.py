"""Known failures that come near to a text, for texts that no row knows: how near is said, and nothing is made of it."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

from hpctl.catalog.failures import KnownFailure, known_failures
from hpctl.catalog.plain import plain

__all__ = ["Likeness", "nearest_failures"]

_LEAST: Final = 0.2
"""Under this, two texts share no more than any two do."""

_LONGEST: Final = 4000
_WORD: Final = re.compile(r"[a-z][a-z0-9_]{2,}")


@dataclass(frozen=True)
class Likeness:
    """How like a text is to a sample of a failure, from 0 to 1: the cosine of their words, rare ones counting more."""

    failure: KnownFailure
    score: float


def nearest_failures(text: str, limit: int = 3) -> tuple[Likeness, ...]:
    """Return the known failures that `text` is most like, best first; none when it is like none."""
    weights = _weights()
    asked = _vector(text[-_LONGEST:], weights)
    scores: dict[str, Likeness] = {}
    for row, told in _documents():
        score = round(_cosine(asked, _vector(told, weights)), 2)
        if score >= _LEAST and (row.id not in scores or scores[row.id].score < score):
            scores[row.id] = Likeness(row, score)
    return tuple(sorted(scores.values(), key=lambda one: -one.score)[:limit])


@cache
def _documents() -> tuple[tuple[KnownFailure, str], ...]:
    return tuple((row, text) for row in known_failures() for text in _texts(row))


def _texts(row: KnownFailure) -> Iterator[str]:
    yield from row.samples
    yield " ".join((row.symptom, row.cause, row.id.replace("-", " ")))


@cache
def _weights() -> Mapping[str, float]:
    """How much a word tells: the rarer among the samples, the more."""
    held = Counter(word for _, text in _documents() for word in set(_words(text)))
    count = len(_documents())
    return {word: math.log(count / number) for word, number in held.items()}


def _vector(text: str, weights: Mapping[str, float]) -> dict[str, float]:
    unknown = max(weights.values())
    return {word: weights.get(word, unknown) for word in _words(text)}


def _words(text: str) -> list[str]:
    return _WORD.findall(plain(text).lower())


def _cosine(one: Mapping[str, float], other: Mapping[str, float]) -> float:
    shared = sum(weight * other[word] for word, weight in one.items() if word in other)
    lengths = math.hypot(*one.values()) * math.hypot(*other.values())
    return shared / lengths if lengths else 0.0
