"""Where each value of a spec stands in the file that it came from."""

from __future__ import annotations

import re
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

SpecPath = tuple[str | int, ...]

_STEP = re.compile(r"\[(\d+)\]|([^.\[\]]+)")


@dataclass(frozen=True, slots=True)
class Place:
    """A position in a file, counted from 1, and the path that the file itself gives it."""

    line: int
    column: int
    path: str


@dataclass(frozen=True, slots=True)
class SourceMap:
    """Lead from a path in the spec (`instance_groups[0].count`) to its place in `file`."""

    file: str
    places: Mapping[SpecPath, Place]

    def at(self, path: str | SpecPath) -> Place:
        """Give the place of `path`, or of the nearest thing around it that the file has."""
        steps = parsed(path) if isinstance(path, str) else path
        while steps and steps not in self.places:
            steps = steps[:-1]
        return self.places.get(steps, Place(1, 1, ""))

    def where(self, path: str | SpecPath) -> str:
        """Give the place as `file:line:column`."""
        place = self.at(path)
        return f"{self.file}:{place.line}:{place.column}"


NOWHERE = SourceMap("", MappingProxyType({}))
"""The map of a spec that came from no file."""


def parsed(path: str) -> SpecPath:
    """Split `instance_groups[0].count` into its steps."""
    return tuple(int(index) if index else key for index, key in _STEP.findall(path))


def joined(path: str, step: str | int) -> str:
    """Go one step further down a written path."""
    if isinstance(step, int):
        return f"{path}[{step}]"
    return f"{path}.{step}" if path else step
