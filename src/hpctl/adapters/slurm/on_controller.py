"""What runs on a Slurm cluster's controller for hpctl: Python 3.8's standard library alone, and nothing of hpctl.

It reads one line of JSON (`verb` and its values) from standard input, and for a submission a tar behind it; it answers
with one line of JSON. Everything on the shared file system, and every command of Slurm, is the user's: root is left at
once. No value reaches a shell.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tarfile
import time
from pathlib import Path
from typing import Any, Iterator, NoReturn  # noqa: UP035  Python 3.8

_UNIT, _RECORD = "\x1f", "\x1e"
_FIELDS = (
    *("JobID", "JobArrayID", "State", "UserName", "Partition", "Reason", "NumNodes", "NodeList"),
    *("SubmitTime", "StartTime", "EndTime", "QOS", "WorkDir", "exit_code", "RestartCnt", "STDOUT", "STDERR"),
    *("Name", "Comment"),
)
_ACCOUNTED = (
    *("JobIDRaw", "JobID", "State", "User", "Partition", "NNodes", "NodeList"),
    *("Submit", "Start", "End", "QOS", "WorkDir", "ExitCode", "JobName", "Comment"),
)
_MARK = "hpctl run-id="
_ENDED = (
    *("COMPLETED", "FAILED", "TIMEOUT", "CANCELLED", "NODE_FAIL", "BOOT_FAIL", "OUT_OF_MEMORY", "DEADLINE"),
    *("PREEMPTED", "REVOKED", "LAUNCH_FAILED", "RECONFIG_FAIL"),
)
_SEEN_TRIES = 5
_STALE_S = 86400
_SILENT = "Unable to contact", "Socket timed out", "Connection refused", "Transport endpoint", "Zero Bytes"


class ToldError(Exception):
    """What stands in the way: a word for the caller, and a sentence for people."""

    def __init__(self, code: str, message: str) -> None:
        """Keep both."""
        super().__init__(message)
        self.code, self.message = code, message


def main() -> None:
    """Read the request, do it as the user, and answer."""
    for one in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(one, _end)
    try:
        asked = json.loads(sys.stdin.buffer.readline())
        _become(asked["user"])
        answer = _VERBS[asked["verb"]](asked)
    except ToldError as error:
        answer = {"error": error.code, "message": error.message}
    except OSError as error:
        answer = {"error": "os", "message": f"{error.strerror or error}: {error.filename or ''}".rstrip(": ")}
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


def _end(_number: int, _frame: Any) -> NoReturn:
    sys.exit(1)  # what was begun is cleared away on the way out


def _become(user: str) -> None:
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


def _slurm(*words: str, login: bool = False, folder: str = "/") -> subprocess.CompletedProcess[str]:
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
        env={**os.environ, "SLURM_TIME_FORMAT": "%s"} if not login else dict(os.environ),
        encoding="utf-8",
        errors="surrogateescape",
        check=False,
    )


def _demand(done: subprocess.CompletedProcess[str], code: str) -> None:
    if done.returncode:
        said = (done.stderr or done.stdout).strip()
        raise ToldError("silent" if any(one in said for one in _SILENT) else code, said)


# -- Looking ----------------------------------------------------------------------------------------------------------


def _queue(*more: str) -> str:
    parts = [f"{name}:{_UNIT}" for name in _FIELDS[:-1]]
    done = _slurm("squeue", "-h", "-a", "-t", "all", "-O", ",".join([*parts, f"{_FIELDS[-1]}:{_RECORD}"]), *more)
    _demand(done, "refused")
    return done.stdout


def _records(text: str) -> Iterator[dict[str, str]]:
    for record in text.split(_RECORD):
        values = record.lstrip("\n").split(_UNIT)
        if len(values) >= len(_FIELDS):  # a name may hold anything, and stands next to last
            name, comment = _UNIT.join(values[len(_FIELDS) - 2 : -1]), values[-1]
            yield dict(zip(_FIELDS, [*values[: len(_FIELDS) - 2], name, comment]))  # noqa: B905  Python 3.8


def look(asked: dict[str, Any]) -> dict[str, Any]:
    """Tell what the queue, the accounting and the folders of jobs say."""
    return {"queue": _queue(), "accounted": _accounted(), "kept": list(_kept(Path(asked["jobs"])))}


def _accounted() -> str:
    """Return what accounting says of the last weeks; nothing where there is none."""
    form = ",".join(_ACCOUNTED)
    if shutil.which("sacct") is None:
        return ""
    done = _slurm("sacct", "-a", "-X", "-P", "-n", "-D", "--delimiter", _UNIT, "-S", "now-14days", "-o", form)
    return done.stdout if done.returncode == 0 else ""


def _kept(jobs: Path) -> Iterator[dict[str, Any]]:
    """Yield what the folders of jobs keep of them, the newest first."""
    try:
        folders = sorted((one for one in os.scandir(jobs) if one.is_dir(follow_symlinks=False)), key=_age)
    except OSError:
        return
    for folder in folders[:500]:
        told = _read(Path(folder.path, "job"))
        if told is not None:
            with contextlib.suppress(ValueError):
                yield {
                    **json.loads(told),
                    "folder": folder.path,
                    "ended": _read(Path(folder.path, "ended")),
                    "cancelled": _read(Path(folder.path, "cancelled")),
                }


def _age(folder: os.DirEntry[str]) -> float:
    return -folder.stat(follow_symlinks=False).st_mtime


def _read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return None


def fleet(_asked: dict[str, Any]) -> dict[str, Any]:
    """Tell which nodes and partitions there are, and which options `srun` takes."""
    nodes, partitions = _slurm("scontrol", "-o", "show", "node"), _slurm("scontrol", "-o", "show", "partition")
    _demand(nodes, "refused")
    _demand(partitions, "refused")
    return {"nodes": nodes.stdout, "partitions": partitions.stdout, "srun": _slurm("srun", "--help").stdout}


def job(asked: dict[str, Any]) -> dict[str, Any]:
    """Tell all of one job."""
    return {**look(asked), "shown": _shown(asked["id"])}


def tail(asked: dict[str, Any]) -> dict[str, Any]:
    """Return the ends of files, as Latin-1 so that every byte has its character."""
    return {"files": {one: text for one in asked["files"] for text in _last(one, asked["bytes"])}}


def _last(path: str, size: int) -> Iterator[str]:
    try:
        with Path(path).open("rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - size))
            yield file.read(size).decode("latin-1")
    except OSError:
        return


# -- Submitting -------------------------------------------------------------------------------------------------------


def submit(asked: dict[str, Any]) -> dict[str, Any]:
    """Make the job's folder and submit it, once: whoever comes second with the same run finds the first one's job."""
    jobs, folder = Path(asked["jobs"]), Path(asked["folder"])
    _demand_shared(Path(asked["shared"]))
    jobs.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = Path(f"{folder}.part-{os.getpid()}")
    try:
        _unpack(part, asked)
        if asked["test"]:
            return _test(part, asked)
        with _alone(jobs):
            _tidy(jobs)
            there = _there(folder, asked)
            return {"id": there, "again": True} if there else _hand_over(part, folder, asked)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _demand_shared(shared: Path) -> None:
    if not shared.is_dir():
        raise ToldError("no-folder", f"there is no folder `{shared}` on the controller node")
    if not os.access(shared, os.W_OK | os.X_OK):
        raise ToldError("no-folder", f"`{shared}` cannot be written by the user on the controller node")


@contextlib.contextmanager
def _alone(jobs: Path) -> Iterator[None]:
    """Let one submission after the other come in."""
    with Path(jobs, ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _tidy(jobs: Path) -> None:
    """Remove what submissions left that were cut off."""
    for left in jobs.glob("*.part-*"):
        with contextlib.suppress(OSError):
            if time.time() - left.stat().st_mtime > _STALE_S:
                shutil.rmtree(left, ignore_errors=True)


def _unpack(part: Path, asked: dict[str, Any]) -> None:
    """Write what came along into a folder of its own; nothing of half an upload is ever used."""
    part.mkdir(mode=0o700)
    packed = part / ".packed"
    digest = hashlib.sha256()
    with packed.open("wb") as file:
        for block in iter(lambda: sys.stdin.buffer.read(1 << 16), b""):
            digest.update(block)
            file.write(block)
    if digest.hexdigest() != asked["sha256"]:
        raise ToldError("broken", "what was sent did not arrive whole")
    _extract(packed, part)
    packed.unlink()
    for name in asked["folders"]:
        (part / name).mkdir(mode=0o700, parents=True, exist_ok=True)
    for name, target in asked["archives"].items():
        below = part / target
        below.mkdir(mode=0o700, parents=True, exist_ok=True)
        _extract(part / name, below)
        (part / name).unlink()


def _extract(packed: Path, folder: Path) -> None:
    with tarfile.open(packed) as tar:
        if hasattr(tarfile, "tar_filter"):
            tar.extractall(folder, filter="tar")
        else:
            tar.extractall(folder)  # noqa: S202  hpctl packed it


def _there(folder: Path, asked: dict[str, Any]) -> int | None:
    """Return the job of this very submission if there is one; raise if another living job has its name."""
    told = _read(folder / "job")
    if told is not None:
        return int(json.loads(told)["id"])
    found = None
    for one in _records(_queue("-u", asked["user"])):
        if one["Comment"].startswith(f"{_MARK}{asked['run_id']} "):
            found = int(one["JobID"])
        elif one["Comment"].startswith(_MARK) and one["Name"] == asked["name"] and one["State"] not in _ENDED:
            raise ToldError("name-taken", json.dumps({"id": int(one["JobID"]), "state": one["State"]}))
    if found:
        _keep(folder, asked, found)
    return found


def _hand_over(part: Path, folder: Path, asked: dict[str, Any]) -> dict[str, Any]:
    shutil.rmtree(folder, ignore_errors=True)  # an earlier try came so far, and no job of it is there
    part.rename(folder)
    words = ("--parsable", f"--comment={asked['comment']}", *asked["options"], str(folder / "script"))
    done = _slurm("sbatch", *words, login=asked["login"], folder=asked["work_dir"])
    number = _number(done.stdout)
    if done.returncode or number is None:
        said = (done.stderr or done.stdout).strip()
        if any(one in said for one in _SILENT):  # Slurm may have taken it all the same
            number = _late(asked)
            if number is None:
                raise ToldError("silent", said)
        else:
            shutil.rmtree(folder, ignore_errors=True)
            raise ToldError("refused", said)
    _keep(folder, asked, number)
    return {"id": number, "said": done.stderr.strip(), "again": False}


def _number(said: str) -> int | None:
    lines = said.strip().splitlines()
    word = lines[-1].partition(";")[0] if lines else ""
    return int(word) if word.isdigit() else None


def _late(asked: dict[str, Any]) -> int | None:
    for _ in range(_SEEN_TRIES):
        time.sleep(1)
        with contextlib.suppress(ToldError):
            for one in _records(_queue("-u", asked["user"])):
                if one["Comment"].startswith(f"{_MARK}{asked['run_id']} "):
                    return int(one["JobID"])
            return None
    return None


def _keep(folder: Path, asked: dict[str, Any], number: int) -> None:
    """Write down which job the folder is of, whole or not at all."""
    told = {key: asked[key] for key in ("run_id", "name", "user", "nodes")}
    _write(folder / "job", json.dumps({**told, "id": number, "submitted": time.time(), "shown": _shown(number)}))


def _shown(number: object) -> str:
    """Return what Slurm tells of a job; it forgets that some minutes after its end."""
    done = _slurm("scontrol", "-o", "show", "job", str(number))
    return done.stdout if done.returncode == 0 else ""


def _write(path: Path, text: str) -> None:
    new = Path(f"{path}.new")
    with new.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)


def _test(part: Path, asked: dict[str, Any]) -> dict[str, Any]:
    done = _slurm(
        "sbatch", "--test-only", *asked["options"], str(part / "script"), login=asked["login"], folder=asked["shared"]
    )
    _demand(done, "refused")
    return {"said": (done.stderr or done.stdout).strip()}


# -- Ending -----------------------------------------------------------------------------------------------------------


def cancel(asked: dict[str, Any]) -> dict[str, Any]:
    """End a job, and write down that somebody did, where its folder is there."""
    done = _slurm("scancel", str(asked["reference"]))
    _demand(done, "refused")
    said = done.stderr.strip()
    if "Access/permission denied" in said:
        raise ToldError("denied", said)
    folder = Path(asked["folder"] or "/nowhere")
    if folder.is_dir() and _read(folder / "ended") is None:
        _write(folder / "cancelled", f"at={time.time()}\n")
    return {}


def delete(asked: dict[str, Any]) -> dict[str, Any]:
    """End a job, wait until nothing of it runs any more, and remove the folder that was made for it."""
    living = _living(asked["id"])
    if living:
        cancel(asked)
        limit = time.monotonic() + asked["timeout_s"]
        while _living(asked["id"]):
            if time.monotonic() > limit:
                raise ToldError("busy", "processes of the job still run")
            time.sleep(0.3)
    folder = Path(asked["folder"] or "/nowhere")
    own = folder.parent.name == "jobs" and folder.parent.parent.name == ".hpctl" and folder.is_dir()
    if own and folder.stat().st_uid == os.getuid():
        shutil.rmtree(folder)
        return {"removed": True, "ended": living}
    return {"removed": False, "ended": living}


def _living(number: int) -> bool:
    return any(one["JobID"] == str(number) and one["State"] not in _ENDED for one in _records(_queue()))


_VERBS = {"look": look, "fleet": fleet, "job": job, "tail": tail, "submit": submit, "cancel": cancel, "delete": delete}

if __name__ == "__main__":
    main()
