"""Submit a job once: whoever comes second with the same run finds the first one's job."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import sys
import tarfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hpctl.adapters.slurm.node.base import (
    ENDED,
    MARK,
    RECORD_FILE,
    SILENT,
    ToldError,
    demand,
    number_of,
    queue,
    read,
    records,
    shown,
    slurm,
    write,
)

_SEEN_TRIES = 5
_STALE_S = 86400


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
    _forget_secrets(jobs)


def _forget_secrets(jobs: Path) -> None:
    """Remove the secrets of jobs that are over: a job removes its own, unless it was killed before it came to that."""
    left = {path: read(path.parent / RECORD_FILE) for path in jobs.glob("*/secrets")}
    living = {one["JobID"] for one in records(queue()) if one["State"] not in ENDED} if left else set()
    for path, record in left.items():
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            if record is not None and str(json.loads(record)["id"]) not in living:
                path.unlink()


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
    told = read(folder / RECORD_FILE)
    if told is not None:
        return int(json.loads(told)["id"])
    found = None
    for one in records(queue("-u", asked["user"])):
        if one["Comment"].startswith(f"{MARK}{asked['run_id']} "):
            found = number_of(one)
        elif one["Comment"].startswith(MARK) and one["Name"] == asked["name"] and one["State"] not in ENDED:
            raise ToldError("name-taken", json.dumps({"id": number_of(one), "state": one["State"]}))
    if found:
        _keep(folder, asked, found)
    return found


def _hand_over(part: Path, folder: Path, asked: dict[str, Any]) -> dict[str, Any]:
    shutil.rmtree(folder, ignore_errors=True)  # an earlier try came so far, and no job of it is there
    part.rename(folder)
    words = ("--parsable", f"--comment={asked['comment']}", *asked["options"], str(folder / "script"))
    done = slurm("sbatch", *words, login=asked["login"], folder=asked["work_dir"])
    number = _number(done.stdout)
    if done.returncode or number is None:
        said = (done.stderr or done.stdout).strip()
        if any(one in said for one in SILENT):  # Slurm may have taken it all the same
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
            for one in records(queue("-u", asked["user"])):
                if one["Comment"].startswith(f"{MARK}{asked['run_id']} "):
                    return number_of(one)
            return None
    return None


def _keep(folder: Path, asked: dict[str, Any], number: int) -> None:
    """Write down which job the folder is of, whole or not at all."""
    told = {key: asked[key] for key in ("run_id", "name", "user", "nodes")}
    record = {**told, "id": number, "submitted": time.time(), "shown": shown(number)}
    with contextlib.suppress(OSError):  # the job is there all the same, and its comment tells of the folder
        write(folder / RECORD_FILE, json.dumps(record))


def _test(part: Path, asked: dict[str, Any]) -> dict[str, Any]:
    done = slurm(
        "sbatch", "--test-only", *asked["options"], str(part / "script"), login=asked["login"], folder=asked["shared"]
    )
    demand(done, "refused")
    return {"said": (done.stderr or done.stdout).strip()}
