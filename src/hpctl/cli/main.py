"""The entry point: run the command line, and turn every error into text and an exit code, once."""

from __future__ import annotations

import atexit
import errno
import gc
import os
import signal
import sys
from types import FrameType
from typing import TYPE_CHECKING, NoReturn

import hpctl
from hpctl.errors import ClosedPipeError, ExitCode, HpctlError, Terminated

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TextIO

    from hpctl.cli.invocation import Invocation

    Command = Callable[[Invocation], None]

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO})
_GARBAGE = 100_000
"""New objects between two looks for cycles: modules and classes are none, and every look at them costs."""


def main() -> NoReturn:
    """Run hpctl and exit with a documented code (`hpctl.errors.ExitCode`)."""
    _leave_garbage()
    try:
        # Scripts ask for the version often, kubectl for tokens: no need to build the command tree for them.
        code = _tell_version() if sys.argv[1:] == ["--version"] else _run(_quick() or _whole)
        if sys.stdout:
            sys.stdout.flush()  # when the interpreter does it, a closed pipe is a remark and exit code 120
    except (BrokenPipeError, ClosedPipeError):
        code = _nobody_reads()
    except OSError as error:
        code = _no_space(error)
    except KeyboardInterrupt:  # while the end was told, or before there was anything to tell
        code = ExitCode.INTERRUPTED
    sys.exit(code)


def _leave_garbage() -> None:
    """Look for cycles rarely, and not once more at the end: the process is gone then, and all that it held."""
    gc.set_threshold(_GARBAGE)
    atexit.register(gc.freeze)


def _tell_version() -> int:
    if sys.stdout:
        sys.stdout.write(f"hpctl {hpctl.__version__}\n")
    return ExitCode.OK


def _nobody_reads() -> int:
    _discard(sys.stdout, sys.stderr)
    return ExitCode.CLOSED_PIPE


def _no_space(error: OSError) -> int:
    from hpctl.cli.invocation import Invocation
    from hpctl.errors import UsageError

    _discard(sys.stdout)
    told = UsageError(f"the output cannot be written: {error.strerror}", hint="is the disk full?")
    return _tell(told, Invocation())


def _discard(*streams: TextIO | None) -> None:
    # Python flushes both streams once more at exit, which would fail again.
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in filter(None, streams):
        os.dup2(nowhere, stream.fileno())


def _quick() -> Command | None:
    if sys.argv[1:2] != ["eks-token"]:
        return None
    from hpctl.cli.token import tell, wanted

    asked = wanted(sys.argv[1:])
    return None if asked is None else lambda _said: tell(asked)


def _whole(said: Invocation) -> None:
    from hpctl.cli.app import command_tree

    command_tree(next(iter(sys.argv[1:]), None) or _to_complete())(obj=said)


def _to_complete() -> str | None:
    if "_HPCTL_COMPLETE" not in os.environ:
        return None
    from hpctl.cli.completion import first_word

    return first_word()


def _run(command: Command) -> int:
    from hpctl.cli.invocation import Invocation

    said = Invocation()
    _end_on_sigterm(said)
    try:
        command(said)
    except (BrokenPipeError, ClosedPipeError):
        raise
    except HpctlError as error:
        return _tell(error, said)
    except SystemExit as end:
        if isinstance(end.__context__, BrokenPipeError):  # Typer has made exit code 1 of it
            raise end.__context__ from None
        return ExitCode.TERMINATED if said.terminated else _code(end)
    except KeyboardInterrupt:  # Typer makes a SystemExit of it; the quick way has none
        return ExitCode.TERMINATED if said.terminated else ExitCode.INTERRUPTED
    except Exception as error:  # the last line of defence: whatever gets here is a bug in hpctl
        if isinstance(error, OSError) and error.errno in _FULL:  # Typer writes its help by itself
            raise
        return _bug(error)
    return ExitCode.OK


def _end_on_sigterm(said: Invocation) -> None:
    def end(_signal: int, _frame: FrameType | None) -> NoReturn:
        said.terminated = True
        raise Terminated

    signal.signal(signal.SIGTERM, end)


def _tell(error: HpctlError, said: Invocation) -> int:
    try:
        _show(error, said)
    except KeyboardInterrupt:  # `timeout -s INT` signals twice, and impatient people do: it is told all the same
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        _show(error, said)
    return error.exit_code


def _show(error: HpctlError, said: Invocation) -> None:
    from hpctl.errors import UsageError
    from hpctl.render.errors import show_error
    from hpctl.render.terminal import Terminal

    try:
        show_error(error, said.output, Terminal.current())
    except UsageError:  # stderr takes nothing either: the exit code is all that can be said
        _discard(sys.stderr)


def _bug(error: Exception) -> int:
    from hpctl.cli.wiring import keep_crash
    from hpctl.render.notices import say
    from hpctl.render.terminal import Terminal

    if os.environ.get("HPCTL_TRACEBACK"):
        raise error
    try:
        hint = f"the report is in {keep_crash(error)}"
    except OSError as refused:
        hint = f"the report cannot be kept ({refused.strerror}); to see it, set HPCTL_TRACEBACK=1"
    what = f"{type(error).__name__}: {error}"
    say(f"error: this is a bug in hpctl: {what}\n\nhint: {hint}", Terminal.current())
    return ExitCode.BUG


def _code(end: SystemExit) -> int:
    return end.code if isinstance(end.code, int) else ExitCode.OK if end.code is None else ExitCode.BUG
