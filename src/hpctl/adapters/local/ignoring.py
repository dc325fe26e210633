"""Which files of a folder go along with a job: `.skyignore`, else `.gitignore` as git reads it.

Sources: gitignore(5) of git 2.47, and SkyPilot 0.14.1's documentation of `.skyignore`, whose patterns match at any
depth unless they begin with `/`.
"""

from __future__ import annotations

import os
import re
import stat
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from pathspec.patterns.gitignore import GitIgnorePatternError
from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

from hpctl.adapters.local.tracked import tracked_files

SKY_IGNORE: Final = ".skyignore"
GIT_IGNORE: Final = ".gitignore"
GIT_FOLDER: Final = ".git"

_CLASSES: Final = {
    "alnum": "a-zA-Z0-9",
    "alpha": "a-zA-Z",
    "blank": " \t",
    "digit": "0-9",
    "lower": "a-z",
    "space": " \t\r\f\v",
    "upper": "A-Z",
    "xdigit": "0-9a-fA-F",
}
"""Classes of characters in sets (POSIX), as git's wildmatch reads them: ASCII alone."""

_CLASS: Final = re.compile(rf"(\[[!^]?[^]\[]*)\[:({'|'.join(_CLASSES)}):\]")

GIT_BYTES: Final = 4 * 1024 * 1024
"""A `.git` folder up to this size goes along, because scripts ask it for versions; a larger one stays."""


@dataclass(frozen=True, slots=True)
class _Rules:
    """The patterns of one file, the last first; `base` is where they count from, as parts below the walk's origin."""

    base: tuple[str, ...]
    patterns: tuple[GitIgnoreSpecPattern, ...]

    def verdict(self, parts: tuple[str, ...], slash: str) -> bool | None:
        """Return whether the path is ignored, None when these patterns say nothing about it."""
        path = "/".join(parts[len(self.base) :])
        return next((one.include for one in self.patterns if _names(one, path, slash)), None)


class Selection:
    """Walks a folder and yields what goes along, sorted; `notices` say what stays that one might miss."""

    def __init__(self, root: Path) -> None:
        """Read the rules that count for the whole of `root`, which is resolved."""
        self._root = root
        self.notices: list[str] = []
        self._sky = (root / SKY_IGNORE).is_file()
        self._above: tuple[str, ...] = ()
        self._first: tuple[_Rules, ...] = ()
        self._read: dict[tuple[str, ...], _Rules] = {}
        if self._sky:
            self._first = (_Rules((), _patterns(_at_any_depth(_lines(root / SKY_IGNORE)))),)
        else:
            self._read_repository()

    def entries(self) -> Iterator[tuple[PurePosixPath, os.stat_result]]:
        """Yield files, folders and links below the root with their status, each folder before what is in it.

        Raises:
            OSError: a folder cannot be read.
        """
        found = dict(self._walk((), self._first))
        if not self._sky:
            self._add_tracked(found)
        for parts in sorted(found):
            yield PurePosixPath(*parts), found[parts]

    def takes(self, parts: tuple[str, ...]) -> bool:
        """Whether a file, which may not be here, would go along: no rule ignores it or a folder above it."""
        rules = self._first
        for depth in range(len(parts)):
            if not self._sky:
                rules = (*rules, self._rules_in(parts[:depth]))
            slash = "/" if depth + 1 < len(parts) else ""
            if _ignored(rules, (*self._above, *parts[: depth + 1]), slash):
                return False
        return True

    def _rules_in(self, below: tuple[str, ...]) -> _Rules:
        """Return what the `.gitignore` of a folder says, read once."""
        if below not in self._read:
            patterns = _patterns(_lines(self._root.joinpath(*below) / GIT_IGNORE))
            self._read[below] = _Rules((*self._above, *below), patterns)
        return self._read[below]

    def _read_repository(self) -> None:
        top = next((one for one in (self._root, *self._root.parents) if (one / GIT_FOLDER).exists()), None)
        if top is None:
            return
        self._above = self._root.relative_to(top).parts
        rules = [_Rules((), _patterns(_lines(top / GIT_FOLDER / "info" / "exclude")))]
        for depth in range(len(self._above)):
            base = self._above[:depth]
            rules.append(_Rules(base, _patterns(_lines(top.joinpath(*base) / GIT_IGNORE))))
            if _ignored(tuple(rules), self._above[: depth + 1], "/"):
                self.notices.append(
                    f"`{self._root}` is itself ignored by git: the rules of the folders above it do not count"
                )
                self._above, rules = (), []
                break
        self._first = tuple(rules)

    def _walk(
        self, below: tuple[str, ...], rules: tuple[_Rules, ...]
    ) -> Iterator[tuple[tuple[str, ...], os.stat_result]]:
        folder = self._root.joinpath(*below)
        if not self._sky:
            rules = (*rules, _Rules((*self._above, *below), _patterns(_lines(folder / GIT_IGNORE))))
        with os.scandir(folder) as listing:
            entries = [(entry.name, entry.stat(follow_symlinks=False)) for entry in listing]
        for name, status in sorted(entries, key=lambda entry: entry[0]):
            parts, is_folder = (*below, name), stat.S_ISDIR(status.st_mode)
            if _ignored(rules, (*self._above, *parts), "/" if is_folder else ""):
                continue
            if name == GIT_FOLDER and is_folder and self._too_large(parts):
                continue
            if not (is_folder or stat.S_ISREG(status.st_mode) or stat.S_ISLNK(status.st_mode)):
                self.notices.append(f"`{'/'.join(parts)}` stays here: it is neither a file, a folder nor a link")
                continue
            yield parts, status
            if is_folder:
                yield from self._walk(parts, () if name == GIT_FOLDER else rules)

    def _too_large(self, parts: tuple[str, ...]) -> bool:
        size = sum(
            (Path(folder) / name).lstat().st_size
            for folder, _, names in os.walk(self._root.joinpath(*parts))
            for name in names
        )
        if size > GIT_BYTES:
            self.notices.append(
                f"`{'/'.join(parts)}` stays here: its {size / 2**20:.0f} MiB are more than the "
                f"{GIT_BYTES // 2**20} MiB up to which it goes along"
            )
        return size > GIT_BYTES

    def _add_tracked(self, found: dict[tuple[str, ...], os.stat_result]) -> None:
        """Add what git tracks although a pattern names it, with the folders that lead there."""
        for path in tracked_files(self._root, self.notices.append):
            parts = PurePosixPath(path).parts
            for depth in range(1, len(parts) + 1):
                if parts[:depth] not in found:
                    try:
                        found[parts[:depth]] = self._root.joinpath(*parts[:depth]).lstat()
                    except OSError:  # tracked, and deleted here
                        break


def _ignored(rules: tuple[_Rules, ...], parts: tuple[str, ...], slash: str) -> bool:
    """Whether the nearest file of patterns that says something about a path ignores it."""
    for rule in reversed(rules):
        verdict = rule.verdict(parts, slash)
        if verdict is not None:
            return verdict
    return False


def _names(pattern: GitIgnoreSpecPattern, path: str, slash: str) -> bool:
    """Whether a pattern names this very path, and not only a folder above it: those were judged before."""
    expression = pattern.regex
    if expression is None:
        return False
    if "ps_d" not in expression.groupindex:
        return expression.search(path) is not None
    whole = path + slash
    return any(found.end() == len(whole) for found in expression.finditer(whole))


def _patterns(lines: list[str]) -> tuple[GitIgnoreSpecPattern, ...]:
    return tuple(_parsed(reversed(lines)))


def _parsed(lines: Iterable[str]) -> Iterator[GitIgnoreSpecPattern]:
    for line in lines:
        try:
            with warnings.catch_warnings():  # of sets that a later Python may read otherwise: nobody wrote those
                warnings.simplefilter("ignore", FutureWarning)
                yield GitIgnoreSpecPattern(_without_classes(line))
        except (GitIgnorePatternError, re.error):  # it names nothing, as for git
            continue


def _without_classes(line: str) -> str:
    """Return a pattern with ranges in place of classes as `[[:digit:]]`, which git knows and the library does not."""
    while (written := _CLASS.sub(lambda found: found[1] + _CLASSES[found[2]], line)) != line:
        line = written
    return line


def _lines(file: Path) -> list[str]:
    try:
        text = file.read_text(encoding="utf-8-sig", errors="surrogateescape") if file.is_file() else ""
    except PermissionError:  # as git does: what it may not read has no rules
        return []
    return [line.removesuffix("\r") for line in text.split("\n")]  # no other line ends count


def _at_any_depth(lines: list[str]) -> list[str]:
    """Return `.skyignore` patterns as git would have to write them: with `**/` where no `/` begins them."""
    return [
        line if line.startswith(("/", "#", "!", "**/")) or "/" not in line.rstrip("/ ") else f"**/{line}"
        for line in lines
    ]
