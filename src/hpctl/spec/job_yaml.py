"""A job in hpctl's own YAML, read into the model."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from pydantic import ValidationError

from hpctl.catalog.manifest_fields import POD_TEMPLATE
from hpctl.errors import Problem
from hpctl.spec.arrange import Arrangement, is_null
from hpctl.spec.job import JobSpec, Mount
from hpctl.spec.job_file import JobFile
from hpctl.spec.manifest_shape import shape_problems
from hpctl.spec.nodes import Entry, MappingNode
from hpctl.spec.notation import Notation, Structure
from hpctl.spec.paths import expanded, is_bucket
from hpctl.spec.positions import Place, SourceMap
from hpctl.spec.problems import problems_of
from hpctl.spec.substitute import Substitution, substitute
from hpctl.spec.verdict import elsewhere, in_file_order, invalid
from hpctl.spec.yaml_values import plain

HINT: Final = "`hpctl job schema` describes every key"

_LITERAL: Final = frozenset({"run", "setup", "env", "annotations", "pod_config"})
"""Keys whose dollar signs belong to the shell, to the scripts or to Kubernetes."""


@dataclass(frozen=True, slots=True)
class JobText:
    """A file as a tree. `folder` is where it lies, `home` what `~` means, `values` fill its variables."""

    file: str
    root: MappingNode
    repeated: tuple[Problem, ...]
    folder: str
    home: str
    values: Mapping[str, str]


def read_job(text: JobText, name: str) -> tuple[JobSpec, tuple[str, ...], SourceMap, frozenset[str]]:
    """Return the job, the notices, where its parts stand and which variables were used; `name` is for a nameless one.

    Raises SpecError with every problem in the order of the file.
    """
    filled = _filled(text)
    arrangement = Arrangement(text.file, Notation.JOB, JobFile)
    data = _data(filled.root, arrangement)
    if "name" not in data and ("name",) not in arrangement.meant:
        data["name"] = name
    file, refused = _validated(data, arrangement)
    early = (*text.repeated, *filled.problems)
    more = () if file is None else tuple(_mount_problems(file.mounts, arrangement))
    problems = in_file_order((*early, *elsewhere(early, (*arrangement.problems, *refused, *more))))
    if problems or file is None:
        raise invalid(text.file, "a valid job", problems, HINT)
    places = {path: node.place for path, node in arrangement.nodes.items()}
    source = SourceMap(text.file, MappingProxyType(places))
    return _located(file.job(), text), tuple(arrangement.notices), source, filled.used


def _filled(text: JobText) -> Substitution:
    """Fill the variables of all keys but those whose dollar signs mean something else."""
    kept = {entry.key: entry for entry in text.root.entries if entry.key in _LITERAL}
    rest = tuple(entry for entry in text.root.entries if entry.key not in _LITERAL)
    filled = substitute(text.file, MappingNode(text.root.place, rest), text.values)
    done = {entry.key: entry for entry in filled.root.entries} if isinstance(filled.root, MappingNode) else {}
    entries = tuple(kept.get(entry.key) or done[entry.key] for entry in text.root.entries)
    return Substitution(MappingNode(text.root.place, entries), filled.problems, filled.used)


def _data(root: object, arrangement: Arrangement) -> dict[str, object]:
    """Arrange all but `pod_config`, whose keys are Kubernetes' own."""
    if not isinstance(root, MappingNode):
        return {}
    pods = next((entry for entry in root.entries if entry.key == "pod_config" and not is_null(entry.value)), None)
    rest = MappingNode(root.place, tuple(entry for entry in root.entries if entry.key != "pod_config"))
    data = arrangement.arrange(rest, Structure(JobFile))
    if not isinstance(data, dict):
        return {}
    arrangement.problems += _headless(rest, arrangement)
    return data if pods is None else {**data, "pod_config": _pod_config(pods, arrangement)}


def _pod_config(entry: Entry, arrangement: Arrangement) -> object:
    arrangement.nodes["pod_config",] = entry.value
    arrangement.problems += shape_problems(arrangement.file, entry.value, POD_TEMPLATE)
    return plain(entry.value) if isinstance(entry.value, MappingNode) else {}


def _headless(root: MappingNode, arrangement: Arrangement) -> Iterable[Problem]:
    for key, value in (("api_version", "hpctl/v1"), ("kind", "Job")):
        if (key,) not in arrangement.nodes and (key,) not in arrangement.meant:
            message = f"`{key}` is missing; write `{key}: {value}`"
            yield Problem(arrangement.file, root.place.line, root.place.column, key, message, f"{key}: {value}")


def _validated(data: dict[str, object], arrangement: Arrangement) -> tuple[JobFile | None, tuple[Problem, ...]]:
    try:
        return JobFile.model_validate(data), ()
    except ValidationError as error:
        return None, tuple(problems_of(error, arrangement))


def _mount_problems(mounts: tuple[Mount, ...], arrangement: Arrangement) -> Iterable[Problem]:
    for index, mount in enumerate(mounts):
        for field, wrong in (
            ("path", None if _mountable(mount.path) else "is not an absolute path of a folder in the pods"),
            ("host_path", None if (mount.host_path or "/").startswith("/") else "is not an absolute path of the node"),
            ("s3", None if mount.s3 is None or _is_s3(mount.s3) else "is not an S3 URI, such as `s3://BUCKET/PREFIX`"),
        ):
            if wrong:
                place = _at(arrangement, ("mounts", index, field))
                message = f"`{getattr(mount, field)}` {wrong}"
                yield Problem(arrangement.file, place.line, place.column, place.path, message)


def _mountable(path: str) -> bool:
    return path.startswith("/") and path.strip("/") != "" and ".." not in path.split("/") and "\0" not in path


def _is_s3(uri: str) -> bool:
    return uri.startswith("s3://") and is_bucket(uri.removeprefix("s3://").partition("/")[0])


def _at(arrangement: Arrangement, path: tuple[str | int, ...]) -> Place:
    node = arrangement.nodes.get(path) or arrangement.nodes[path[:-1]]
    return node.place


def _located(job: JobSpec, text: JobText) -> JobSpec:
    """Resolve folders against the file's own: a file means the same from wherever it is submitted."""

    def local(path: str) -> str:
        return posixpath.normpath(posixpath.join(text.folder, expanded(path, text.home)))

    mounts = tuple(
        mount if mount.local is None else mount.model_copy(update={"local": local(mount.local)}) for mount in job.mounts
    )
    workdir = None if job.workdir is None else local(job.workdir)
    model = job.model
    if model is not None and model.name.startswith((".", "~")):
        found = local(model.name)  # `mine` alone would be a name, not a folder
        model = model.model_copy(update={"name": found if found.startswith(("/", ".")) else f"./{found}"})
    return job.model_copy(update={"mounts": mounts, "workdir": workdir, "model": model})
