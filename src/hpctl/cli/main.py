"""The entry point: run the command line, and turn every error into text and an exit code, once."""

from __future__ import annotations

import os
import signal
import sys
from types import FrameType
from typing import TYPE_CHECKING, NoReturn

import hpctl
from hpctl.errors import ClosedPipeError, ExitCode, HpctlError, Terminated

if TYPE_CHECKING:
    from hpctl.cli.options import Invocation


def main() -> NoReturn:
    """Run hpctl and exit with a documented code (`hpctl.errors.ExitCode`)."""
    try:
        # Scripts ask for the version often: no need to build the command tree for it.
        code = _tell_version() if sys.argv[1:] == ["--version"] else _run()
        if sys.stdout:
            sys.stdout.flush()  # when the interpreter does it, a closed pipe is a remark and exit code 120
    except (BrokenPipeError, ClosedPipeError):
        code = _nobody_reads()
    sys.exit(code)


def _tell_version() -> int:
    if sys.stdout:
        sys.stdout.write(f"hpctl {hpctl.__version__}\n")
    return ExitCode.OK


def _nobody_reads() -> int:
    # Python flushes both streams once more at exit, which would fail again.
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in filter(None, (sys.stdout, sys.stderr)):
        os.dup2(nowhere, stream.fileno())
    return ExitCode.CLOSED_PIPE


def _run() -> int:
    from hpctl.cli.app import app
    from hpctl.cli.options import Invocation

    said = Invocation()
    _end_on_sigterm(said)
    try:
        app(obj=said)
    except (BrokenPipeError, ClosedPipeError):
        raise
    except HpctlError as error:
        return _tell(error, said)
    except SystemExit as end:
        if isinstance(end.__context__, BrokenPipeError):  # Typer has made exit code 1 of it
            raise end.__context__ from None
        return ExitCode.TERMINATED if said.terminated else _code(end)
    except Exception as error:  # the last line of defence: whatever gets here is a bug in hpctl
        return _bug(error)
    return ExitCode.OK


def _end_on_sigterm(said: Invocation) -> None:
    def end(_signal: int, _frame: FrameType | None) -> NoReturn:
        said.terminated = True
        raise Terminated

    signal.signal(signal.SIGTERM, end)


def _tell(error: HpctlError, said: Invocation) -> int:
    from hpctl.render.errors import show_error
    from hpctl.render.terminal import Terminal

    show_error(error, said.output, Terminal.current())
    return error.exit_code


def _bug(error: Exception) -> int:
    from hpctl.cli.wiring import keep_crash
    from hpctl.render.notices import say
    from hpctl.render.terminal import Terminal

    if os.environ.get("HPCTL_TRACEBACK"):
        raise error
    where = keep_crash(error)
    what = f"{type(error).__name__}: {error}"
    say(f"error: this is a bug in hpctl: {what}\n\nhint: the report is in {where}", Terminal.current())
    return ExitCode.BUG


def _code(end: SystemExit) -> int:
    return end.code if isinstance(end.code, int) else ExitCode.OK if end.code is None else ExitCode.BUG
