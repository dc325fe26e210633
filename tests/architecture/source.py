"""The project's own files, as the architecture tests read them."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
SOURCE = REPOSITORY / "src"
TEXT = {".cfg", ".in", ".json", ".md", ".py", ".sh", ".toml", ".txt", ".yaml", ".yml", ""}


@dataclass(frozen=True)
class Module:
    """One Python file of the product: its dotted name, its path under `src/` and its text."""

    name: str
    path: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        """The parsed file."""
        return ast.parse(self.text, self.path)

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        """All of the tree, for rules that look at every node."""
        return tuple(ast.walk(self.tree))

    def __str__(self) -> str:
        return self.path


@cache
def modules() -> tuple[Module, ...]:
    """Return every module of `hpctl`, in the order of their names."""
    return tuple(_module(path) for path in sorted((SOURCE / "hpctl").rglob("*.py")))


def _module(path: Path) -> Module:
    relative = path.relative_to(SOURCE)
    name = ".".join(relative.with_suffix("").parts).removesuffix(".__init__")
    return Module(name, relative.as_posix(), path.read_text(encoding="utf-8"))


def text_files() -> Iterator[tuple[str, str]]:
    """Yield path and text of everything that git has or would add (an unpacked archive: of every file)."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    names = listed.stdout.splitlines() if listed.returncode == 0 else _walked()
    for name in sorted(set(names)):
        path = REPOSITORY / name
        if path.is_file() and path.suffix in TEXT:
            yield name, path.read_text(encoding="utf-8", errors="replace")


def _walked() -> list[str]:
    found = (path.relative_to(REPOSITORY) for path in REPOSITORY.rglob("*"))
    return [path.as_posix() for path in found if not path.parts[0].startswith(".") and "__pycache__" not in path.parts]
