"""What Slurm's queue and its accounting tell of jobs, beside what folders do. Whatever cannot be read is left out.

Formats: squeue --Format and sacct --parsable2 with separators of our own; seen of 20.11.4, 22.05.8 and 24.11.5.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

from hpctl.adapters.slurm.arrays import number_in, together
from hpctl.adapters.slurm.cells import (
    NOT_BEGUN,
    OVER,
    UNREADABLE,
    count_of,
    end_of,
    filled,
    moment_of,
    text_of,
    word_of,
)
from hpctl.adapters.slurm.folders import kept_jobs
from hpctl.facts.hostlists import hosts_of
from hpctl.facts.slurm_jobs import SlurmJob, marked

_UNIT: Final = "\x1f"
_RECORD: Final = "\x1e"
_QUEUE: Final = 19
_ACCOUNTED: Final = 16
_QUEUE_NAME: Final = 17
_ACCOUNTED_NAME: Final = 13
_SCRIPT: Final = "/script"


def jobs_of(told: Mapping[str, Any]) -> tuple[SlurmJob, ...]:
    """Return the jobs of a look: what the queue says before what accounting does, and that before the folders.

    An array is one job with its tasks. Whatever has not ended is in the queue: accounting that lags behind, or was down
    when a job ended, says otherwise.
    """
    rows = tuple(kept_jobs(told.get("kept") or ()))
    kept = {job.id: job for job in reversed(rows)}  # parts come after the job that they are of
    found = {job.reference: job for job in rows}
    restarts = Counter[str]()
    for job in _accounted(text_of(told.get("accounted"))):
        if job.word in OVER:
            again = replace(job, restarts=restarts[job.reference])
            found[job.reference] = _recognised(again, kept.get(job.id))
        restarts[job.reference] += 1
    found |= {job.reference: job for job in _queued(text_of(told.get("queue")))}
    return together(_with_end(job, kept.get(job.id)) for job in found.values())


def _queued(text: str) -> Iterator[SlurmJob]:
    return _read((record.lstrip("\n") for record in text.split(_RECORD)), _QUEUE, _QUEUE_NAME, _of_queue)


def _read(lines: Iterable[str], width: int, name: int, of: Callable[[list[str]], SlurmJob]) -> Iterator[SlurmJob]:
    """Yield the jobs of lines of `width` values; that in place `name` may hold what separates values."""
    for line in lines:
        values = line.split(_UNIT)
        if len(values) < width:
            continue
        end = len(values) - (width - name - 1)
        with suppress(*UNREADABLE):
            yield of([*values[:name], _UNIT.join(values[name:end]), *values[end:]])


def _of_queue(cells: list[str]) -> SlurmJob:
    number, array, word, user, partition, reason, nodes, hosts, submitted, start, end, qos, folder, code, *rest = cells
    restarts, stdout, stderr, name, comment = rest
    over, where = word_of(word) in OVER, hosts_of(hosts)
    exit_code, signal = end_of(code) if over else (None, None)
    number_in(array)  # what it raises leaves this row out, and no other
    return SlurmJob(
        id=int(number),
        name=name,
        user=user,
        partition=partition,
        word=word_of(word),
        nodes=count_of(nodes),
        submitted=moment_of(submitted) or datetime.fromtimestamp(0, UTC),
        reason=filled(reason),
        hosts=where,
        # Of one that is cancelled while it waits, the queue says that it began when it ended.
        started=moment_of(start) if where and word_of(word) not in NOT_BEGUN else None,
        ended=moment_of(end) if over else None,
        exit_code=exit_code,
        signal=signal,
        restarts=count_of(restarts),
        array_task=array if array != number else "",
        comment=filled(comment),
        work_dir=folder,
        stdout=filled(stdout),
        stderr=filled(stderr),
        qos=filled(qos),
    )


def _accounted(text: str) -> Iterator[SlurmJob]:
    return _read(text.split("\n"), _ACCOUNTED, _ACCOUNTED_NAME, _of_accounting)


def _of_accounting(cells: list[str]) -> SlurmJob:
    number, task, word, user, partition, nodes, hosts, submitted, start, end, qos, folder, code, *rest = cells
    name, comment, line = rest
    over = word_of(word) in OVER
    exit_code, signal = end_of(code) if over else (None, None)
    number_in(task)  # what it raises leaves this row out, and no other
    return SlurmJob(
        id=int(number),
        name=name,
        user=user,
        partition=partition,
        word=word_of(word),
        nodes=count_of(nodes),
        submitted=moment_of(submitted) or datetime.fromtimestamp(0, UTC),
        hosts=hosts_of(hosts),
        started=moment_of(start),
        ended=moment_of(end) if over else None,
        exit_code=exit_code,
        signal=signal,
        array_task=task if task != number else "",
        comment=filled(comment) or _mark_of(line),
        work_dir=folder,
        qos=filled(qos),
    )


def _mark_of(line: str) -> str:
    """Return the mark of hpctl in the line that submitted a job: accounting keeps comments only where it is told to.

    The line of hpctl's ends with the script in the folder that the mark names. Others' may hold anything.
    """
    run_id, _, rest = line.partition("--comment=hpctl run-id=")[2].partition(" folder=")
    ends = (found.end() - 1 for found in re.finditer(" /", rest)) if rest.endswith(_SCRIPT) else ()
    folders = (rest[at : -len(_SCRIPT)] for at in ends)
    return next((marked(run_id, folder) for folder in folders if rest.startswith(f"{folder} ")), "")


def _recognised(job: SlurmJob, kept: SlurmJob | None) -> SlurmJob:
    """Return a job of the accounting with what only its folder tells; before Slurm 21.08 that is the mark, too."""
    if kept is None:
        return job
    nameless = not job.comment and (job.name, job.user) == (kept.name, kept.user)
    if not nameless and (not job.run_id or job.run_id != kept.run_id):
        return job
    return replace(job, comment=job.comment or kept.comment, stdout=kept.stdout, stderr=kept.stderr)


def _with_end(job: SlurmJob, kept: SlurmJob | None) -> SlurmJob:
    """Return a job with what its folder knows better: that it was cancelled while it could still end by itself."""
    if kept is None or job.array_task or kept.run_id != job.run_id or job.word not in OVER:
        return job
    told = replace(job, failed_rank=kept.failed_rank, failed_phase=kept.failed_phase)
    return replace(told, word="CANCELLED") if job.word in ("FAILED", "TIMEOUT") and kept.word == "CANCELLED" else told
