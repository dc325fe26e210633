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
    if sys.argv[1:] == ["--version"]:
        # Scripts ask this often: no need to build the command tree for it.
        sys.stdout.write(f"hpctl {hpctl.__version__}\n")
        sys.exit(ExitCode.OK)
    sys.exit(_run())


def _run() -> int:
    from hpctl.cli.app import app
    from hpctl.cli.options import Invocation

    said = Invocation()
    _end_on_sigterm(said)
    try:
        app(obj=said)
    except HpctlError as error:
        return _tell(error, said)
    except SystemExit as end:
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

    if isinstance(error, ClosedPipeError):
        # Python flushes stdout once more at exit, which would fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    else:
        show_error(error, said.output, Terminal.current())
    return error.exit_code


def _bug(error: Exception) -> int:
    from hpctl.adapters.local.crash import keep
    from hpctl.render.notices import say
    from hpctl.render.terminal import Terminal

    if os.environ.get("HPCTL_TRACEBACK"):
        raise error
    where = keep(error, os.environ)
    what = f"{type(error).__name__}: {error}"
    say(f"error: this is a bug in hpctl: {what}\n\nhint: the report is in {where}", Terminal.current())
    return ExitCode.BUG


def _code(end: SystemExit) -> int:
    return end.code if isinstance(end.code, int) else ExitCode.OK if end.code is None else ExitCode.BUG
