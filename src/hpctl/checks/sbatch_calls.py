"""What an sbatch script runs, as text: options of srun, variables, and commands, with their places."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from hpctl.facts.slurm_target import JobOnSlurm
from hpctl.spec.sbatch import Directive, SbatchScript

_COMMENT: Final = re.compile(r"(^|\s)#.*$")
_VALUE: Final = r"(?P<value>(?:\"[^\"]*\"|'[^']*'|[^\s;&|)\"'\\])*)"
_ASSIGNED: Final = re.compile(rf"(?:^|[;&|(]|\bexport|\benv|-x|--env)\s*(?P<name>[A-Za-z_][A-Za-z0-9_]*)={_VALUE}")
_ASSIGNED_TOO: Final = re.compile(rf"(?:^|\s)(?P<name>[A-Za-z_][A-Za-z0-9_]*)={_VALUE}")
_SEVERAL: Final = re.compile(r"\s*(?:export|env|declare\s+-x)\s")
"""Words behind which several variables may stand."""


def own(job: JobOnSlurm) -> SbatchScript | None:
    """Return the script that a person wrote; None for a compiled job, whose script is hpctl's."""
    return job.script if job.spec is None else None


def at(script: SbatchScript, line: int, column: int = 1) -> str:
    """Return a place of a script as `file:line:column`."""
    return f"{script.file}:{line}:{column}"


def of(script: SbatchScript, directive: Directive) -> str:
    """Return the place of a directive."""
    return at(script, directive.line, directive.column)


def commands(script: SbatchScript) -> Iterator[tuple[int, str]]:
    """Yield the commands of a script without comments, with the line that each begins on."""
    for line, text in script.lines():
        yield line, _COMMENT.sub(r"\1", text)


def runs(script: SbatchScript, pattern: str) -> int | None:
    """Return the first line on which a program of such a name is called; None where none is."""
    wanted = re.compile(rf"(?:^|[\s;&|(/])(?:{pattern})(?=\s|$)")
    return next((line for line, text in commands(script) if wanted.search(text)), None)


def options(script: SbatchScript, name: str) -> Iterator[tuple[int, str]]:
    """Yield where an option of srun's stands, in a call or in a variable that is made for one, with its value."""
    wanted = re.compile(rf"(?<![\w-])--{re.escape(name)}(?![\w-])(?:(?:=| +(?!-)){_VALUE})?")
    for line, text in commands(script):
        for found in wanted.finditer(text):
            yield line, _bare(found["value"] or "")


def assignments(script: SbatchScript) -> Iterator[tuple[int, str, str]]:
    """Yield the variables that a script sets: line, name and value in its own words."""
    for line, text in commands(script):
        pattern = _ASSIGNED_TOO if _SEVERAL.match(text) else _ASSIGNED
        for found in pattern.finditer(text):
            yield line, found["name"], _bare(found["value"])


def _bare(value: str) -> str:
    return re.sub(r"[\"']", "", value)
