"""A SkyPilot task as a whole."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from hpctl.spec.job import Contract, JobSpec
from hpctl.spec.job_wish import JobOverrides
from hpctl.spec.kubernetes_names import job_name
from hpctl.spec.nodes import Entry, MappingNode, Node, ScalarNode
from hpctl.spec.reading import Reading, shown
from hpctl.spec.skypilot.config import Config, config
from hpctl.spec.skypilot.keys import EXPERIMENTAL, TASK, taken
from hpctl.spec.skypilot.mounts import Surroundings, file_mounts, volumes, workdir
from hpctl.spec.skypilot.promised import unset
from hpctl.spec.skypilot.resources import Resources, resources
from hpctl.spec.skypilot.variables import Variables, variables
from hpctl.spec.yaml_values import is_null

_NAME = re.compile(r"[a-zA-Z0-9]+(?:[._-]{1,2}[a-zA-Z0-9]+)*", re.ASCII)
_MOST_NODES = 10_000


@dataclass(frozen=True, slots=True)
class Task:
    """A task: the job that it asks for, and what its secrets hold in the file."""

    job: JobSpec
    secret_values: Mapping[str, str]


def is_task(root: Node) -> bool:
    """Tell whether a document has a key that only a SkyPilot task has."""
    every = {*TASK.taken, *TASK.idle, *TASK.refused, "experimental"}
    return isinstance(root, MappingNode) and any(entry.key in every for entry in root.entries)


def read_task(reading: Reading, root: Node, stem: str, home: str, given: JobOverrides) -> Task:
    """Read a task; `stem` names it when it has no name of its own, `home` is what `~` means on this machine.

    What is wrong is kept in `reading`: with a problem in it, the task is worth nothing.
    """
    experimental = [entry for entry in reading.entries(root) if entry.key == "experimental"]
    rest = MappingNode(root.place, tuple(one for one in reading.entries(root) if one.key != "experimental"))
    found = {entry.key: entry for entry in taken(reading, rest, TASK) if not is_null(entry.value)}
    known = variables(reading, _node(found, "envs"), _node(found, "secrets"), given)
    wanted = resources(reading, found["resources"].value) if "resources" in found else Resources()
    settings = _settings(reading, found, experimental)
    around = Surroundings(reading, known, home)
    if "run" not in found:
        reading.note(root.place, "the task has no `run`: the job ends after its setup")
    job = _job(reading, found, _Parts(known, wanted, settings, around))
    _note_unset(reading, found, {*job.env, *job.secrets, *given.secrets})
    return Task(_with_name(reading, found, job, stem, given), known.secret_values)


@dataclass(frozen=True, slots=True)
class _Parts:
    known: Variables
    wanted: Resources
    settings: Config
    around: Surroundings


def _job(reading: Reading, found: Mapping[str, Entry], parts: _Parts) -> JobSpec:
    folder = workdir(parts.around, found["workdir"].value) if "workdir" in found else None
    mounted = file_mounts(parts.around, found["file_mounts"].value, folder) if "file_mounts" in found else ()
    claimed = volumes(parts.around, found["volumes"].value, len(mounted)) if "volumes" in found else ()
    return JobSpec(
        contract=Contract.SKYPILOT,
        name="job",
        image=parts.wanted.image,
        nodes=_nodes(reading, found) or 1,
        choices=parts.wanted.choices,
        setup=_script(reading, found, "setup"),
        run=_script(reading, found, "run"),
        env=dict(parts.known.env),
        secrets=parts.known.secrets,
        workdir=folder,
        mounts=(*mounted, *claimed),
        queue=parts.settings.queue,
        priority=parts.wanted.priority,
        resume=parts.wanted.resume,
        labels={**parts.settings.labels, **parts.wanted.labels},
        annotations=dict(parts.settings.annotations),
        service_account=parts.settings.service_account,
        ports=parts.wanted.ports,
        limits=parts.settings.limits,
        pod_config=parts.settings.pod_config,
    )


def _settings(reading: Reading, found: Mapping[str, Entry], experimental: list[Entry]) -> Config:
    older = [below for entry in experimental for below in taken(reading, entry.value, EXPERIMENTAL)]
    for entry in older:
        reading.note(entry.place, "`experimental.config_overrides` is the older name of `config`, and taken as that")
    every = [*older, *([found["config"]] if "config" in found else [])]
    if len(every) > 1:
        reading.refuse(every[0].place, "`config` and `experimental.config_overrides` are the same; keep `config`")
    return config(reading, every[-1].value) if every else Config()


def _node(found: Mapping[str, Entry], key: str) -> Node | None:
    return found[key].value if key in found else None


def _nodes(reading: Reading, found: Mapping[str, Entry]) -> int | None:
    if "num_nodes" not in found:
        return None
    reading.found["nodes",] = found["num_nodes"].value.place
    return reading.whole(found["num_nodes"].value, 1, _MOST_NODES)


def _script(reading: Reading, found: Mapping[str, Entry], key: str) -> str | None:
    if key not in found:
        return None
    reading.found[key,] = found[key].value.place
    text = reading.text(found[key].value)
    if text and "\0" in text:
        reading.refuse(found[key].value.place, f"`{key}` holds a NUL character, which no shell takes")
    return text


def _note_unset(reading: Reading, found: Mapping[str, Entry], own: Collection[str]) -> None:
    for part in ("setup", "run"):
        value = found[part].value if part in found else None
        for name, meant in unset(part, value.text, own) if isinstance(value, ScalarNode) else ():
            advice = f"; `{meant}` is set there" if meant else ""
            reading.note(found[part].place, f"`{part}` reads `{name}`, which nothing sets{advice}")


def _with_name(reading: Reading, found: Mapping[str, Entry], job: JobSpec, stem: str, given: JobOverrides) -> JobSpec:
    entry = found.get("name")
    written = reading.text(entry.value) if entry else None
    if entry and written is not None and not _NAME.fullmatch(written):
        reading.refuse(
            entry.value.place, f"{shown(entry.value)} is not a name: letters and digits, `-`, `_`, `.` between"
        )
    if given.name is not None:
        return job
    name = job_name(written or stem)
    if entry and written and name != written:
        reading.found["name",] = entry.value.place
        reading.note(entry.value.place, f"the job is called `{name}`: Kubernetes cannot have `{written}` as a name")
    return job.model_copy(update={"name": name})
