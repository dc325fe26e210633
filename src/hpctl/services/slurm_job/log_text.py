"""What was read of output files: bytes become lines, each once and in order, over any number of sessions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from hpctl.errors import UnavailableError
from hpctl.facts.slurm_log_ports import (
    REMEMBERED,
    AllRead,
    Beginning,
    FileBegun,
    FileBytes,
    FileMark,
    FileNews,
    FileTrouble,
)
from hpctl.report.logs import LogGap, LogLines, LogNote, LogSource, LogStep
from hpctl.services.job.log_lines import LONGEST_LINE

_TRUNCATED: Final = "the file was emptied and is written anew, as a requeue without `--open-mode=append` does"
_LOST: Final = "another file has taken its place, and the end of the one before may not have been read"
_REPLACED: Final = "another file has taken its place; the one before was read to its end"


class Desk:
    """All files of a job, as far as they were read."""

    def __init__(self, source_of: Callable[[str], LogSource]) -> None:
        """Have read nothing; `source_of` says whose lines a file holds."""
        self._source_of = source_of
        self._sheets: dict[str, _Sheet] = {}

    @property
    def marks(self) -> Mapping[str, FileMark]:
        """Where the next session goes on."""
        return {path: sheet.mark for path, sheet in self._sheets.items()}

    def take(self, news: FileNews) -> Iterator[LogStep]:
        """Yield what is new in news; `UnavailableError` when they do not go on where the last ended."""
        match news:
            case FileBegun():
                yield from self._begin(news)
            case FileBytes(path, offset, data, written_ns):
                sheet = self._sheets.get(path)
                if sheet is None:
                    raise UnavailableError(f"the node told of `{path}` out of order")
                yield from sheet.take(offset, data, written_ns)
            case FileTrouble(path, message):
                yield LogNote(f"`{path}` cannot be read now, trying on: {message}", self._source_of(path))
            case AllRead():
                pass

    def rest(self) -> Iterator[LogStep]:
        """Yield last lines that have no end: nothing comes after them."""
        for sheet in self._sheets.values():
            yield from sheet.rest()

    def _begin(self, news: FileBegun) -> Iterator[LogStep]:
        before = self._sheets.get(news.path)
        source = self._source_of(news.path)
        self._sheets[news.path] = _Sheet(source, news.inode, news.offset, before.written_ns if before else None)
        if before is None:
            return
        yield from before.rest()
        match news.why:
            case Beginning.TRUNCATED:
                yield LogGap(source, before.written_ns, _TRUNCATED)
            case Beginning.REPLACED:
                yield LogNote(_REPLACED, source)
            case Beginning.FOUND | Beginning.LOST:
                yield LogGap(source, before.written_ns, _LOST)


class _Sheet:
    """One file, from where it was begun."""

    def __init__(self, source: LogSource, inode: int, offset: int, written_ns: int | None) -> None:
        """Have read nothing of it; `written_ns` is when the last line before it was written."""
        self._source, self._inode = source, inode
        self._offset, self._last = offset, b""
        self._parts: list[bytes] = []
        self._held = self._cut = 0
        self.written_ns = written_ns

    @property
    def mark(self) -> FileMark:
        """How far it was read."""
        return FileMark(self._inode, self._offset, self._last)

    def take(self, offset: int, data: bytes, written_ns: int) -> Iterator[LogStep]:
        """Yield the lines that end in `data`."""
        if offset != self._offset:
            message = f"the node told of `{self._source.file}` from byte {offset} on instead of {self._offset}"
            raise UnavailableError(message)
        self._offset += len(data)
        self._last = (self._last + data)[-REMEMBERED:]
        head, end, tail = data.rpartition(b"\n")
        if end:
            self._hold(head)
            yield from self._lines(written_ns)
        self._hold(tail)
        self.written_ns = written_ns

    def rest(self) -> Iterator[LogStep]:
        """Yield a last line that has no end."""
        if self._held:
            yield from self._lines(self.written_ns or 0, open_end=True)

    def _hold(self, data: bytes) -> None:
        """Keep what has no end yet, and of a line that never ends no more than the longest."""
        line = data.partition(b"\n")[0]
        room = max(0, LONGEST_LINE - self._held)
        if len(line) > room:
            self._cut += len(line) - room
            data = line[:room] + data[len(line) :]
        if data:
            self._parts.append(data)
            self._held += len(data)

    def _lines(self, written_ns: int, *, open_end: bool = False) -> Iterator[LogStep]:
        lines = b"".join(self._parts).split(b"\n")
        yield LogLines(self._source, [written_ns] * len(lines), lines, open_end)
        if self._cut:
            told = f"a line was longer than {LONGEST_LINE >> 20} MiB; {self._cut} bytes of it are not shown"
            yield LogGap(self._source, written_ns, told)
        self._parts, self._held, self._cut = [], 0, 0
