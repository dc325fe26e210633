"""From how near the end a log is asked for, where a connection breaks before it comes to what is new.

The server can begin at a second, and a second may hold more than a connection carries before it breaks. It can also
begin at one of the last lines: too few of them, and the last line that was seen is not among them; too many, and the
connection breaks before it. What lies between is found by halving.
"""

from __future__ import annotations

from typing import Final

_FIRST: Final = 256
_FACTOR: Final = 4
_MOST: Final = 4_000_000


class Nearer:
    """How many last lines to ask for: None as long as the second serves, or when no number does."""

    def __init__(self) -> None:
        """Begin at the second."""
        self.lines: int | None = None
        self.in_vain = False
        self._too_few = 0
        self._too_many: int | None = None

    def begin(self) -> None:
        """Try it with last lines, unless that was in vain."""
        if self.lines is None and not self.in_vain:
            self.lines = _FIRST

    def served(self) -> None:
        """The connection came to new lines: what was too few for the old place may be enough for the new one."""
        self._too_few, self._too_many, self.in_vain = 0, None, False

    def lacked(self) -> None:
        """The place was not among them."""
        self._too_few = self.lines or 0
        self._choose()

    def broke(self) -> None:
        """The connection broke before it came to the place."""
        self._too_many = self.lines
        self._choose()

    def _choose(self) -> None:
        many = self._too_many
        wanted = min(self._too_few * _FACTOR, _MOST) if many is None else (self._too_few + many) // 2
        if wanted <= self._too_few:
            self.lines, self.in_vain, self._too_few, self._too_many = None, True, 0, None
        else:
            self.lines = wanted
