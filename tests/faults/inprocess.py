"""hpctl in this process, with the command line's own way in and out, in virtual time."""

from __future__ import annotations

import io
import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from types import SimpleNamespace

import botocore.endpoint
import pytest
from typer.main import get_command

from hpctl import timeouts
from hpctl.adapters.aws import models
from hpctl.adapters.local.clock import SystemClock
from hpctl.cli.app import command_tree
from hpctl.cli.main import main
from tests.faults.inside import Inside


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    words: tuple[str, ...]
    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Command:
    """The command, aimed at a sandbox in this process."""

    sandbox: Inside

    def __call__(self, *words: str, stdin: str = "") -> Ended:
        """Run a command to its end."""
        with _surroundings(words, stdin) as (out, err):
            try:
                main()
            except SystemExit as end:
                code = end.code
        assert isinstance(code, int), code
        return Ended(words, int(code), out.getvalue(), err.getvalue())


def hurry(
    patch: pytest.MonkeyPatch, sandbox: Inside, *, read_s: float = 2.0, attempts: int = timeouts.ATTEMPTS
) -> None:
    """Let hpctl live in the sandbox's time: its waits and botocore's move the clock on and take none.

    Answers take real time: where they never come, give a short `read_s` and as few attempts as prove the point.
    """
    patch.setattr(timeouts, "READ_S", read_s)
    patch.setattr(timeouts, "CONNECT_S", read_s)
    patch.setattr(timeouts, "ATTEMPTS", attempts)
    # The class, and not its name: whoever has imported it has it for good. A test may yet change the sandbox's own.
    patch.setattr(SystemClock, "now", lambda _self: sandbox.time.now())
    patch.setattr(SystemClock, "sleep", lambda _self, seconds: sandbox.time.sleep(seconds))
    patch.setattr(SystemClock, "jitter", lambda _self: sandbox.time.jitter())
    keep_loaded(patch)
    patch.setattr(botocore.endpoint, "time", SimpleNamespace(sleep=sandbox.sleep, time=time.time))


def keep_loaded(patch: pytest.MonkeyPatch) -> None:
    """Keep what is the same in every command from one to the next: service models, and the tree of commands."""
    patch.setattr(models, "prefer", lambda session: session.register_component("data_loader", _loader()))
    patch.setattr("hpctl.cli.app.command_tree", _tree)
    patch.setattr("typer.main.get_command", _command)


def enter(patch: pytest.MonkeyPatch, sandbox: Inside) -> None:
    """Let this process's environment aim at the sandbox, as `hpctl sandbox env` does."""
    wanted = sandbox.environ
    for name in [name for name in os.environ if name not in wanted]:
        patch.delenv(name)
    for name, value in wanted.items():
        patch.setenv(name, value)


_tree = cache(command_tree)
_command = cache(get_command)


@cache
def _loader() -> models.TrimmedLoader:
    return models.TrimmedLoader(models.cache_folder())


@contextmanager
def _surroundings(words: tuple[str, ...], stdin: str) -> Iterator[tuple[io.StringIO, io.StringIO]]:
    before = sys.argv, sys.stdin, sys.stdout, sys.stderr
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    out, err = io.StringIO(), io.StringIO()
    sys.argv, sys.stdin, sys.stdout, sys.stderr = ["hpctl", *words], io.StringIO(stdin), out, err
    try:
        yield out, err
    finally:
        sys.argv, sys.stdin, sys.stdout, sys.stderr = before
        for number, handler in handlers.items():
            signal.signal(number, handler)
