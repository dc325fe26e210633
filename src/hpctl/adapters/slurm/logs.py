"""The port `facts.slurm_log_ports.SlurmLogs`: a program on the controller reads files and tells of them."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from io import BytesIO, RawIOBase
from threading import Condition, Event, Thread
from typing import TYPE_CHECKING, BinaryIO, Final, cast

from hpctl import timeouts
from hpctl.adapters.slurm.log_frames import Frames, NotUnderstoodError
from hpctl.errors import HpctlError, NotFoundError, UnavailableError
from hpctl.facts.session_ports import Sessions, Target
from hpctl.facts.slurm_jobs import SlurmPlace
from hpctl.facts.slurm_log_ports import FileNews, FilesAsked

if TYPE_CHECKING:
    from typing_extensions import Buffer

_PROGRAM: Final = "log_on_node.py"
_MOST_BYTES: Final = 1024 * 1024
"""What waits to be taken: whoever shows slowly makes the session wait, and with it the program on the node."""
_NO_PYTHON: Final = 127


class SlurmLogsOverSessions:
    """`SlurmLogs`, over Session Manager's sessions."""

    def __init__(self, sessions: Sessions) -> None:
        """Keep the sessions; nothing is opened."""
        self._sessions = sessions

    @contextmanager
    def open(self, at: SlurmPlace, asked: FilesAsked) -> Iterator[_Feed]:
        """Begin a session, and leave it to itself in the end: it hears that nobody takes anything any more."""
        feed = _Feed(self._sessions, at.controller, asked)
        feed.begin()
        try:
            yield feed
        finally:
            feed.close()


class _Feed:
    """A session in a thread of its own, which waits while what it told is not yet taken."""

    def __init__(self, sessions: Sessions, node: Target, asked: FilesAsked) -> None:
        """Begin nothing yet."""
        self._sessions, self._node, self._user = sessions, node, asked.user
        self._words = ("python3", "-I", "-c", files("hpctl.adapters.slurm").joinpath(_PROGRAM).read_text("utf-8"))
        self._input, self._output, self._errors = _Input(request_of(asked)), _Output(), BytesIO()
        self._frames = Frames()

    def begin(self) -> None:
        """Start."""
        Thread(target=self._run, name="log session", daemon=True).start()

    def finish(self) -> None:
        """End the program's input."""
        self._input.end()

    def close(self) -> None:
        """Take nothing any more, and let the program end."""
        self._input.end()
        self._output.leave()

    def __iter__(self) -> Iterator[FileNews]:
        """Yield what the program tells, until it has told all."""
        try:
            for data in self._output.taken():
                yield from self._frames.feed(data)
        except NotUnderstoodError as error:
            raise self._broken("its answer is not understood") from error
        if self._frames.no_user:
            message = f"there is no user `{self._user}` on node `{self._node.instance_id}`"
            raise NotFoundError(message, hint="name one that is there: --user NAME")
        if not self._frames.ended:
            said = self._errors.getvalue().decode("utf-8", "replace").strip().splitlines()
            raise self._broken(said[-1] if said else "it ended before it had told all")

    def _broken(self, why: str) -> UnavailableError:
        return UnavailableError(f"reading logs on node `{self._node.instance_id}` broke off", cause=why)

    def _run(self) -> None:
        error: HpctlError | None = None
        try:
            code = self._sessions.execute(
                self._node,
                self._words,
                stdin=cast("BinaryIO", self._input),
                stdout=cast("BinaryIO", self._output),
                stderr=self._errors,
            )
            if code == _NO_PYTHON:
                message = f"node `{self._node.instance_id}` has no `python3`, which hpctl needs there"
                error = NotFoundError(message, hint="HyperPod's images have it")
        except HpctlError as met:
            error = met
        finally:
            self._output.end(error)


class _Input(RawIOBase):
    """The request, and then nothing until the end is wished."""

    def __init__(self, request: bytes) -> None:
        """Hold the request."""
        self._left = BytesIO(request)
        self._end = Event()

    def readable(self) -> bool:
        """Whether it can be read."""
        return True

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes, b"" at the end."""
        if data := self._left.read(size):
            return data
        self._end.wait()
        return b""

    def end(self) -> None:
        """Let it end after the request."""
        self._end.set()


class _Output(RawIOBase):
    """Bytes on their way from the session's thread to whoever shows them."""

    def __init__(self) -> None:
        """Hold nothing."""
        self._changed = Condition()
        self._waiting: deque[bytes] = deque()
        self._size = 0
        self._ended = self._left = False
        self._error: HpctlError | None = None

    def writable(self) -> bool:
        """Whether it can be written."""
        return True

    def write(self, data: Buffer) -> int:
        """Take bytes; waits while many wait, and fails when nobody wants any."""
        came = bytes(data)
        with self._changed:
            self._changed.wait_for(lambda: self._left or self._size < _MOST_BYTES)
            if self._left:
                raise BrokenPipeError
            self._waiting.append(came)
            self._size += len(came)
            self._changed.notify_all()
        return len(came)

    def leave(self) -> None:
        """Want nothing any more."""
        with self._changed:
            self._left = True
            self._changed.notify_all()

    def end(self, error: HpctlError | None) -> None:
        """Say that nothing more comes, and why if that is no good end."""
        with self._changed:
            self._ended, self._error = True, error
            self._changed.notify_all()

    def taken(self) -> Iterator[bytes]:
        """Yield what comes until it ends; raises what it ended with. `UnavailableError` after a long silence."""
        while True:
            with self._changed:
                if not self._changed.wait_for(lambda: self._waiting or self._ended, timeouts.SLURM_LOG_SILENT_S):
                    raise UnavailableError("nothing was heard of the program that reads logs any more")
                if not self._waiting:
                    if self._error:
                        raise self._error
                    return
                data = self._waiting.popleft()
                self._size -= len(data)
                self._changed.notify_all()
            yield data


def request_of(asked: FilesAsked) -> bytes:
    """Return what `log_on_node.py` is asked, on a line."""
    marks = {
        path: {"inode": mark.inode, "offset": mark.offset, "last": mark.last.hex()}
        for path, mark in asked.marks.items()
    }
    patterns = [{"folder": one.folder, "name": one.name} for one in asked.patterns]
    request = {"user": asked.user, "patterns": patterns, "marks": marks, "tail": asked.tail}
    return json.dumps(request).encode("ascii") + b"\n"
