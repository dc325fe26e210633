"""What runs on a Slurm cluster's controller for `hpctl job exec`: Python 3.8's standard library alone.

Its first word is JSON, the others are the command. The command becomes a step of the job that shares what the job
holds; its streams and its exit code pass unchanged, without what `srun` has to say about them.
"""

from __future__ import annotations

import contextlib
import json
import os
import pwd
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, NoReturn

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
    _become(asked["user"])
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


def _become(user: str) -> None:
    who = pwd.getpwnam(user)
    if os.getuid() == 0:
        os.initgroups(who.pw_name, who.pw_gid)
        os.setgid(who.pw_gid)
        os.setuid(who.pw_uid)
    kept = {key: os.environ[key] for key in ("SLURM_CONF", "PATH") if key in os.environ}
    path = f"{kept.get('PATH', '/usr/local/bin:/usr/bin:/bin')}:/opt/slurm/bin:/usr/local/bin:/usr/bin:/bin"
    os.environ.clear()
    named = {"HOME": who.pw_dir, "USER": user, "LOGNAME": user, "SHELL": who.pw_shell}
    os.environ.update({**kept, **named, "PATH": path, "LANG": "C.UTF-8"})


def _words(asked: dict[str, Any], told: str, command: list[str]) -> list[str]:
    """Return the step. The folder of hpctl's own jobs has a script that makes the environment of a rank."""
    enter = Path(asked["folder"] or "/nowhere", "enter")
    inside = ["bash", str(enter), str(asked["rank"])] if asked["folder"] and enter.is_file() else []
    where = ["--nodelist", asked["host"], "--nodes", "1", "--ntasks", "1", "--chdir", asked["work_dir"]]
    share = ["--overlap", "--quiet", "--kill-on-bad-exit=0", "--jobid", str(asked["id"])]
    return ["srun", *share, *where, "python3", "-I", "-c", _BESIDE, told, *inside, *command]


if __name__ == "__main__":
    main()
