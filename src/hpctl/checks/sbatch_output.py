"""Whether a job's output comes to lie where somebody finds it, and stays there.

Source: sbatch(1), `--output`, "filename pattern"; `--open-mode`.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from typing import Final

from hpctl.checks.declare import check, note, warn
from hpctl.checks.sbatch_calls import of, options, own
from hpctl.facts.slurm_target import JobOnSlurm
from hpctl.facts.world import World
from hpctl.report.check import Finding
from hpctl.spec.sbatch import Directive, SbatchScript

_OWN_FILE: Final = re.compile(r"%\d*[jAJ]")
_OWN_TASK: Final = re.compile(r"%\d*[aj]")
_LOCAL: Final = ("/tmp", "/var", "/opt", "/run", "/root", "/dev/shm", "/mnt/localdisk", "/scratch")  # noqa: S108
"""Folders that are each node's own on HyperPod; `/opt/dlami/nvme` is one of them."""


@check("sbatch-output", "the output is on shared storage, in a file of the job's own", blocking=False)
def output(job: JobOnSlurm, _world: World) -> Iterator[Finding]:
    """The first node of the job writes its output: in a folder of its own nobody else finds it.

    Without `%j` in the path the next run writes over what the last one said. Slurm makes no folders: where one is not
    there, the job fails at once and says nothing anywhere.
    """
    script = own(job)
    if script is None:
        return
    for name in ("output", "error"):
        if (found := script.last(name)) and found.value and found.value != "/dev/null":
            yield from _path(job, script, found, found.value)


@check("sbatch-open-mode", "a job that may start again appends to its output", blocking=False)
def open_mode(job: JobOnSlurm, _world: World) -> Iterator[Finding]:
    """Slurm empties the output file when it starts a job again, and `%j` does not help: the number stays.

    HyperPod's auto-resume requeues jobs on nodes with generic resources. What was there before the failure, such as
    the failure itself, is lost then. `--open-mode=append` keeps it.
    """
    script = own(job)
    if script is None or (script.value("open-mode") or "").startswith("a"):
        return
    again = script.last("requeue")
    resumed = next(options(script, "auto-resume"), None)
    if again or resumed:
        where = of(script, again) if again else f"{script.file}:{resumed[0] if resumed else 1}:1"
        yield warn(where, "the output is emptied when the job starts again", remedy="#SBATCH --open-mode=append")


def _path(job: JobOnSlurm, script: SbatchScript, found: Directive, path: str) -> Iterator[Finding]:
    where, option = of(script, found), f"--{found.name}"
    if script.last("array"):
        if not _OWN_TASK.search(path):
            message = f"all tasks of the array write to the one file `{path}`"
            yield warn(where, message, remedy=f"#SBATCH {option}=%x-%A_%a.out")
    elif not _OWN_FILE.search(path):
        message = f"`{path}` has no `%j`: the next run writes over it"
        yield warn(where, message, remedy=f"#SBATCH {option}={_with_number(path)}")
    if path.startswith(_LOCAL):
        message = f"`{path}` is the node's own: nobody sees it from elsewhere, and a replaced node takes it along"
        yield warn(where, message, remedy=f"a path on shared storage, such as /fsx: {option}=/fsx/...")
    folder = posixpath.dirname(path)
    if folder and "%" not in folder and not f"{job.site.folder}/".startswith(f"{folder}/"):
        yield note(where, f"Slurm makes no folders: `{folder}` must be there when the job starts")


def _with_number(path: str) -> str:
    stem, ending = posixpath.splitext(path)
    return f"{stem}-%j{ending}"
