"""Reading containers' logs: lines of the CRI format back to what was printed (pkg/kubelet/kuberuntime/logs).

A follower reads the files. It holds one block at a time and waits for nobody but its own reader, so a slow one costs
neither memory nor the container's time.
"""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import ExitStack, aclosing
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Callable
    from io import FileIO
    from pathlib import Path

    from hpctl.sandbox.kube.ports import LogOptions

_BLOCK: Final = 64 * 1024
# Between two looks at a file that has not grown: what is quiet is looked at less often.
_SOON_S: Final = 0.02
_LATE_S: Final = 0.25
_STAMP: Final = len("2016-10-06T00:17:09.669794202")


def files_of(folder: Path, instance: int) -> list[Path]:
    """Return the files of a container's instance that are still there, the oldest first."""
    return sorted(folder.glob(f"{instance}.[0-9]*.log"))


def remove_before(folder: Path, instance: int) -> None:
    """Remove the logs of instances that nobody can ask for any more: before the previous one."""
    for path in folder.glob("*.log"):
        if int(path.name.partition(".")[0]) < instance:
            path.unlink(missing_ok=True)


def last_lines(folder: Path, instance: int, count: int) -> bytes:
    """Return the last lines of an instance, as they were printed."""
    lines = deque(
        (line for path in files_of(folder, instance) for line in path.read_bytes().splitlines(keepends=True)), count
    )
    return b"".join(map(_printed, lines))


class Reader:
    """Turns lines of the format into what the options ask for: moments, a limit of bytes, a beginning."""

    def __init__(self, options: LogOptions) -> None:
        """Begin a log."""
        self._stamped = options.timestamps
        self._since = _text(options.since) if options.since else b""
        self._left = options.limit_bytes
        self._fresh = True

    @property
    def full(self) -> bool:
        """Whether as many bytes have been given as may be."""
        return self._left is not None and self._left <= 0

    def read(self, line: bytes) -> bytes:
        """Return what a line of the file gives to the log."""
        stamp, _, rest = line.partition(b" ")
        if self._since and stamp[:_STAMP] < self._since:
            return b""
        text = _text_of(rest)
        # A line that was cut has one moment, that of its first part.
        shown = stamp + b" " + text if self._stamped and self._fresh else text
        self._fresh = text.endswith(b"\n")
        if self._left is not None:
            shown = shown[: self._left]
            self._left -= len(shown)
        return shown


async def read(folder: Path, instance: int, options: LogOptions, running: Callable[[], bool]) -> AsyncIterator[bytes]:
    """Yield a log in blocks; with `follow` until `running` says no more and everything has been read."""
    reader, tail = Reader(options), options.tail_lines
    left = 0 if tail is None else max(0, sum(map(_count, files_of(folder, instance))) - tail)
    async with aclosing(_blocks(folder, instance, running if options.follow else _over)) as blocks:
        async for lines in blocks:
            kept, left = lines[left:], max(0, left - len(lines))
            if shown := b"".join(map(reader.read, kept)):
                yield shown
            if reader.full:
                return
            # Everybody else in this thread gets a turn between two blocks.
            await asyncio.sleep(0)


def _over() -> bool:
    return False


async def _blocks(folder: Path, instance: int, running: Callable[[], bool]) -> AsyncGenerator[list[bytes], None]:
    """Yield whole lines in blocks, file after file, as long as there may be more."""
    with ExitStack() as stack:
        file: FileIO | None = None
        name, rest, pause = "", b"", _SOON_S
        while True:
            # Whether more may come is asked first: what came before the answer is read after it.
            more = running()
            newer = next((path for path in files_of(folder, instance) if path.name > name), None)
            data = file.read(_BLOCK) if file else b""
            if data:
                *lines, rest = (rest + data).split(b"\n")
                pause = _SOON_S
                yield [line + b"\n" for line in lines]
            elif newer:
                # It was there before the end of the one before it was seen: that one will not grow again.
                stack.close()
                file, name = stack.enter_context(newer.open("rb", buffering=0)), newer.name
            elif more:
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LATE_S)
            else:
                return


def _count(path: Path) -> int:
    with path.open("rb") as file:
        return sum(block.count(b"\n") for block in iter(partial(file.read, 1 << 20), b""))


def _printed(line: bytes) -> bytes:
    return _text_of(line.partition(b" ")[2])


def _text_of(rest: bytes) -> bytes:
    _, _, rest = rest.partition(b" ")
    tag, _, text = rest.partition(b" ")
    return text.removesuffix(b"\n") if tag.startswith(b"P") else text


def _text(moment: datetime) -> bytes:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f000").encode()
