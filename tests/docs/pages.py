"""The pages that people read, and the fenced blocks in them.

HTML comments, which readers do not see, speak to the tests:

- `<!-- inside a sandbox -->` anywhere in a page: its commands begin inside a sandbox of their own.
- `<!-- on Slurm -->`: the sandbox's clusters need a real Slurm.
- `<!-- file: NAME -->` right above a block: the block is written to that file before the commands below it run.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.architecture.source import REPOSITORY

_FENCE = re.compile(r"^```(?P<language>\S*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
_FILE = re.compile(r"<!-- file: (\S+) -->\n+\Z")
_COMMAND = re.compile(r"(?P<command>.*?)(?:\s+# exit (?P<code>\d+))?")


@dataclass(frozen=True)
class Fence:
    """One fenced block; `line` is that of its first line of text, `file` the name it is saved under."""

    language: str
    text: str
    line: int
    file: str | None = None


@dataclass(frozen=True)
class Step:
    """One command of a console block: `> ` lines continue it, and `# exit N` at its end says how it ends."""

    line: int
    command: str
    code: int
    expected: tuple[str, ...]


@dataclass(frozen=True)
class Page:
    """A Markdown page of the project."""

    name: str
    text: str

    @property
    def fences(self) -> tuple[Fence, ...]:
        """Return the fenced blocks, from top to bottom."""
        return tuple(self._fences())

    @property
    def inside_a_sandbox(self) -> bool:
        """Whether the commands begin in a sandbox that is up already."""
        return "<!-- inside a sandbox -->" in self.text

    @property
    def on_slurm(self) -> bool:
        """Whether its commands need a real Slurm."""
        return "<!-- on Slurm -->" in self.text

    def _fences(self) -> Iterator[Fence]:
        for found in _FENCE.finditer(self.text):
            before = self.text[: found.start()]
            file = _FILE.search(before)
            yield Fence(found["language"], found["text"], before.count("\n") + 2, file[1] if file else None)

    def __str__(self) -> str:
        return self.name


def steps(fence: Fence) -> Iterator[Step]:
    """Yield the commands of a console block, each with what it prints."""
    starts = [number for number, line in enumerate(fence.text.splitlines()) if line.startswith("$ ")]
    lines = fence.text.splitlines()
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        more = next((at for at in range(start + 1, end) if not lines[at].startswith("> ")), end)
        command = "\n".join(line[2:] for line in lines[start:more])
        found = _COMMAND.fullmatch(lines[start][2:])
        code = int(found["code"] or 0) if found else 0
        yield Step(fence.line + start, command, code, tuple(lines[more:end]))


def pages() -> tuple[Page, ...]:
    """Return README.md and every page of docs, those of the records apart: they tell history."""
    found = [REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").rglob("*.md"))]
    return tuple(_page(path) for path in found if "adr" not in path.relative_to(REPOSITORY).parts)


def other_pages() -> tuple[Page, ...]:
    """Return what is Markdown besides: the records of decisions, and what stands beside README.md."""
    known = {page.name for page in pages()}
    found = map(_page, [*sorted(REPOSITORY.glob("*.md")), *sorted((REPOSITORY / "docs" / "adr").glob("*.md"))])
    return tuple(page for page in found if page.name not in known)


def _page(path: Path) -> Page:
    return Page(path.relative_to(REPOSITORY).as_posix(), path.read_text(encoding="utf-8"))
