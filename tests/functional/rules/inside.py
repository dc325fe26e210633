"""hpctl in this process, by the command's own way in and out: what is loaded once serves every row."""

from __future__ import annotations

import io
import os
import signal
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from hpctl.cli.main import main
from hpctl.errors import ExitCode
from tests.functional.cli.command import DOCUMENTED, Ended, Hpctl


@dataclass(frozen=True)
class HpctlInside(Hpctl):
    """The command without a process of its own; everything else is as with `Hpctl`."""

    def __call__(self, *words: str, ends: int | None = ExitCode.OK, stdin: str = "") -> Ended:
        """Run to the end and demand the exit code; None demands a documented one."""
        begun = time.monotonic()
        with self._surroundings(words, stdin) as (out, err):
            try:
                main()
            except SystemExit as end:
                code = end.code
        assert isinstance(code, int), code
        ended = Ended(words, int(code), out.getvalue(), err.getvalue(), time.monotonic() - begun)
        assert ended.code in DOCUMENTED, ended
        assert ends in (None, ended.code), ended
        return ended

    @contextmanager
    def _surroundings(self, words: tuple[str, ...], stdin: str) -> Iterator[tuple[io.StringIO, io.StringIO]]:
        before = sys.argv, sys.stdin, sys.stdout, sys.stderr
        environ, folder = dict(os.environ), Path.cwd()
        handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
        out, err = io.StringIO(), io.StringIO()
        sys.argv, sys.stdin, sys.stdout, sys.stderr = (
            ["hpctl", *words],
            io.TextIOWrapper(io.BytesIO(stdin.encode())),
            out,
            err,
        )
        _become(self.env)
        os.chdir(self.folder)
        try:
            yield out, err
        finally:
            sys.argv, sys.stdin, sys.stdout, sys.stderr = before
            _become(environ)
            os.chdir(folder)
            for number, handler in handlers.items():
                signal.signal(number, handler)


def _become(environ: Mapping[str, str]) -> None:
    os.environ.clear()
    os.environ.update(environ)
