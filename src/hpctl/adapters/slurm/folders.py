"""What the folders of jobs tell that hpctl made, and the paths of a job's output.

Formats: what the job's own scripts wrote; `scontrol show job --oneliner`, 20.11 to 24.11.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

from hpctl.adapters.slurm.arrays import number_in, tasks_in
from hpctl.adapters.slurm.cells import UNREADABLE, end_of, filled, moment_of, text_of, word_of
from hpctl.facts.hostlists import hosts_of
from hpctl.facts.slurm_jobs import SlurmJob, marked

_OUTPUT: Final = re.compile(
    r".*\sStdErr=(?P<err>.*?)\sStdIn=.*?\sStdOut=(?P<out>.*?)(?=\s[A-Z][\w/:]*=|\s*$)", re.DOTALL
)
_RECORD: Final = re.compile(r"\n(?=JobId=)")
_EXIT: Final = re.compile(r"^exit=(?P<exit>-?\d+)$", re.MULTILINE)
_RANK: Final = re.compile(r"^rank=(?P<rank>\d+)$", re.MULTILINE)
_PHASE: Final = re.compile(r"^phase=(?P<phase>[a-z]+)$", re.MULTILINE)
_AT: Final = re.compile(r"^at=(?P<at>\d+(?:\.\d+)?)$", re.MULTILINE)
_LOST: Final = "LOST"
_FORGOTTEN: Final = "FORGOTTEN"


def kept_jobs(folders: list[Mapping[str, Any]] | tuple[()]) -> Iterator[SlurmJob]:
    """Yield the jobs that folders tell of which hpctl made: how they ended, as far as somebody wrote that down."""
    for one in folders:
        with suppress(KeyError, TypeError, *UNREADABLE):
            job = _of_folder(one)
            seen = dict(one.get("seen") or {})
            yield _as_seen(job, seen[str(job.id)]) if job.word in (_LOST, _FORGOTTEN) and str(job.id) in seen else job
            yield from (_as_seen(replace(job, array_task=part), seen[part]) for part in seen if _is_part(part, job))


def with_paths(job: SlurmJob, shown: str) -> SlurmJob:
    """Return a job with the paths of its output as `scontrol show job` tells them, of each part its own."""
    if job.tasks:
        tasks = tuple(with_paths(task, shown) for task in job.tasks)
        told = next(new for old, new in zip(job.tasks, tasks, strict=True) if old.stdout == job.stdout)
        return replace(job, tasks=tasks, stdout=told.stdout, stderr=told.stderr)
    first, *more = _RECORD.split(text_of(shown))
    found = _OUTPUT.search(
        next((one for one in (first, *more) if one.startswith(f"JobId={job.id} ")), "" if more else first)
    )
    return replace(job, stdout=found["out"].strip(), stderr=found["err"].strip()) if found else job


def _of_folder(one: Mapping[str, Any]) -> SlurmJob:
    exit_code, ended = _ending(one.get("ended"))
    cancelled = _at(one.get("cancelled"))
    text = str(one.get("ended") or "")
    rank, phase = _RANK.search(text), _PHASE.search(text)
    shown = text_of(one.get("shown"))
    none = _LOST if f" StdOut={one['folder']}/logs/" in shown else _FORGOTTEN
    word = "CANCELLED" if cancelled else none if exit_code is None else "FAILED" if exit_code else "COMPLETED"
    tasks = tasks_in(shown)
    job = SlurmJob(
        id=int(one["id"]),
        array_task=f"{int(one['id'])}_[{tasks}]" if tasks else "",
        name=str(one["name"]),
        user=str(one["user"]),
        partition=_shown("Partition", shown),
        word=word,
        nodes=int(one["nodes"]),
        submitted=datetime.fromtimestamp(float(one["submitted"]), UTC),
        ended=cancelled or ended,
        exit_code=exit_code,
        comment=marked(str(one["run_id"]), str(one["folder"])),
        failed_rank=int(rank["rank"]) if rank and exit_code else None,
        failed_phase=phase["phase"] if phase and exit_code else "",
        work_dir=_shown("WorkDir", shown),
    )
    return with_paths(job, shown)


def _is_part(reference: str, job: SlurmJob) -> bool:
    return reference != str(job.id) and number_in(reference) == job.id


def _as_seen(job: SlurmJob, row: Mapping[str, Any]) -> SlurmJob:
    """Return a job, or a part of one, as somebody saw it in the queue after its end."""
    word, hosts = word_of(str(row["State"])), hosts_of(str(row["NodeList"]))
    exit_code, signal = end_of(str(row["exit_code"]))
    return replace(
        job,
        word=word,
        hosts=hosts,
        exit_code=exit_code,
        signal=signal,
        started=moment_of(str(row["StartTime"])) if hosts else None,
        ended=moment_of(str(row["EndTime"])),
    )


def _shown(key: str, text: str) -> str:
    """Return a value of `scontrol show job` that holds no space."""
    found = re.search(rf"\s{key}=(\S+)", text)
    return filled(found[1]) if found else ""


def _ending(text: object) -> tuple[int | None, datetime | None]:
    if not isinstance(text, str):
        return None, None
    found = _EXIT.search(text)
    return (int(found["exit"]) if found else None), _at(text)


def _at(text: object) -> datetime | None:
    found = _AT.search(text) if isinstance(text, str) else None
    return datetime.fromtimestamp(float(found["at"]), UTC) if found else None
