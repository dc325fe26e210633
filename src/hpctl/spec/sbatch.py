"""A script for sbatch, as somebody wrote it: submitted to the letter; what its directives say is read beside it.

Sources: sbatch(1), 20.11 to 24.11; the parser of sbatch 22.05.8, measured.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

_LEAST: Final = re.compile(r"\d+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Directive:
    """One option of a script: its long name, its value (None without one), and where it stands, from 1.

    `component` is its part of a heterogeneous job, from 0.
    """

    name: str
    value: str | None
    line: int
    column: int
    component: int = 0


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a directive; `remedy` is what to write instead, if that is known.

    `refused` tells whether sbatch refuses the script for it; else it goes on, with less than was meant.
    """

    line: int
    column: int
    message: str
    remedy: str | None = None
    refused: bool = True


@dataclass(frozen=True, slots=True)
class SbatchScript:
    """A script: `file` is where it came from, `name` what its job is called.

    `late` are the lines of directives behind the first command, where sbatch does not look.
    """

    file: str
    name: str
    text: str = field(repr=False)
    directives: tuple[Directive, ...] = ()
    faults: tuple[Fault, ...] = ()
    late: tuple[int, ...] = ()

    def last(self, name: str, component: int = 0) -> Directive | None:
        """Return the directive that counts of several with a name: the last."""
        rows = (one for one in reversed(self.directives) if one.name == name and one.component == component)
        return next(rows, None)

    def value(self, name: str) -> str | None:
        """Return the value that counts; None where the option is not given, or has none."""
        found = self.last(name)
        return found.value if found else None

    @property
    def nodes(self) -> int:
        """How many nodes it asks for at least, all of its components together; 1 where it does not say."""
        components = {one.component for one in self.directives} or {0}
        return sum(self._nodes(component) for component in components)

    def lines(self) -> Iterator[tuple[int, str]]:
        """Yield the lines of the script that are no comments, with their numbers; those that go on are joined."""
        start, whole = 0, ""
        for number, line in enumerate(self.text.splitlines(), start=1):
            start = start or number
            whole += line
            if line.endswith("\\") and not line.lstrip().startswith("#"):
                whole = f"{whole[:-1]} "
                continue
            if not whole.lstrip().startswith("#"):
                yield start, whole
            start, whole = 0, ""
        if whole:
            yield start, whole

    def _nodes(self, component: int) -> int:
        found = self.last("nodes", component)
        least = _LEAST.match(found.value or "") if found else None
        return int(least[0]) if least else 1
