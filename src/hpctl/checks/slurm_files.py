"""Slurm's two models of roles: SlurmConfig in the request, or provisioning_parameters.json beside the scripts."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hpctl.catalog.nearest import nearest
from hpctl.checks.declare import Path, check, fail, note, warn
from hpctl.checks.scripts import Folder, first_folders
from hpctl.errors import NotFoundError
from hpctl.facts.slurm_controller import PARAMETERS
from hpctl.facts.world import World
from hpctl.report.check import Finding
from hpctl.spec.cluster import ClusterSpec
from hpctl.terms import Orchestrator

FILE = PARAMETERS
_SHARED = (
    "slurm_database_secret_arn",
    "slurm_database_endpoint",
    "slurm_database_user",
    "slurm_shared_directory",
)
"""Keys without which several controllers do not work together."""
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Parameters:
    """A provisioning_parameters.json: where it is, and the groups it names, each with the key that names it.

    `file_systems` are its keys about FSx (`fsx_…`), as far as they are text; `shared` is what several controllers share
    (`slurm_configurations`), None where the file has nothing of it.
    """

    uri: str
    path: Path
    named: tuple[tuple[str, str], ...]
    file_systems: Mapping[str, str]
    shared: Mapping[str, Any] | None = None


@check(
    "slurm-model-exclusive",
    "the cluster uses one model of Slurm roles",
    about=("orchestrator", "instance_groups"),
    reads=("s3:ListBucket",),
    only_on=Orchestrator.SLURM,
)
def model_exclusive(spec: ClusterSpec, world: World) -> Iterator[Finding]:
    """Slurm roles stand in the request, or in `provisioning_parameters.json` beside the lifecycle scripts.

    HyperPod refuses both at once ("The LifeCycleConfig cannot include both a SLURM Orchestrator Config and a
    provisioning_parameters.json file simultaneously").
    """
    if not in_request(spec):
        return
    for path, group, folder in first_folders(spec):
        if _has_file(world, folder):
            yield fail(
                f"instance group/{group.name}",
                f"Slurm is configured in the spec, and by `{folder.uri}{FILE}` too",
                remedy=f"aws s3 rm {folder.uri}{FILE}",
                at=path,
            )


@check(
    "slurm-params-parse",
    "provisioning_parameters.json can be read",
    about=("instance_groups",),
    reads=("s3:ListBucket", "s3:GetObject"),
    only_on=Orchestrator.SLURM,
)
def params_parse(spec: ClusterSpec, world: World) -> Iterator[Finding]:
    """Without roles in the request, the scripts of AWS's samples take them from `provisioning_parameters.json`.

    It is JSON with `version`, `workload_manager: slurm`, `controller_group` and a list `worker_groups`. Where there
    is no such file, hpctl only says so: scripts of your own may know better.
    """
    for path, group, folder in _legacy_folders(spec):
        subject, uri = f"instance group/{group}", f"{folder.uri}{FILE}"
        if not _has_file(world, folder):
            yield note(subject, f"no Slurm roles in the spec and no `{uri}`: the scripts have to know them", at=path)
            continue
        for fault in _faults(_text(world, folder)):
            yield fail(subject, f"`{uri}` {fault}", remedy=f"mend the file, then: aws s3 cp {FILE} {uri}", at=path)


@check(
    "slurm-params-match",
    "provisioning_parameters.json names groups that there are",
    about=("instance_groups",),
    needs=("slurm-params-parse",),
    reads=("s3:ListBucket", "s3:GetObject"),
    only_on=Orchestrator.SLURM,
)
def params_match(spec: ClusterSpec, world: World) -> Iterator[Finding]:
    """Every group in `provisioning_parameters.json` must be an instance group of the request, to the letter."""
    groups = [group.name for group in spec.all_groups]
    for one in parameters(spec, world):
        for key, name in one.named:
            if name not in groups:
                near = nearest(name, groups)
                yield fail(
                    f"{FILE}/{key}",
                    f"names `{name}`, and there is no such instance group",
                    f"instance groups: {', '.join(groups)}",
                    remedy=f"name `{near[0] if near else groups[0]}` in `{one.uri}`",
                    at=one.path,
                )


@check(
    "slurm-params-declared",
    "provisioning_parameters.json names every group once",
    about=("instance_groups",),
    needs=("slurm-params-match",),
    reads=("s3:ListBucket", "s3:GetObject"),
    only_on=Orchestrator.SLURM,
)
def params_declared(spec: ClusterSpec, world: World) -> Iterator[Finding]:
    """A group that the file does not name gets no role, and one that it names twice gets two."""
    for one in parameters(spec, world):
        named = [name for _key, name in one.named]
        for group in spec.all_groups:
            count = named.count(group.name)
            if count != 1:
                yield fail(
                    f"instance group/{group.name}",
                    f"`{one.uri}` names it {count} times" if count else f"`{one.uri}` does not name it",
                    remedy=f"name `{group.name}` once: as controller_group, login_group or one of worker_groups",
                    at=one.path,
                )


@check(
    "slurm-multi-head",
    "several Slurm controllers have what they share",
    about=("instance_groups",),
    needs=("slurm-params-match",),
    reads=("s3:ListBucket", "s3:GetObject"),
    blocking=False,
    only_on=Orchestrator.SLURM,
)
def multi_head(spec: ClusterSpec, world: World) -> Iterator[Finding]:
    """Several controllers share an accounting database and a directory, which `slurm_configurations` names.

    Without them each is a controller of its own. There are several in this model alone, and then two at least.
    Source: AWS documentation, `Setting up multiple controller nodes for a SageMaker HyperPod Slurm cluster`.
    """
    for one in parameters(spec, world):
        heads = sum(group.count for group in spec.instance_groups if ("controller_group", group.name) in one.named)
        missing = [f"`{key}`" for key in _SHARED if not (one.shared or {}).get(key)]
        if heads > 1 and missing:
            message = f"asks for {heads} controllers, and `{one.uri}` has no {', '.join(missing)}"
            remedy = f"add them under `slurm_configurations` in `{one.uri}`, or ask for one controller: count: 1"
            yield warn(f"{FILE}/slurm_configurations", message, remedy=remedy, at=one.path)
        elif heads == 1 and one.shared:
            message = f"`{one.uri}` is for several controllers, and the spec asks for one"
            yield warn(f"{FILE}/slurm_configurations", message, remedy="count: 2", at=one.path)


def in_request(spec: ClusterSpec) -> bool:
    """Whether the request configures Slurm, and not a file beside the scripts."""
    configured = spec.orchestrator is not None and spec.orchestrator.slurm is not None
    return configured or any(group.slurm for group in spec.instance_groups)


def _legacy_folders(spec: ClusterSpec) -> Iterator[tuple[Path, str, Folder]]:
    if not in_request(spec):
        yield from ((path, group.name, folder) for path, group, folder in first_folders(spec))


def _has_file(world: World, folder: Folder) -> bool:
    objects = world.objects(folder.bucket, folder.prefix)
    # No bucket, no file: that the bucket is missing is what another check says.
    return any(row.key == f"{folder.prefix}{FILE}" for row in objects or ())


def _text(world: World, folder: Folder) -> bytes:
    text = world.content(folder.bucket, f"{folder.prefix}{FILE}")
    if text is None:
        raise NotFoundError(f"there is no `{folder.uri}{FILE}`")
    return text


def _faults(text: bytes) -> Iterator[str]:
    if text.startswith(_BOM):
        yield "begins with a byte order mark"
        return
    try:
        data = json.loads(text)
    except json.JSONDecodeError as error:
        yield f"is no JSON, line {error.lineno} column {error.colno}: {error.msg}"
    except (UnicodeDecodeError, RecursionError):
        yield "is no JSON that can be read"
    else:
        yield from _misshapen(data) if isinstance(data, dict) else ("is no JSON object",)


def _misshapen(data: dict[str, Any]) -> Iterator[str]:
    for key in ("version", "workload_manager", "controller_group"):
        if not isinstance(data.get(key), str):
            yield f"has no `{key}`"
    if data.get("workload_manager", "slurm") != "slurm":
        yield "has a `workload_manager` other than `slurm`"
    if not _are_workers(data.get("worker_groups")):
        yield "has no list `worker_groups` of objects with an `instance_group_name`"
    elif unplaced := [row["instance_group_name"] for row in data["worker_groups"] if not row.get("partition_name")]:
        yield f"has no `partition_name` for `{unplaced[0]}`"
    if bool(data.get("fsx_dns_name")) != bool(data.get("fsx_mountname")):
        yield "has one of `fsx_dns_name` and `fsx_mountname`, which go together"


def _are_workers(rows: object) -> bool:
    return isinstance(rows, list) and all(
        isinstance(row, dict) and isinstance(row.get("instance_group_name"), str) for row in rows
    )


def parameters(spec: ClusterSpec, world: World) -> Iterator[Parameters]:
    """Yield the files that roles come from; raises `NotFoundError` for one that cannot be read."""
    for path, _group, folder in _legacy_folders(spec):
        if not _has_file(world, folder):
            continue
        text, uri = _text(world, folder), f"{folder.uri}{FILE}"
        if fault := next(_faults(text), None):
            # Only with `slurm-params-parse` left out: what cannot be read names nothing, and nothing wrong either.
            raise NotFoundError(f"`{uri}` {fault}")
        data = json.loads(text)
        file_systems = {key: value for key, value in data.items() if key.startswith("fsx_") and isinstance(value, str)}
        shared = data.get("slurm_configurations")
        yield Parameters(uri, path, tuple(_named(data)), file_systems, shared if isinstance(shared, dict) else None)


def _named(data: dict[str, Any]) -> Iterator[tuple[str, str]]:
    yield "controller_group", data["controller_group"]
    if isinstance(data.get("login_group"), str):
        yield "login_group", data["login_group"]
    for number, row in enumerate(data["worker_groups"]):
        yield f"worker_groups[{number}]", row["instance_group_name"]
