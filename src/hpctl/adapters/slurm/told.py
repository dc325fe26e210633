"""What Slurm's commands and the folders of jobs tell, read into records. Whatever cannot be read is left out.

Formats: squeue --Format and sacct --parsable2 with separators of our own, 20.11 to 24.11; scontrol --oneliner.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

from hpctl.facts.slurm_jobs import SlurmJob, marked

_UNIT: Final = "\x1f"
_RECORD: Final = "\x1e"
_QUEUE: Final = 19
_ACCOUNTED: Final = 15
_NOTHING: Final = frozenset({"", "(null)", "N/A", "None", "NONE", "Unknown", "UNLIMITED", "n/a", "None assigned"})
_OUTPUT: Final = re.compile(
    r".*\sStdErr=(?P<err>.*?)\sStdIn=.*?\sStdOut=(?P<out>.*?)(?=\s[A-Z][\w/:]*=|\s*$)", re.DOTALL
)
_EXIT: Final = re.compile(r"^exit=(?P<exit>-?\d+)$", re.MULTILINE)
_RANK: Final = re.compile(r"^rank=(?P<rank>\d+)$", re.MULTILINE)
_PHASE: Final = re.compile(r"^phase=(?P<phase>[a-z]+)$", re.MULTILINE)
_AT: Final = re.compile(r"^at=(?P<at>\d+(?:\.\d+)?)$", re.MULTILINE)
_RANGE: Final = re.compile(r"(?P<first>\d+)(?:-(?P<last>\d+))?")
_MOST_HOSTS: Final = 65536
_SIGNAL: Final = 0x7F


def jobs_of(told: Mapping[str, Any]) -> tuple[SlurmJob, ...]:
    """Return the jobs of a look: what the queue says before what accounting does, and that before the folders."""
    kept = {job.id: job for job in _kept(told.get("kept") or ())}
    found = {job.reference: job for job in kept.values()}
    for job in _accounted(_text(told.get("accounted"))):
        found[job.reference] = _recognised(job, kept.get(job.id))
    found |= {job.reference: job for job in _queued(_text(told.get("queue")))}
    return tuple(_with_end(job, kept.get(job.id)) for job in found.values())


def with_paths(job: SlurmJob, shown: str) -> SlurmJob:
    """Return a job with the paths of its output as `scontrol show job` tells them."""
    told = _OUTPUT.search(_text(shown))
    return replace(job, stdout=told["out"].strip(), stderr=told["err"].strip()) if told else job


def hosts_of(text: str) -> tuple[str, ...]:
    """Return the names in a list of hosts as Slurm writes it: `ip-10-1-0-[1-3,7],login`."""
    return tuple(host for part in _apart(text) for host in _expanded(part)) if text not in _NOTHING else ()


def _apart(text: str) -> Iterator[str]:
    """Yield what stands between the commas that are in no brackets."""
    yield from (part for part in re.findall(r"(?:[^,\[]|\[[^\]]*\])+", text) if part)


def _expanded(part: str) -> Iterator[str]:
    before, bracket, rest = part.partition("[")
    if not bracket:
        yield part
        return
    inside, _, after = rest.partition("]")
    for numbers in inside.split(","):
        for number in _numbers(numbers):
            yield from (before + number + tail for tail in _expanded(after))


def _numbers(text: str) -> Iterator[str]:
    found = _RANGE.fullmatch(text)
    if found is None or found["last"] is None:
        yield text
        return
    width, first, last = len(found["first"]), int(found["first"]), int(found["last"])
    yield from (str(number).zfill(width) for number in range(first, min(last, first + _MOST_HOSTS) + 1))


def _queued(text: str) -> Iterator[SlurmJob]:
    for record in text.split(_RECORD):
        values = record.lstrip("\n").split(_UNIT)
        if len(values) < _QUEUE:
            continue
        cells = [*values[: _QUEUE - 2], _UNIT.join(values[_QUEUE - 2 : -1]), values[-1]]
        try:
            yield _of_queue(cells)
        except ValueError:
            continue


def _of_queue(cells: list[str]) -> SlurmJob:
    number, array, word, user, partition, reason, nodes, hosts, submitted, start, end, qos, folder, code, *rest = cells
    restarts, stdout, stderr, name, comment = rest
    status, over = int(code or 0), _word(word) in _OVER
    started, ended = _moment(start), _moment(end)
    return SlurmJob(
        id=int(number),
        name=name,
        user=user,
        partition=partition,
        word=_word(word),
        nodes=_count(nodes),
        submitted=_moment(submitted) or datetime.fromtimestamp(0, UTC),
        reason=_filled(reason),
        hosts=hosts_of(hosts),
        started=started if _word(word) not in _NOT_BEGUN else None,
        ended=ended if over else None,
        exit_code=status >> 8 & 0xFF if over else None,
        signal=status & _SIGNAL if over else None,
        restarts=_count(restarts),
        array_task=array if array != number else "",
        comment=_filled(comment),
        work_dir=folder,
        stdout=_filled(stdout),
        stderr=_filled(stderr),
        qos=_filled(qos),
    )


def _accounted(text: str) -> Iterator[SlurmJob]:
    for line in text.split("\n"):
        values = line.split(_UNIT)
        if len(values) < _ACCOUNTED:
            continue
        cells = [*values[: _ACCOUNTED - 2], _UNIT.join(values[_ACCOUNTED - 2 : -1]), values[-1]]
        try:
            yield _of_accounting(cells)
        except ValueError:
            continue


def _of_accounting(cells: list[str]) -> SlurmJob:
    number, task, word, user, partition, nodes, hosts, submitted, start, end, qos, folder, code, name, comment = cells
    status, _, signal = code.partition(":")
    over = _word(word) in _OVER
    return SlurmJob(
        id=int(number),
        name=name,
        user=user,
        partition=partition,
        word=_word(word),
        nodes=_count(nodes),
        submitted=_moment(submitted) or datetime.fromtimestamp(0, UTC),
        hosts=hosts_of(hosts),
        started=_moment(start),
        ended=_moment(end) if over else None,
        exit_code=int(status) if over else None,
        signal=int(signal or 0) if over else None,
        array_task=task if task != number else "",
        comment=_filled(comment),
        work_dir=folder,
        qos=_filled(qos),
    )


def _kept(folders: list[Mapping[str, Any]] | tuple[()]) -> Iterator[SlurmJob]:
    """Yield the jobs that folders tell of which hpctl made: how they ended, as far as somebody wrote that down."""
    for one in folders:
        try:
            yield _of_folder(one)
        except (KeyError, ValueError, TypeError):
            continue


def _of_folder(one: Mapping[str, Any]) -> SlurmJob:
    exit_code, ended = _ending(one.get("ended"))
    cancelled = _at(one.get("cancelled"))
    text = str(one.get("ended") or "")
    rank, phase = _RANK.search(text), _PHASE.search(text)
    word = "CANCELLED" if cancelled else _LOST if exit_code is None else "FAILED" if exit_code else "COMPLETED"
    shown = _text(one.get("shown"))
    job = SlurmJob(
        id=int(one["id"]),
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


def _shown(key: str, text: str) -> str:
    """Return a value of `scontrol show job` that holds no space."""
    found = re.search(rf"\s{key}=(\S+)", text)
    return _filled(found[1]) if found else ""


_LOST: Final = "UNKNOWN"
"""Of a job that Slurm has forgotten, and that wrote no end down: somebody ended it by force, or its node went."""

_OVER: Final = frozenset(
    {
        *("COMPLETED", "FAILED", "TIMEOUT", "CANCELLED", "NODE_FAIL", "BOOT_FAIL", "OUT_OF_MEMORY", "DEADLINE"),
        *("PREEMPTED", "REVOKED", "LAUNCH_FAILED", "RECONFIG_FAIL"),
    }
)
_NOT_BEGUN: Final = frozenset({"PENDING", "CONFIGURING", "REQUEUE_HOLD", "SPECIAL_EXIT", "REQUEUED", "REQUEUE_FED"})


def _recognised(job: SlurmJob, kept: SlurmJob | None) -> SlurmJob:
    """Return a job of the accounting, which keeps comments only where it is told to, with those of its folder."""
    if kept is None or job.comment or (job.name, job.user) != (kept.name, kept.user):
        return job
    return replace(job, comment=kept.comment, stdout=kept.stdout, stderr=kept.stderr)


def _with_end(job: SlurmJob, kept: SlurmJob | None) -> SlurmJob:
    """Return a job with what its folder knows better: that it was cancelled while it could still end by itself."""
    if kept is None or kept.run_id != job.run_id or job.word not in _OVER:
        return job
    told = replace(job, failed_rank=kept.failed_rank, failed_phase=kept.failed_phase)
    return replace(told, word="CANCELLED") if job.word in ("FAILED", "TIMEOUT") and kept.word == "CANCELLED" else told


def _ending(text: object) -> tuple[int | None, datetime | None]:
    if not isinstance(text, str):
        return None, None
    found = _EXIT.search(text)
    return (int(found["exit"]) if found else None), _at(text)


def _at(text: object) -> datetime | None:
    found = _AT.search(text) if isinstance(text, str) else None
    return datetime.fromtimestamp(float(found["at"]), UTC) if found else None


def _word(text: str) -> str:
    """Return a state without what stands beside it: `CANCELLED by 1000`, `DOWN*`."""
    return text.split(maxsplit=1)[0].rstrip("+*").upper() if text.split() else ""


def _moment(text: str) -> datetime | None:
    """Return a time that was asked for in seconds since the epoch; an older release answers in UTC's words."""
    if text in _NOTHING:
        return None
    if text.isdigit():
        return datetime.fromtimestamp(int(text), UTC) if int(text) else None
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def _count(text: str) -> int:
    digits = re.match(r"\d+", text)
    return int(digits[0]) if digits else 0


def _filled(text: str) -> str:
    return "" if text in _NOTHING else text


def _text(told: object) -> str:
    """Return text without halves of characters: nobody promises UTF-8."""
    return told.encode("utf-8", "surrogateescape").decode("utf-8", "replace") if isinstance(told, str) else ""
