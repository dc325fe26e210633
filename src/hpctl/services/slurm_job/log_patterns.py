"""Names of output files as Slurm writes them, with its patterns, as files to look for.

Source: sbatch(1) and srun(1), "FILENAME PATTERN", 20.11 to 24.11.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from hpctl.facts.slurm_jobs import SlurmJob
from hpctl.facts.slurm_log_ports import FilePattern

_TOKEN: Final = re.compile(r"%(?P<width>\d{0,2})(?P<letter>[%AabJjNnstux])")
_WIDEST: Final = 10
"""Slurm pads numbers to ten places at most."""
_BY_RANK: Final = "tnN"
"""What tells files of ranks apart, the best first: the task, the node's place in the job, the node's name."""


@dataclass(frozen=True, slots=True)
class Name:
    """A name of output files. `by` is the letter that tells ranks apart, "" where all of them share a file."""

    files: FilePattern
    by: str = ""

    def matches(self, path: str) -> re.Match[str] | None:
        """Return the match of a file's path; its group `who` is the rank, or the node's name."""
        folder, name = posixpath.split(path)
        return re.fullmatch(self.files.name, name) if folder == self.files.folder else None


def name_of(text: str, job: SlurmJob, ranks: frozenset[int] = frozenset()) -> Name | None:
    r"""Return what files a name with patterns stands for; with `ranks` only those of theirs.

    Relative names begin in the job's working directory. A backslash anywhere turns patterns off. None for what is no
    file to read, and where a folder's name is not known beforehand.
    """
    path = posixpath.normpath(posixpath.join(job.work_dir or "/", text.replace("\\", "")))
    if not text or path.startswith("/dev/"):
        return None
    folder, name = posixpath.split(path)
    if "\\" in text:
        return Name(FilePattern(folder, re.escape(name)))
    where = _filled(folder, job)
    by = _by(name)
    return Name(FilePattern(where, _expression(name, job, by, ranks)), by) if where else None


def shown(text: str, job: SlurmJob) -> str:
    """Return a name for people: patterns stand where they differ from file to file."""
    parts = ((part, None) if token is None else (_value(token, job), token[0]) for part, token in _apart(text))
    path = "".join(value if value is not None else str(token) for value, token in parts)
    return posixpath.join(job.work_dir or "/", path)


def file_of(text: str, job: SlurmJob, rank: int) -> str | None:
    """Return the one file of a rank that a name with patterns stands for, None where more than the rank decides.

    The rank is that of a task with `%t`, of a node with `%n` and `%N`.
    """
    path = posixpath.normpath(posixpath.join(job.work_dir or "/", text.replace("\\", "")))
    if "\\" in text or not text or path.startswith("/dev/"):
        return path if text and not path.startswith("/dev/") else None
    parts = [
        part if token is None else _value(token, job) or _of_rank(token, job, rank) for part, token in _apart(path)
    ]
    return None if None in parts else "".join(map(str, parts))


def _of_rank(token: re.Match[str], job: SlurmJob, rank: int) -> str | None:
    if token["letter"] == "N":
        return job.hosts[rank] if rank < len(job.hosts) else None
    return str(rank).zfill(min(int(token["width"] or 0), _WIDEST)) if token["letter"] in "tn" else None


def _by(name: str) -> str:
    letters = {found["letter"] for found in _TOKEN.finditer(name)}
    return next((letter for letter in _BY_RANK if letter in letters), "")


def _filled(folder: str, job: SlurmJob) -> str:
    """Return a folder's name, "" when something in it is known only where it is made."""
    parts = []
    for text, token in _apart(folder):
        value = text if token is None else _value(token, job)
        if value is None:
            return ""
        parts.append(value)
    return "".join(parts)


def _expression(name: str, job: SlurmJob, by: str, ranks: frozenset[int]) -> str:
    parts, told = [], False
    for text, token in _apart(name):
        if token is None:
            parts.append(re.escape(text))
        elif (value := _value(token, job)) is not None:
            parts.append(re.escape(value))
        elif token["letter"] == by and not told:
            told = True
            parts.append(f"(?P<who>{_who(by, job, ranks)})")
        else:
            parts.append(r"[^/]+" if token["letter"] in "NJ" else r"\d+|batch" if token["letter"] == "s" else r"\d+")
    return "".join(f"(?:{part})" if "|" in part and "(?P" not in part else part for part in parts)


def _who(by: str, job: SlurmJob, ranks: frozenset[int]) -> str:
    if not ranks:
        return r"[^/]+" if by == "N" else r"\d+"
    if by == "N":
        return "|".join(re.escape(job.hosts[rank]) for rank in sorted(ranks) if rank < len(job.hosts)) or "(?!)"
    return f"0*(?:{'|'.join(str(rank) for rank in sorted(ranks))})"


def _apart(text: str) -> Iterator[tuple[str, re.Match[str] | None]]:
    """Yield text, and tokens among it."""
    at = 0
    for found in _TOKEN.finditer(text):
        if found.start() > at:
            yield text[at : found.start()], None
        yield "", found
        at = found.end()
    if at < len(text):
        yield text[at:], None


def _value(token: re.Match[str], job: SlurmJob) -> str | None:
    """Return what a pattern stands for in every file of the job, None for what differs among them."""
    array, _, task = job.array_task.partition("_")
    known = {
        "%": "%",
        "A": array or str(job.id),
        "a": task or "4294967294",  # Slurm's NO_VAL: the job is no array's
        "b": str(int(task) % 10) if task.isdigit() else "4",
        "j": str(job.id),
        "u": job.user,
        "x": job.name,
    }
    value = known.get(token["letter"])
    if value is None or not value.isdigit():
        return value
    return value.zfill(min(int(token["width"] or 0), _WIDEST))
