"""Run a command within a job, for `hpctl job exec`.

The first word is JSON, the others are the command. The command becomes a step of the job that shares what the job
holds; its streams and its exit code pass unchanged, without what `srun` has to say about them.
"""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, NoReturn

from hpctl.adapters.slurm.node.base import ToldError, become

_BESIDE = """\
import os, sys
told, command = sys.argv[1], sys.argv[2:]
child = os.fork()
if not child:
    try:
        os.execvp(command[0], command)
    except OSError as error:
        sys.stderr.write(f"{command[0]}: {error.strerror}\\n")
        sys.stderr.flush()
        os._exit(127 if isinstance(error, FileNotFoundError) else 126)
status = os.waitpid(child, 0)[1]
code = 128 + os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)
with open(told, "w") as file:
    file.write(str(code))
"""
"""Runs on the job's node. `srun` would say on stderr that a command failed: it is told that none did."""


def main() -> None:
    """Become the user, run the step, and end as the command did."""
    asked, command = json.loads(sys.argv[1]), sys.argv[2:]
    try:
        become(asked["user"])
    except ToldError as error:
        sys.exit(error.message)
    with tempfile.TemporaryDirectory(prefix=".exec-", dir=asked["shared"]) as private:
        told = Path(private, "exit")
        step = subprocess.Popen(_words(asked, str(told), command))
        for one in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            signal.signal(one, lambda *_: _end(step))
        status = step.wait()
        code = status if status >= 0 else 128 - status
        with contextlib.suppress(OSError, ValueError):
            code = int(told.read_bytes())
    sys.exit(code)


def _end(step: subprocess.Popen[bytes]) -> NoReturn:
    step.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        step.wait(5)
    sys.exit(143)  # what was begun is cleared away on the way out


def _words(asked: dict[str, Any], told: str, command: list[str]) -> list[str]:
    """Return the step. The folder of hpctl's own jobs has a script that makes the environment of a rank."""
    enter = Path(asked["folder"] or "/nowhere", "enter")
    inside = ["bash", str(enter), str(asked["rank"])] if asked["folder"] and enter.is_file() else []
    where = ["--nodelist", asked["host"], "--nodes", "1", "--ntasks", "1", "--chdir", asked["work_dir"]]
    share = ["--overlap", "--quiet", "--kill-on-bad-exit=0", "--jobid", str(asked["id"])]
    return ["srun", *share, *where, "python3", "-I", "-c", _BESIDE, told, *inside, *command]
