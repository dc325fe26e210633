"""What the three standard streams can do."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TextIO

from hpctl.errors import ClosedPipeError, UsageError

DEFAULT_WIDTH: Final = 80
"""Columns where nobody tells: the width that every layout is tested at."""

_CI_VARIABLES: Final = (
    "CI",  # GitHub, GitLab, Circle, Travis, Buildkite and most others
    "GITHUB_ACTIONS",
    "CODEBUILD_BUILD_ID",
    "JENKINS_URL",
    "TEAMCITY_VERSION",
    "TF_BUILD",
)
_FALSE_WORDS: Final = frozenset({"", "0", "f", "false", "n", "no", "off"})
_DUMB_TERMINALS: Final = frozenset({"dumb", "unknown"})


@dataclass(frozen=True)
class Terminal:
    """The streams and the environment that decide about prompts, colour and redrawing."""

    stdin: TextIO
    stdout: TextIO
    stderr: TextIO
    env: Mapping[str, str]

    @classmethod
    def current(cls) -> Terminal:
        """Return this process's terminal; a stream that was closed before the start is an empty one."""
        return cls(
            stdin=sys.stdin or io.StringIO(),
            stdout=sys.stdout or io.StringIO(),
            stderr=sys.stderr or io.StringIO(),
            env=os.environ,
        )

    @property
    def interactive(self) -> bool:
        """Whether somebody is there to answer a question, and wants to be asked."""
        streams = (self.stdin, self.stdout, self.stderr)
        wanted = not self._ci and not self._dumb and not self._on("HPCTL_NO_INPUT")
        return wanted and all(stream.isatty() for stream in streams)

    @property
    def colour(self) -> bool:
        """Whether stdout takes colour: never a pipe, whatever FORCE_COLOR says, and never in CI."""
        return self._coloured(self.stdout)

    @property
    def colour_stderr(self) -> bool:
        """Whether stderr takes colour."""
        return self._coloured(self.stderr)

    @property
    def live(self) -> bool:
        """Whether progress may redraw lines on stderr: that takes escape codes, as colour does."""
        return self.colour_stderr

    @property
    def width(self) -> int:
        """Columns of the screen: `COLUMNS`, else what stdout or stderr tells, else 80."""
        told = self.env.get("COLUMNS", "")
        if told.isascii() and told.isdigit() and int(told) > 0:
            return int(told)
        return _columns(self.stdout) or _columns(self.stderr) or DEFAULT_WIDTH

    @property
    def _ci(self) -> bool:
        return any(self._on(name) for name in _CI_VARIABLES)

    @property
    def _dumb(self) -> bool:
        return self.env.get("TERM", "").lower() in _DUMB_TERMINALS

    def _on(self, name: str) -> bool:
        return self.env.get(name, "").strip().lower() not in _FALSE_WORDS

    def _coloured(self, stream: TextIO) -> bool:
        return stream.isatty() and not self.env.get("NO_COLOR") and not self._ci and not self._dumb


def _columns(stream: TextIO) -> int:
    try:
        return os.get_terminal_size(stream.fileno()).columns
    except (OSError, ValueError):  # no file, closed, or no terminal
        return 0


def write(stream: TextIO, text: str) -> None:
    """Write and flush; what the stream's encoding does not have is written as an escape, not as a crash.

    Raises `ClosedPipeError` when the reader of a pipe went away, `UsageError` when a file takes no more.
    """
    encoding = getattr(stream, "encoding", None) or "utf-8"
    try:
        stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
        stream.flush()
    except BrokenPipeError as error:
        raise ClosedPipeError("nobody reads the output any more") from error
    except OSError as error:
        raise UsageError(f"the output cannot be written: {error.strerror}", hint="is the disk full?") from error
