"""A job from a file or a command: hpctl YAML, a SkyPilot task, a Kubernetes manifest, or an sbatch script.

What a file is, its content says. Every problem is found before any is reported.
"""

from __future__ import annotations

import posixpath
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePath
from types import MappingProxyType
from typing import Final

from hpctl.errors import Problem, SpecError, UsageError
from hpctl.spec.document import compose_all
from hpctl.spec.job import JobSpec
from hpctl.spec.job_change import changed, refuse_for_manifest, refuse_for_script
from hpctl.spec.job_wish import NO_OVERRIDES, JobNotation, JobOverrides, LoadedJob
from hpctl.spec.job_yaml import JobText, read_job
from hpctl.spec.kubernetes_names import job_name
from hpctl.spec.manifest_filled import TEMPLATED
from hpctl.spec.manifest_lint import demands, lint
from hpctl.spec.manifest_load import read_manifest
from hpctl.spec.nodes import MappingNode, Node
from hpctl.spec.positions import SourceMap
from hpctl.spec.reading import Reading, cut, named, shown
from hpctl.spec.sbatch_read import is_sbatch, read_sbatch
from hpctl.spec.skypilot.task import is_task, read_task
from hpctl.spec.source import JOB, TextSource, position, read, unreadable

_SKYPILOT: Final = "a SkyPilot task that hpctl can run"
_SKYPILOT_HINT: Final = "the reference lists every key of SkyPilot, and what becomes of it"
_MANIFEST: Final = "a manifest of a job that can run"
_MANIFEST_HINT: Final = "correct the manifest; it is submitted as it is"
_FORMATS: Final = (
    "neither an hpctl job (`api_version: hpctl/v1`, `kind: Job`), nor a SkyPilot task (`run`, `resources`), "
    "nor a Kubernetes manifest (`apiVersion`, `kind`), nor an sbatch script (`#!`, `#SBATCH`)"
)


def load_job(
    source: Path | TextSource,
    *,
    env: Mapping[str, str],
    set_values: Mapping[str, str] = MappingProxyType({}),
    overrides: JobOverrides = NO_OVERRIDES,
) -> LoadedJob:
    """Load a job and change it as the flags say.

    `env` is the caller's environment: `HOME` is what `~` means, and it fills, after `set_values`, the variables of
    hpctl YAML. Other notations have none: their dollar signs are the shell's.

    Raises:
        SpecError: with every problem in the order of the file.
        UsageError: for a flag that this job cannot take.
    """
    text = read(source, JOB)
    if is_sbatch(text):
        return _script(text, set_values, overrides)
    _refuse_script(text)
    roots, repeated = _composed(text)
    reading = Reading(text.name, list(repeated))
    match _notation(text.name, roots[0]):
        case JobNotation.KUBERNETES:
            loaded = _manifest(reading, roots, overrides)
        case JobNotation.HPCTL:
            return _hpctl(reading, roots, _folder(source), {**env, **set_values}, (set_values, overrides))
        case _:
            loaded = _task(reading, roots, _stem(source), env.get("HOME", ""), overrides)
    return replace(loaded, notices=(*loaded.notices, *_unused(set_values, frozenset())))


def _composed(text: TextSource) -> tuple[tuple[Node, ...], tuple[Problem, ...]]:
    """Read the documents; of a file that is no YAML because it is a template, say that."""
    try:
        return compose_all(text.name, text.text, JOB)
    except SpecError:
        mark = TEMPLATED.search(text.text)
        if mark is None:
            raise
        line, column = position(text.text, mark.start())
        message = f"`{cut(mark[0])}` is a template's: render the file first, then submit what comes out"
        raise unreadable(text.name, Problem(text.name, line, column, "", message), wanted=JOB) from None


def command_job(command: Sequence[str], *, overrides: JobOverrides = NO_OVERRIDES) -> LoadedJob:
    """Make a job of a command: one word is a text for the shell, several are quoted for it.

    Raises UsageError where there is nothing to run, and for a flag that no job can have.
    """
    if not any(word.strip() for word in command):
        raise UsageError("there is no command", hint="write it after `--`, such as `hpctl job submit -- nvidia-smi`")
    if any("\0" in word for word in command):
        raise UsageError("the command holds a NUL character", hint="no process can be given one")
    run = command[0] if len(command) == 1 else shlex.join(command)
    program = PurePath(run.split()[0]).name
    spec = JobSpec(name=job_name(program), run=run)
    return LoadedJob(changed(spec, overrides), JobNotation.COMMAND)


def _script(text: TextSource, set_values: Mapping[str, str], given: JobOverrides) -> LoadedJob:
    """Take a script for sbatch as it is: what is wrong with it, checks say."""
    refuse_for_script(given)
    return LoadedJob(read_sbatch(text), JobNotation.SBATCH, _unused(set_values, frozenset()))


def _refuse_script(text: TextSource) -> None:
    if not text.text.startswith("#!"):
        return
    message = f"a script, not a job; run it as one with `hpctl job submit -- bash {text.name}`"
    raise unreadable(text.name, Problem(text.name, 1, 1, "", message), wanted=JOB)


def _notation(file: str, root: Node) -> JobNotation:
    keys = named(root.entries) if isinstance(root, MappingNode) else {}
    kind = shown(keys["kind"].value) if "kind" in keys else ""
    if keys.keys() & {"apiVersion", "metadata"}:
        return JobNotation.KUBERNETES
    if kind == "`Cluster`":
        raise _foreign(file, root, "a cluster spec, not a job; `hpctl cluster create -f` takes it")
    if "api_version" in keys or kind == "`Job`":
        return JobNotation.HPCTL
    if {"ClusterName", "InstanceGroups"} & keys.keys():
        raise _foreign(file, root, "a CreateCluster request, not a job; `hpctl cluster create -f` takes it")
    if is_task(root):
        return JobNotation.SKYPILOT
    raise _foreign(file, root, _FORMATS)


def _foreign(file: str, root: Node, message: str) -> SpecError:
    return unreadable(file, Problem(file, root.place.line, root.place.column, "", message), wanted=JOB)


def _manifest(reading: Reading, roots: tuple[Node, ...], given: JobOverrides) -> LoadedJob:
    refuse_for_manifest(given)
    manifest = read_manifest(reading, roots, given)
    if not any(one.is_job for one in manifest.objects):
        reading.demand(_MANIFEST, _MANIFEST_HINT)
    found = lint(manifest)
    reading.problems += found.problems
    reading.problems += () if reading.problems else demands(manifest)
    reading.demand(_MANIFEST, _MANIFEST_HINT)
    warnings = tuple(sorted(found.warnings, key=lambda one: (one.line, one.column)))
    return LoadedJob(manifest, JobNotation.KUBERNETES, reading.notices, warnings, source=manifest.job.source)


def _task(reading: Reading, roots: tuple[Node, ...], stem: str, home: str, given: JobOverrides) -> LoadedJob:
    for extra in roots[1:]:
        message = "a file of several tasks is a pipeline or a job group; submit one file for each task"
        reading.refuse(extra.place, message)
    reading.demand(_SKYPILOT, _SKYPILOT_HINT)
    task = read_task(reading, roots[0], stem, home, given)
    reading.demand(_SKYPILOT, _SKYPILOT_HINT)
    source = SourceMap(reading.file, MappingProxyType(reading.found))
    return LoadedJob(
        changed(task.job, given),
        JobNotation.SKYPILOT,
        reading.notices,
        source=source,
        secret_values=MappingProxyType(dict(task.secret_values)),
    )


def _hpctl(
    reading: Reading,
    roots: tuple[Node, ...],
    folder: str,
    values: Mapping[str, str],
    flags: tuple[Mapping[str, str], JobOverrides],
) -> LoadedJob:
    set_values, given = flags
    root = roots[0]
    for extra in roots[1:]:
        reading.refuse(extra.place, "a second document begins here; a file describes one job")
    if not isinstance(root, MappingNode):
        raise _foreign(reading.file, root, _FORMATS)
    text = JobText(reading.file, root, tuple(reading.problems), folder, values.get("HOME", ""), values)
    spec, notices, source, used = read_job(text, given.name or job_name(_stem_of(reading.file)))
    every = (*notices, *_unused(set_values, used))
    return LoadedJob(changed(spec, given), JobNotation.HPCTL, every, source=source)


def _unused(set_values: Mapping[str, str], used: frozenset[str]) -> tuple[str, ...]:
    return tuple(f"`--set {name}=…` is not used in the file" for name in set_values if name not in used)


def _stem(source: Path | TextSource) -> str:
    return _stem_of(str(source)) if isinstance(source, Path) else _stem_of(source.name)


def _stem_of(name: str) -> str:
    """Return a file's name without folder and ending; of `<stdin>` nothing is left but `stdin`."""
    return PurePath(name).stem


def _folder(source: Path | TextSource) -> str:
    return posixpath.dirname(str(source)) if isinstance(source, Path) else ""
