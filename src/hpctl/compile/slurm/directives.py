"""The `#SBATCH` lines of a compiled job: validated words only, never a user's text.

A newline in a directive would be run as a command (seen with another job launcher), so what a person chose is held to
what Slurm's names can be. Sources: sbatch(1), 20.11 to 24.11.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Final

from hpctl.compile.slurm.placement import Seat
from hpctl.errors import UsageError
from hpctl.facts.slurm_site import SlurmSite
from hpctl.spec.job import JobSpec

_WORD: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,251}", re.ASCII)
_FOLDER: Final = re.compile(r"(?:/[A-Za-z0-9_.+@-]+)+", re.ASCII)
"""Slurm fills `%` in paths of output, and reads `\\`, quotes, white space and `#` in directives."""


def directives(spec: JobSpec, seat: Seat, site: SlurmSite) -> Iterator[str]:
    """Yield the options of a job, one line each.

    Raises:
        UsageError: a name or a path has what Slurm's options cannot hold.
    """
    yield f"--job-name={_word('name', spec.name)}"
    if seat.partition is not None:
        yield f"--partition={_word('partition', seat.partition)}"
    if spec.priority is not None:
        yield f"--qos={_word('priority', spec.priority)}"
    yield f"--nodes={spec.nodes}"
    yield "--ntasks-per-node=1"
    yield from _devices(spec, seat)
    if spec.timeout_s is not None:
        yield f"--time={minutes(spec.timeout_s)}"
    folder = folder_of(site)
    yield f"--chdir={folder}"
    yield f"--output={folder}/logs/batch.log"
    # Without it a job that starts again would begin its output anew.
    yield "--open-mode=append"
    yield "--requeue" if spec.resume else "--no-requeue"


def folder_of(site: SlurmSite) -> str:
    """Return the job's folder; raises `UsageError` when its path cannot stand in a script for Slurm."""
    if not _FOLDER.fullmatch(site.folder) or ".." in site.folder.split("/"):
        hint = "letters, digits, `_`, `-`, `.`, `+` and `@`: choose another with `--shared-dir`"
        raise UsageError(f"`{site.folder}` cannot be the folder of a job on Slurm", hint=hint)
    return site.folder


def minutes(seconds: int) -> int:
    """Return how many minutes a time limit is: Slurm counts in whole ones."""
    return math.ceil(seconds / 60)


def is_exclusive(spec: JobSpec, seat: Seat) -> bool:
    """Whether no other job may be on the nodes: HyperPod's auto-resume needs that too (AWS documentation)."""
    return seat.fit.whole or spec.resume is not None


def _devices(spec: JobSpec, seat: Seat) -> Iterator[str]:
    found = seat.fit
    if found.devices and found.has_gres:
        yield f"--gres=gpu:{found.devices}"
    if is_exclusive(spec, seat):
        yield "--exclusive"
        # All of the memory: partitions may have a default for each CPU.
        yield "--mem=0"
    else:
        # A job that shares its nodes: as asked for, or its share by devices.
        if found.cpus:
            yield f"--cpus-per-task={found.cpus}"
        if found.memory_mib:
            yield f"--mem={found.memory_mib}M"
    if seat.feature is not None:
        yield f"--constraint={_word('feature', seat.feature)}"
    if seat.excluded:
        yield f"--exclude={','.join(_word('node', name) for name in seat.excluded)}"


def _word(what: str, text: str) -> str:
    if not _WORD.fullmatch(text):
        raise UsageError(f"`{text}` is no {what} that Slurm's options can hold", hint="letters, digits, `_`, `-`, `.`")
    return text
