"""Arrays and heterogeneous jobs: Slurm tells of each part, and whoever submits one means all of them.

Formats: `7_3`, `7_[4-6,9%2]` for those that wait, and `7+1`, as squeue and sacct have them; seen of 22.05.8.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from hpctl.facts.hostlists import hosts_of
from hpctl.facts.jobs import JobState
from hpctl.facts.slurm_jobs import SlurmJob

_ORDER: Final = (
    *(JobState.RUNNING, JobState.RESTARTING, JobState.QUEUED, JobState.PENDING),
    *(JobState.FAILED, JobState.UNKNOWN, JobState.CANCELLED, JobState.SUCCEEDED),
)
"""Which task's state is the array's: it runs while one does, and has failed when it is over and one has."""
_NUMBER: Final = re.compile(r"[_+]")
_AT_ONCE: Final = re.compile(r"%\d+(?=]?$)")
_SHOWN: Final = re.compile(r"\sArrayTaskId=(\S+)")
_NO_TASK: Final = "4294967294"
"""Slurm's NO_VAL, which stands for the task in the paths of an array's output before there is one."""


def number_in(reference: str) -> int:
    """Return the number of the job that a part belongs to; raises `ValueError` where there is none."""
    return int(_NUMBER.split(reference, maxsplit=1)[0])


def together(jobs: Iterable[SlurmJob]) -> tuple[SlurmJob, ...]:
    """Return jobs with the parts of each in one; of a part that is told of twice, the later row knows better."""
    found, rows = dict[str, SlurmJob](), dict[str, list[SlurmJob]]()
    for job in jobs:
        if job.array_task:
            rows.setdefault(str(number_in(job.array_task)), []).append(job)
        else:
            found[job.reference] = job
    return tuple((found | {number: _whole(number, some, found.get(number)) for number, some in rows.items()}).values())


def tasks_in(shown: str) -> str:
    """Return which tasks `scontrol show job` tells of, as in `3-5,9`; "" where it is no array, or it was cut short."""
    told = ",".join(_AT_ONCE.sub("", one) for one in _SHOWN.findall(shown))
    return told if re.fullmatch(r"\d+(?:[-,]\d+)*", told) else ""


def _whole(number: str, rows: list[SlurmJob], kept: SlurmJob | None) -> SlurmJob:
    kept = next((row for row in rows if _NO_TASK in row.stdout), kept)
    each = {task.reference: _with_paths(task, kept) for row in rows for task in _apart(row)}
    tasks = tuple(sorted(each.values(), key=_place))
    telling = min(tasks, key=lambda task: _ORDER.index(task.state))
    over = telling.state.final
    return replace(
        telling,
        id=int(number),
        array_task="",
        tasks=tasks,
        hosts=(),
        submitted=min(task.submitted for task in tasks),
        started=min((task.started for task in tasks if task.started), default=None),
        ended=max((task.ended for task in tasks if task.ended), default=None) if over else None,
    )


def _apart(row: SlurmJob) -> Iterator[SlurmJob]:
    """Yield the tasks of a row of those that wait, which is one where Slurm has cut it short."""
    number, _, which = row.array_task.partition("_")
    if not which.startswith("[") or "..." in which:
        yield row
        return
    for task in hosts_of(_AT_ONCE.sub("", which)):
        yield replace(row, array_task=f"{number}_{task}")


def _with_paths(task: SlurmJob, kept: SlurmJob | None) -> SlurmJob:
    """Return a task of the accounting, which tells no paths, with those that Slurm told when it was submitted."""
    own = task.array_task.partition("_")[2]
    paths = (task.stdout, task.stderr) if task.stdout or kept is None else (kept.stdout, kept.stderr)
    stdout, stderr = (path.replace(_NO_TASK, own) for path in paths)
    return replace(task, stdout=stdout, stderr=stderr)


def _place(task: SlurmJob) -> tuple[bool, int, str]:
    which = task.array_task.partition("_")[2]
    return (not which.isdigit(), int(which) if which.isdigit() else 0, task.array_task)
