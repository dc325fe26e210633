"""Whether sbatch takes a script at all, and reads all of its directives.

Sources: sbatch(1), 20.11 to 24.11; the words of sbatch 22.05.8.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from hpctl.checks.declare import check, fail, warn
from hpctl.checks.sbatch_calls import at, of, own
from hpctl.facts.slurm_target import JobOnSlurm
from hpctl.facts.world import World
from hpctl.report.check import Finding
from hpctl.spec.sbatch import SbatchScript

_LARGEST: Final = 4 * 1024 * 1024
"""Bytes that slurmctld takes of a script (`SchedulerParameters=max_script_size`, 4 MiB by default)."""
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")


@check("sbatch-shape", "the script is one that sbatch takes", blocking=False)
def shape(job: JobOnSlurm, _world: World) -> Iterator[Finding]:
    """A script begins with `#!` and an interpreter on the first line, has line ends of Unix, and at most 4 MiB.

    A script that was saved on Windows is refused: `Batch script contains DOS line breaks`.
    """
    script = own(job)
    if script is None:
        return
    first = script.text.partition("\n")[0]
    if not re.match(r"#!\s*/", first):
        message = "the first line names no interpreter, and sbatch refuses the script"
        yield fail(at(script, 1), message, remedy="#!/bin/bash  # as the first line")
    if "\r\n" in script.text:
        line = script.text[: script.text.index("\r\n")].count("\n") + 1
        yield fail(at(script, line), "line ends of DOS (CRLF), which sbatch refuses", remedy=f"dos2unix {script.file}")
    if len(script.text.encode()) > _LARGEST:
        yield fail(at(script, 1), "is larger than the 4 MiB that Slurm takes", remedy="put data into files of its own")


@check("sbatch-options", "sbatch knows every option of the script", blocking=False)
def options(job: JobOnSlurm, _world: World) -> Iterator[Finding]:
    """With an option that it does not know sbatch refuses a script, and names the first only.

    Options of all releases from 20.11 to 24.11 are known here, and those of pyxis. A value with spaces stands in
    quotes; `#` outside of quotes begins a comment and cuts a value silently.
    """
    script = own(job)
    for fault in script.faults if script else ():
        if script is not None and fault.refused:
            remedy = fault.remedy or "man sbatch"
            yield fail(at(script, fault.line, fault.column), fault.message, remedy=remedy)
        elif script is not None:
            yield warn(at(script, fault.line, fault.column), fault.message, remedy=fault.remedy or "man sbatch")


@check("sbatch-order", "all directives stand before the first command", blocking=False)
def order(job: JobOnSlurm, _world: World) -> Iterator[Finding]:
    """The `#SBATCH` lines are read up to the first line that is neither empty nor a comment.

    What stands behind it has no effect, and nobody says so: a job then runs on one node, or without a time limit.
    """
    script = own(job)
    for line in script.late if script else ():
        if script is not None:
            message = "a directive behind the first command has no effect"
            yield warn(at(script, line), message, remedy="move it up, below `#!`")


@check("sbatch-values", "no value of a directive holds marks that change what is meant", blocking=False)
def values(job: JobOnSlurm, _world: World) -> Iterator[Finding]:
    """A control character in a name is shown by nobody and matched by nothing.

    A job whose name holds `/` has no output file where `%x` stands in its path.
    """
    script = own(job)
    if script is None:
        return
    for one in script.directives:
        if one.value is not None and _CONTROL.search(one.value):
            yield warn(of(script, one), f"the value of `--{one.name}` holds a control character", remedy="type it anew")
    yield from _name(script)


def _name(script: SbatchScript) -> Iterator[Finding]:
    named, paths = script.last("job-name"), [script.value(name) or "" for name in ("output", "error")]
    if named and "/" in (named.value or "") and any("%x" in path for path in paths):
        message = "`%x` in the path of the output is this name, and `/` makes a folder of it that is not there"
        yield warn(of(script, named), message, remedy="a name without `/`")
