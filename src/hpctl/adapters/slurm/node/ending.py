"""End a job, and remove what was made for it."""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from pathlib import Path
from typing import Any

from hpctl.adapters.slurm.node.base import ENDED, ToldError, demand, number_of, queue, read, records, slurm, write


def cancel(asked: dict[str, Any]) -> dict[str, Any]:
    """End a job, and write down that somebody did, where its folder is there."""
    done = slurm("scancel", str(asked["reference"]))
    demand(done, "refused")
    said = done.stderr.strip()
    if "Access/permission denied" in said:
        raise ToldError("denied", said)
    folder = Path(asked["folder"] or "/nowhere")
    if _is_own(folder) and read(folder / "ended") is None:
        write(folder / "cancelled", f"at={time.time()}\n")
        with contextlib.suppress(FileNotFoundError):  # scripts that never began do not remove them
            (folder / "secrets").unlink()
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
    if _is_own(folder):
        shutil.rmtree(folder)
        return {"removed": True, "ended": living}
    return {"removed": False, "ended": living}


def _living(number: int) -> bool:
    return any(number_of(one) == number and one["State"] not in ENDED for one in records(queue()))


def _is_own(folder: Path) -> bool:
    """Whether it is a folder that hpctl made for a job of the user: a comment may say anything."""
    placed = folder.parent.name == "jobs" and folder.parent.parent.name == ".hpctl"
    return placed and ".." not in folder.parts and folder.is_dir() and folder.stat().st_uid == os.getuid()
