"""Find known failures in a log of any length: in one pass, in bounded memory, at tens of megabytes a second.

Most lines of a log are told apart from failures without a look at the rows: lines of one shape (the same but for their
digits) are searched once for the words of all rows at a time. Lines that differ in numbers and names alone are looked
at a few hundred times and then no more, so that a line that comes a million times costs little.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from hpctl.catalog.failures import KnownFailure, Scope
from hpctl.catalog.matching import Sighting, match_line, rows_of
from hpctl.catalog.plain import plain
from hpctl.catalog.word_search import Words

__all__ = ["Reading", "read_log"]

_PIECE: Final = 16 * 1024
"""Bytes of a line that are looked at together; of a longer one each piece is, with some of the one before."""

_OVERLAP: Final = 1024
_SHAPES: Final = 50_000
"""Shapes of lines that are remembered."""

_LOOKS: Final = 200
"""Lines that differ in numbers and names alone which are looked at in full without finding anything new."""

_SHOWN: Final = 500
_LAST: Final = 40
_COLOURS: Final = re.compile(rb"\x1b(?:\[[0-9;:?]*[ -/]*[@-~]|\][^\x07\x1b]{0,200}(?:\x07|\x1b\\))")
_NAMES: Final = re.compile(rb"(?<![0a-z])[a-z]*0[0a-z]*")
_SAME: Final = bytes.maketrans(b'ABCDEFGHIJKLMNOPQRSTUVWXYZ123456789"`\t\r', b"abcdefghijklmnopqrstuvwxyz000000000''  ")


@dataclass(frozen=True)
class Reading:
    """What a log tells: each known failure at its first line, in their order; the count of lines, and the last ones."""

    sightings: tuple[Sighting, ...]
    lines: int
    last: tuple[str, ...]


def read_log(chunks: Iterable[bytes], scope: Scope | None = None) -> Reading:
    """Read a log that comes in chunks of any size."""
    reader = _Reader(scope)
    number, last = 0, [b""]
    for first, lines in _in_lines(chunks):
        reader.read(first, lines)
        number, last = first + len(lines) - 1, [*last[-_LAST:], *lines[-_LAST:]]
    shown = tuple(line.decode("utf-8", "replace")[:_SHOWN] for line in last[-_LAST:] if line.strip())
    return Reading(tuple(reader.found.values()), number, shown)


class _Reader:
    def __init__(self, scope: Scope | None) -> None:
        self.found: dict[str, Sighting] = {}
        self._innocent: set[bytes] = set()
        self._looks: dict[bytes, int] = {}
        self._words = _words(scope)

    def read(self, first: int, lines: list[bytes]) -> None:
        """Look at lines, the first of which has the number `first`."""
        shapes = b"\n".join(lines).translate(_SAME).split(b"\n")
        innocent = self._innocent
        for number, (line, shape) in enumerate(zip(lines, shapes, strict=True), first):
            if shape not in innocent:
                self._suspect(number, line, shape)

    def _suspect(self, number: int, line: bytes, shape: bytes) -> None:
        if self._words.any_in(shape):
            coarse = _NAMES.sub(b"0", shape)
            left = self._looks.get(coarse, _LOOKS)
            if left:
                self._remember(coarse, left - 1)
                self._look(number, line, self._words.rows_in(shape))
                return
        self._innocent.add(shape)
        if len(self._innocent) > _SHAPES:
            self._innocent.clear()

    def _remember(self, coarse: bytes, left: int) -> None:
        if len(self._looks) > _SHAPES:
            self._looks.clear()
        self._looks[coarse] = left

    def _look(self, number: int, line: bytes, rows: Sequence[KnownFailure]) -> None:
        text = line.decode("utf-8", "replace")
        row = match_line(plain(text), rows)
        if row is not None and row.id not in self.found:
            self.found[row.id] = Sighting(row, number, text.strip()[:_SHOWN])


@cache
def _words(scope: Scope | None) -> Words:
    return Words(rows_of(scope))


def _in_lines(chunks: Iterable[bytes]) -> Iterator[tuple[int, list[bytes]]]:
    """Yield the number of a line, and it with those after it; a very long line comes in pieces of one number."""
    number, rest = 1, b""
    for chunk in chunks:
        *lines, rest = (rest + _COLOURS.sub(b"", chunk) if b"\x1b" in chunk else rest + chunk).split(b"\n")
        if lines:
            yield from _short(number, lines)
            number += len(lines)
        if len(rest) > _PIECE:
            yield from _short(number, [rest])
            rest = rest[-_OVERLAP:]
    if rest:
        yield from _short(number, [rest])


def _short(first: int, lines: list[bytes]) -> Iterator[tuple[int, list[bytes]]]:
    if max(map(len, lines)) <= _PIECE:
        yield first, lines
        return
    for number, line in enumerate(lines, first):
        for start in range(0, max(len(line), 1), _PIECE - _OVERLAP):
            yield number, [line[start : start + _PIECE]]
