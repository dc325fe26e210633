"""Look at jobs: the queue, the accounting, the folders of jobs, and the ends of their output."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hpctl.adapters.slurm.node.base import (
    ENDED,
    MARK,
    RECORD_FILE,
    UNIT,
    demand,
    number_of,
    queue,
    read,
    records,
    shown,
    slurm,
    write,
)

_ACCOUNTED = (
    *("JobIDRaw", "JobID", "State", "User", "Partition", "NNodes", "NodeList"),
    *("Submit", "Start", "End", "QOS", "WorkDir", "ExitCode", "JobName", "Comment"),
)
_LINE = "SubmitLine"
_SEEN_FILE = "seen"
_END = "State", "exit_code", "StartTime", "EndTime", "NodeList"
# What sacct says where a cluster has no accounting: nothing is missing then.
_NONE = "accounting storage is disabled"


def look(asked: dict[str, Any]) -> dict[str, Any]:
    """Tell what the queue, the accounting and the folders of jobs say, and why the accounting says nothing."""
    told = queue()  # before the accounting: what ends in between is there, and not nowhere
    accounted, unaccounted = _accounted()
    kept = list(_kept(Path(asked["jobs"])))
    _remember(told, kept)
    return {"queue": told, "accounted": accounted, "unaccounted": unaccounted, "kept": kept}


def _remember(told: str, kept: list[dict[str, Any]]) -> None:
    """Write down how the user's jobs ended, as long as the queue tells: without accounting nobody can say it later."""
    rows: dict[tuple[int, str], list[dict[str, str]]] = {}
    for row in records(told):
        if row["Comment"].startswith(MARK):
            run_id = row["Comment"][len(MARK) :].partition(" ")[0]
            rows.setdefault((number_of(row), run_id), []).append(row)
    for one in kept:
        seen = dict(one["seen"])
        for row in rows.get((one["id"], one["run_id"]), ()):
            if row["State"] in ENDED:
                seen[row["JobArrayID"]] = {key: row[key] for key in _END}
            else:  # it was put into the queue again
                seen.pop(row["JobArrayID"], None)
        if seen != one["seen"]:
            one["seen"] = seen
            with contextlib.suppress(OSError):
                write(Path(one["folder"], _SEEN_FILE), json.dumps(seen))


def _accounted() -> tuple[str, str]:
    """Return what accounting says of the last weeks, and what keeps it from that; neither where there is none."""
    if shutil.which("sacct") is None:
        return "", ""
    done = _sacct(_LINE)
    if "Invalid field requested" in done.stderr:  # before Slurm 21.08
        done = _sacct(_ACCOUNTED[-1])
    if done.returncode == 0:
        return done.stdout, ""
    said = done.stderr.strip().splitlines()
    return "", "" if _NONE in done.stderr else (said[-1] if said else f"sacct ended with {done.returncode}")


def _sacct(last: str) -> subprocess.CompletedProcess[str]:
    form = ",".join((*_ACCOUNTED, last))
    return slurm("sacct", "-a", "-X", "-P", "-n", "-D", "--delimiter", UNIT, "-S", "now-14days", "-o", form)


def _kept(jobs: Path) -> Iterator[dict[str, Any]]:
    """Yield what the folders of jobs keep of them, the newest first."""
    try:
        folders = sorted((one for one in os.scandir(jobs) if one.is_dir(follow_symlinks=False)), key=_age)
    except OSError:
        return
    for folder in folders[:500]:
        told = read(Path(folder.path, RECORD_FILE))
        if told is not None:
            with contextlib.suppress(ValueError):
                yield {
                    **json.loads(told),
                    "folder": folder.path,
                    "ended": read(Path(folder.path, "ended")),
                    "cancelled": read(Path(folder.path, "cancelled")),
                    "seen": json.loads(read(Path(folder.path, _SEEN_FILE)) or "{}"),
                }


def _age(folder: os.DirEntry[str]) -> float:
    return -folder.stat(follow_symlinks=False).st_mtime


def fleet(_asked: dict[str, Any]) -> dict[str, Any]:
    """Tell which nodes and partitions there are, and which options `srun` takes."""
    nodes, partitions = slurm("scontrol", "-o", "show", "node"), slurm("scontrol", "-o", "show", "partition")
    demand(nodes, "refused")
    demand(partitions, "refused")
    return {"nodes": nodes.stdout, "partitions": partitions.stdout, "srun": slurm("srun", "--help").stdout}


def job(asked: dict[str, Any]) -> dict[str, Any]:
    """Tell all of one job."""
    return {**look(asked), "shown": shown(asked["id"])}


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
