"""A journal in a file: one JSON object a line, only ever added to, and whole after any crash."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from hpctl.adapters.local.private import in_words, make_folder, open_file, sync_folder
from hpctl.errors import StateError

LARGE: Final = 1024 * 1024
"""Bytes from which on a journal loses its oldest lines: some five thousand."""

KEPT: Final = LARGE // 4
"""Bytes of the newest lines that stay then; what is not finished is always among them."""


class JournalFile:
    """The journal in `path`; every method may raise `StateError`."""

    def __init__(self, path: Path) -> None:
        """Open nothing yet."""
        self._path = path

    def lines(self) -> tuple[Mapping[str, object], ...]:
        """Return the lines, oldest first; a last one that a crash cut short is passed over."""
        with in_words(self._path):
            try:
                content = self._path.read_bytes()
            except FileNotFoundError:
                return ()
        rows = content[: _sound(content)].splitlines()
        return tuple(self._read(number, row) for number, row in enumerate(rows, start=1))

    def append(self, line: Mapping[str, object]) -> None:
        """Add a line that outlasts a crash; when this raises, the file is as it was."""
        row = json.dumps(line, separators=(",", ":")).encode() + b"\n"
        with in_words(self._path):
            make_folder(self._path.parent)
            with suppress(OSError):  # a journal that cannot be made shorter is still a journal
                self._compact()
            descriptor = open_file(self._path, os.O_RDWR | os.O_APPEND)
            try:
                _add(descriptor, row)
            finally:
                os.close(descriptor)

    def _read(self, number: int, row: bytes) -> Mapping[str, object]:
        found = _object(row)
        if found is None:
            raise StateError(
                f"line {number} of hpctl's journal `{self._path}` cannot be read",
                hint="move the file away: nothing is lost, the tags of the account's clusters tell the rest\n"
                f"mv '{self._path}' '{self._path}.broken'",
            )
        return found

    def _compact(self) -> None:
        if not self._path.exists() or self._path.stat().st_size <= LARGE:
            return
        content = self._path.read_bytes()
        newest = content[content.index(b"\n", len(content) - KEPT) + 1 :]
        beside = self._path.with_suffix(".new")
        beside.unlink(missing_ok=True)
        descriptor = open_file(beside, os.O_RDWR)
        try:
            _add(descriptor, newest)
        finally:
            os.close(descriptor)
        beside.replace(self._path)
        sync_folder(self._path.parent)


def _add(descriptor: int, rows: bytes) -> None:
    """Write `rows` after the last sound line, all of them and down to the disk, or leave the file as it was."""
    size = os.fstat(descriptor).st_size
    sound = _sound(os.pread(descriptor, size, 0))
    if sound < size:
        os.ftruncate(descriptor, sound)
    try:
        written = os.write(descriptor, rows)
        if written < len(rows):  # the disk took a part; what keeps it from the rest is said when it is asked again
            os.write(descriptor, rows[written:])
        os.fsync(descriptor)
    except OSError:
        with suppress(OSError):
            os.ftruncate(descriptor, sound)
        raise


def _sound(content: bytes) -> int:
    """Return the length of `content` without a last line that a crash cut short."""
    end = content.rfind(b"\n") + 1
    start = content.rfind(b"\n", 0, end - 1) + 1 if end else 0
    return end if not end or _object(content[start:end]) is not None else start


def _object(row: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(row)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
