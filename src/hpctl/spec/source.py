"""Where a spec's text comes from, and what is refused before anybody parses it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from hpctl.errors import Problem, SpecError

MAX_BYTES = 10 * 1024 * 1024
"""Largest file that is read; CreateCluster requests are a few kilobytes."""

_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
"""What YAML 1.2 does not allow in a file (section 5.1). What it allows, negated, would take 10 ms to compile."""


@dataclass(frozen=True, slots=True)
class TextSource:
    """A text that is at hand already; `name` stands for the file in messages (such as `<stdin>`)."""

    name: str
    text: str


CLUSTER = "a cluster spec"
JOB = "a job"


def read(source: Path | TextSource, wanted: str = CLUSTER) -> TextSource:
    """Bring the text in, without a byte order mark; `wanted` is what messages say that the file should be.

    Raises SpecError when there is no such file, or it is no UTF-8 text of at most 10 MB.
    """
    if isinstance(source, TextSource):
        name, data = source.name, source.text.encode("utf-8", "surrogatepass")
    else:
        name, data = str(source), _bytes(source, wanted)
    try:
        return TextSource(name, _text(name, data))
    except _NoTextError as error:
        raise unreadable(name, error.problem, wanted=wanted) from None


def unreadable(file: str, *problems: Problem, wanted: str = CLUSTER) -> SpecError:
    """Make the error of a file that is not even a tree of values."""
    return SpecError(f"`{file}` cannot be read as {wanted}", problems)


class _NoTextError(Exception):
    """The bytes are no text that YAML allows."""

    def __init__(self, name: str, line: int, column: int, message: str) -> None:
        super().__init__(message)
        self.problem = Problem(name, line, column, "", message)


def _text(name: str, data: bytes) -> str:
    if len(data) > MAX_BYTES:
        raise _NoTextError(name, 1, 1, f"the file is larger than {MAX_BYTES // 1024**2} MB")
    text = _decoded(name, data)
    if stray := _UNPRINTABLE.search(text):
        line, column = position(text, stray.start())
        raise _NoTextError(name, line, column, f"the character U+{ord(stray[0]):04X} cannot stand in a text file")
    return text


def _bytes(path: Path, wanted: str) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        message = f"there is no file `{path}`"
        raise SpecError(message, hint=f"give the path of {wanted}") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        message = f"`{path}` cannot be read: {reason}"
        raise SpecError(message, hint="check the path and its permissions") from None


def _decoded(name: str, data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise _NoTextError(name, 1, 1, "the file is UTF-16; save it as UTF-8")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line, column = position(data[: error.start].decode("utf-8", "replace"), error.start)
        raise _NoTextError(name, line, column, f"the byte 0x{data[error.start]:02X} is not UTF-8") from None


def position(text: str, offset: int) -> tuple[int, int]:
    """Return line and column, from 1, of the character at `offset`."""
    before = text[:offset]
    return before.count("\n") + 1, len(before) - before.rfind("\n")
