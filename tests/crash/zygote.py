"""A process that has hpctl loaded and forks one for each command: a real process with real signals, at once.

Started with the path of the shared time. Each line on stdin is a command as JSON: `folder` is where its `pid`, `out`,
`err` and `status` go, `words`, `env`, `cwd` and `umask` are the command's own, `disk` what its disk does, `fsize` the
largest file that it may write, `out` and `err` where its streams go instead.
"""

from __future__ import annotations

import gc
import json
import os
import resource
import signal
import sys
import traceback
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NoReturn

import pytest

from tests.crash.disk import Disk, watched
from tests.crash.sharedtime import SharedTime
from tests.faults.inprocess import Command, hurry

READ_S = 30.0
WARMING = (("cluster", "list"), ("cluster", "plan", "-f", "warm.yaml"), ("cluster", "describe", "no-such-cluster"))


def serve(time: SharedTime) -> None:
    """Warm up, say so, and fork for each line until there are no more."""
    sandbox: Any = SimpleNamespace(time=time, sleep=time.sleep)
    hurry(pytest.MonkeyPatch(), sandbox, read_s=READ_S)
    for words in WARMING:
        Command(sandbox)(*words)
    gc.freeze()  # what is loaded stays: no child need look at it, which would also copy its pages
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    for line in sys.stdin:
        if os.fork() == 0:
            _keep(json.loads(line))


def _keep(told: dict[str, Any]) -> NoReturn:
    """Run the command in a child, and tell how it ended."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    folder = Path(told["folder"])
    child = os.fork()
    if child == 0:
        _become(told, folder)
    _tell(folder / "pid", child)
    _, status = os.waitpid(child, 0)
    _tell(folder / "status", os.waitstatus_to_exitcode(status))
    os._exit(0)


def _tell(path: Path, number: int) -> None:
    beside = path.with_suffix(".new")
    beside.write_text(str(number))
    beside.replace(path)


def _become(told: dict[str, Any], folder: Path) -> NoReturn:
    for number, path in ((1, told.get("out", folder / "out")), (2, told.get("err", folder / "err"))):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), number)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.environ.clear()
    os.environ.update(told["env"])
    os.chdir(told["cwd"])
    os.umask(told.get("umask", 0o022))
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if "fsize" in told:
        # Python keeps what it could write of a module's bytecode, and the next process cannot load it.
        sys.dont_write_bytecode = True
        resource.setrlimit(resource.RLIMIT_FSIZE, (told["fsize"], told["fsize"]))
    os._exit(_run(told, folder))


def _run(told: dict[str, Any], folder: Path) -> int:
    from hpctl.cli.main import main

    sys.argv = ["hpctl", *told["words"]]
    code: Any = 1
    with ExitStack() as stack:
        said = {"folder": told["env"].get("HPCTL_STATE_HOME") or folder, **told.get("disk", {})}
        disk = Disk(Path(said.pop("folder")), **said)
        stack.enter_context(watched(disk))
        try:
            main()
        except SystemExit as end:
            code = end.code
        except BaseException:  # noqa: BLE001  what a person would see
            traceback.print_exc()
        sys.stdout.flush()
        sys.stderr.flush()
    (folder / "disk.json").write_text(json.dumps(disk.done))
    return int(code)


if __name__ == "__main__":
    serve(SharedTime(Path(sys.argv[1])))
