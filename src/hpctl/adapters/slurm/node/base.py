"""What every question to a controller needs: the user, Slurm's commands, and files.

This package runs on the controller node: Python 3.8's standard library alone. Everything on the shared file system, and
every command of Slurm, is the user's: root is left at once. No value reaches a shell.
"""

from __future__ import annotations

import os
import pwd
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

UNIT, _RECORD = "\x1f", "\x1e"
_FIELDS = (
    *("JobID", "JobArrayID", "State", "UserName", "Partition", "Reason", "NumNodes", "NodeList"),
    *("SubmitTime", "StartTime", "EndTime", "QOS", "WorkDir", "exit_code", "RestartCnt", "STDOUT", "STDERR"),
    *("Name", "Comment"),
)
MARK = "hpctl run-id="
ENDED = (
    *("COMPLETED", "FAILED", "TIMEOUT", "CANCELLED", "NODE_FAIL", "BOOT_FAIL", "OUT_OF_MEMORY", "DEADLINE"),
    *("PREEMPTED", "REVOKED", "LAUNCH_FAILED", "RECONFIG_FAIL"),
)
SILENT = "Unable to contact", "Socket timed out", "Connection refused", "Transport endpoint", "Zero Bytes"
RECORD_FILE = "submitted"


class ToldError(Exception):
    """What stands in the way: a word for the caller, and a sentence for people."""

    def __init__(self, code: str, message: str) -> None:
        """Keep both."""
        super().__init__(message)
        self.code, self.message = code, message


def become(user: str) -> None:
    """Leave root for the user, with a user's environment."""
    try:
        who = pwd.getpwnam(user)
    except KeyError:
        raise ToldError("no-user", f"there is no user `{user}` on the controller node") from None
    if os.getuid() == 0:
        os.initgroups(who.pw_name, who.pw_gid)
        os.setgid(who.pw_gid)
        os.setuid(who.pw_uid)
    elif os.getuid() != who.pw_uid:
        me = pwd.getpwuid(os.getuid()).pw_name
        raise ToldError("no-user", f"sessions run as `{me}` on the controller node, which cannot become `{user}`")
    os.umask(0o077)
    kept = {key: os.environ[key] for key in ("SLURM_CONF", "PATH") if key in os.environ}
    path = f"{kept.get('PATH', '/usr/local/bin:/usr/bin:/bin')}:/opt/slurm/bin:/usr/local/bin:/usr/bin:/bin"
    os.environ.clear()
    named = {"HOME": who.pw_dir, "USER": user, "LOGNAME": user, "SHELL": who.pw_shell}
    os.environ.update({**kept, **named, "PATH": path, "LANG": "C.UTF-8"})
    os.chdir("/")


def slurm(*words: str, login: bool = False, folder: str = "/") -> subprocess.CompletedProcess[str]:
    """Run a command of Slurm; with `login` in the environment that the user's login shell makes."""
    argv = list(words)
    if shutil.which(words[0]) is None:
        raise ToldError("no-slurm", f"`{words[0]}` is not installed on the controller node")
    if login:
        argv = ["bash", "-l", "-c", 'exec "$@"', words[0], *words]
    return subprocess.run(
        argv,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        env=dict(os.environ)
        if words[0] == "sbatch"
        else {**os.environ, "SLURM_TIME_FORMAT": "%s", "SLURM_BITSTR_LEN": "0"},
        encoding="utf-8",
        errors="surrogateescape",
        check=False,
    )


def demand(done: subprocess.CompletedProcess[str], code: str) -> None:
    """Raise what a command of Slurm said when it failed: `silent` where its controller did not answer."""
    if done.returncode:
        said = (done.stderr or done.stdout).strip()
        raise ToldError("silent" if any(one in said for one in SILENT) else code, said)


def queue(*more: str) -> str:
    """Return what the queue holds, ended jobs of the last minutes too, with separators that no value has."""
    parts = [f"{name}:{UNIT}" for name in _FIELDS[:-1]]
    done = slurm("squeue", "-h", "-a", "-t", "all", "-O", ",".join([*parts, f"{_FIELDS[-1]}:{_RECORD}"]), *more)
    demand(done, "refused")
    return done.stdout


def records(text: str) -> Iterator[dict[str, str]]:
    """Yield the jobs of the queue by field."""
    for record in text.split(_RECORD):
        values = record.lstrip("\n").split(UNIT)
        if len(values) >= len(_FIELDS):  # a name may hold anything, and stands next to last
            name, comment = UNIT.join(values[len(_FIELDS) - 2 : -1]), values[-1]
            yield dict(zip(_FIELDS, [*values[: len(_FIELDS) - 2], name, comment]))  # noqa: B905  Python 3.8


def number_of(record: dict[str, str]) -> int:
    """Return the number that names a job: all parts of an array or a heterogeneous job have one beside their own."""
    return int(re.split("[_+]", record["JobArrayID"])[0])


def shown(number: object) -> str:
    """Return what Slurm tells of a job; it forgets that some minutes after its end."""
    done = slurm("scontrol", "-o", "show", "job", str(number))
    return done.stdout if done.returncode == 0 else ""


def read(path: Path) -> str | None:
    """Return the text of a file; None where there is none that may be read."""
    try:
        return path.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return None


def write(path: Path, text: str) -> None:
    """Write a file, whole or not at all."""
    new = Path(f"{path}.new")
    with new.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
