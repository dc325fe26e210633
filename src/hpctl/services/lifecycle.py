"""Lifecycle scripts for a cluster: hpctl's own, with what the spec says of its nodes beside them."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from hpctl.catalog.instance_types import instance_type
from hpctl.catalog.lifecycle_scripts import lifecycle_scripts
from hpctl.catalog.nearest import nearest
from hpctl.checks.scripts import Folder, first_folders
from hpctl.checks.slurm_files import FILE, in_request
from hpctl.errors import UsageError
from hpctl.report.lifecycle import ScriptFile, ScriptFolderReport
from hpctl.spec.cluster import ClusterSpec
from hpctl.spec.groups import InstanceGroup
from hpctl.spec.storage import EbsVolume
from hpctl.terms import Orchestrator, SlurmNodeType

ROLES = "roles.json"
"""What provisioning_parameters.json says, where HyperPod must not find that: the request has the roles."""

_CONTROLLERS = ("controller", "head", "master", "ctl")
_LOGINS = ("login",)


@dataclass(frozen=True)
class Heads:
    """The groups of a Slurm cluster without roles that somebody named: None where hpctl is to find them."""

    controller: str | None = None
    login: str | None = None


def scripts_for(spec: ClusterSpec, heads: Heads) -> dict[str, bytes]:
    """Return the scripts for a cluster, and the file that tells them about its groups.

    Raises:
        UsageError: the spec has no groups, or does not show which one is the Slurm controller.
    """
    if not spec.instance_groups:
        raise UsageError("the spec has no instance groups, and so no nodes to prepare")
    orchestrator = spec.kind_of_orchestrator
    scripts = lifecycle_scripts(orchestrator)
    if orchestrator is Orchestrator.EKS:
        return {**scripts, "settings.sh": _settings(spec)}
    if in_request(spec):
        return {**scripts, ROLES: _json(_roles_of_request(spec))}
    return {**scripts, FILE: _json(_parameters(spec, heads))}


def written(spec: ClusterSpec, folder: str, scripts: Mapping[str, bytes], file: str) -> ScriptFolderReport:
    """Return what was written into a folder, and the commands that come next."""
    return ScriptFolderReport(
        folder=folder,
        orchestrator=spec.kind_of_orchestrator,
        files=tuple(
            ScriptFile(name=name, size=len(text), sha256=sha256(text).hexdigest())
            for name, text in sorted(scripts.items())
        ),
        then=(
            shlex.join(["hpctl", "lifecycle", "lint", folder, "-f", file]),
            shlex.join(["hpctl", "lifecycle", "upload", folder, "-f", file]),
        ),
    )


def folder_of(spec: ClusterSpec | None, uri: str | None) -> Folder:
    """Return where the scripts of a spec are in S3, or the folder of an address.

    Raises:
        UsageError: the spec names no folder, or several, and no address says which.
    """
    if uri is not None:
        return Folder.of(uri)
    found = [folder for _path, _group, folder in first_folders(spec)] if spec else []
    if len(found) == 1:
        return found[0]
    if not found:
        raise UsageError("no group of the spec names a folder of scripts", hint="name it: --to s3://BUCKET/PREFIX")
    names = ", ".join(f"`{folder.uri}`" for folder in found)
    raise UsageError(f"the spec names several folders of scripts: {names}", hint=f"name one: --to {found[0].uri}")


def _settings(spec: ClusterSpec) -> bytes:
    volumes = [group for group in spec.instance_groups if any(_is_second(storage.ebs) for storage in group.storage)]
    has = "yes" if volumes else "no"
    text = "#!/bin/bash\n# What the spec says of the nodes. Written by `hpctl lifecycle init`.\n"
    return (
        f"{text}\n# Whether a group has a volume beside the root volume, which is at /opt/sagemaker.\n"
        f"export SECONDARY_VOLUME={has}\n".encode()
    )


def _is_second(volume: EbsVolume | None) -> bool:
    return volume is not None and volume.root_volume is not True


def _roles_of_request(spec: ClusterSpec) -> dict[str, Any]:
    by_role = {role: [group for group in spec.instance_groups if _role(group) == role] for role in SlurmNodeType}
    controllers, logins = by_role[SlurmNodeType.CONTROLLER], by_role[SlurmNodeType.LOGIN]
    if len(controllers) != 1:
        raise UsageError(
            f"{len(controllers)} groups of the spec are Slurm controllers, and one it must be",
            hint="write `slurm: {node_type: Controller}` to one group, and `Compute` to those that run jobs",
        )
    workers = ((group, _partition(group)) for group in by_role[SlurmNodeType.COMPUTE])
    return _document(controllers[0].name, logins[0].name if logins else None, workers)


def _parameters(spec: ClusterSpec, heads: Heads) -> dict[str, Any]:
    names = [group.name for group in spec.instance_groups]
    for wanted in filter(None, (heads.controller, heads.login)):
        if wanted not in names:
            near = nearest(wanted, names)
            hint = f"did you mean `{near[0]}`?" if near else f"there are {', '.join(f'`{name}`' for name in names)}"
            raise UsageError(f"the spec has no instance group `{wanted}`", hint=hint)
    controller = heads.controller or _one_named(spec.instance_groups, _CONTROLLERS)
    if controller is None:
        raise UsageError(
            "nothing in the spec shows which group is the Slurm controller",
            hint=f"name it: --controller-group NAME, one of {', '.join(f'`{name}`' for name in names)}",
        )
    login = heads.login or _one_named(spec.instance_groups, _LOGINS)
    workers = [group for group in spec.instance_groups if group.name not in {controller, login}]
    return _document(controller, login, ((group, group.name) for group in workers))


def _one_named(groups: Iterable[InstanceGroup], words: tuple[str, ...]) -> str | None:
    """Return the one group without accelerators whose name has one of the words."""
    found = [group.name for group in groups if any(word in group.name.lower() for word in words) and _plain(group)]
    return found[0] if len(found) == 1 else None


def _plain(group: InstanceGroup) -> bool:
    return all(instance_type(name).accelerator_count == 0 for name in group.types)


def _document(controller: str, login: str | None, workers: Iterable[tuple[InstanceGroup, str]]) -> dict[str, Any]:
    rows = [{"instance_group_name": group.name, "partition_name": partition} for group, partition in workers]
    heads = {"controller_group": controller} | ({"login_group": login} if login else {})
    return {"version": "1.0.0", "workload_manager": "slurm", **heads, "worker_groups": rows}


def _role(group: InstanceGroup) -> str | None:
    return group.slurm.node_type if group.slurm else None


def _partition(group: InstanceGroup) -> str:
    return next(iter(group.slurm.partition_names), group.name) if group.slurm else group.name


def _json(document: dict[str, Any]) -> bytes:
    return (json.dumps(document, indent=2) + "\n").encode()
