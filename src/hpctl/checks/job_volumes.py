"""Whether a job keeps what it writes: on storage of its own that outlives a node, or on a node's disk."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import StrEnum
from pathlib import PurePosixPath
from typing import Final

from hpctl.checks.declare import check, warn
from hpctl.checks.job_commands import texts
from hpctl.checks.job_pods import PodTemplate, templates
from hpctl.facts.job_target import JobInCluster
from hpctl.facts.world import World
from hpctl.report.check import Finding
from hpctl.spec.manifest_pods import mapping, rows

_CHECKPOINTS: Final = re.compile(
    r"(?<!\S)--?(?P<option>(?:checkpoint|ckpt|save)[-_]?(?:dir|path|folder|root)|save|output[-_]dir)"
    r"(?:=|\s+)[\"']?(?P<place>/[^\s\"']*)"
)
"""Options by which training programs are told where checkpoints go (Hugging Face, NeMo, Megatron-LM, AWS's samples)."""

_OF_THE_NODE: Final = ("/opt", "/tmp", "/mnt/k8s-disks", "/var", "/root", "/home", "/dev", "/run")  # noqa: S108
"""Where a node's own disks are (AWS documentation: /opt/sagemaker, /opt/dlami/nvme; the AMI's /tmp and /var)."""


class Keeping(StrEnum):
    """Where a path of a pod leads."""

    SHARED = "shared"
    """To storage that is there when the node is gone."""
    NODE = "node"
    """To a disk of the node, or of the container."""
    UNKNOWN = "unknown"


@check(
    "storage-checkpoint-external",
    "checkpoints outlive the node that writes them",
    needs=("kube-token",),
    blocking=False,
)
def checkpoints(job: JobInCluster, _world: World) -> Iterator[Finding]:
    """HyperPod replaces a node that fails, and its disks with it; a container's own files go with the container.

    What the job would be resumed from is then gone. Looked at are absolute paths behind options such as
    `--checkpoint_dir` and `--output_dir`, and what is mounted there.
    """
    for template in templates(job):
        for one in texts(job, template):
            for found in _CHECKPOINTS.finditer(one.text):
                if keeping(template, found["place"]) is Keeping.NODE:
                    yield warn(
                        f"job/{job.name} ({one.where})",
                        "writes checkpoints to a disk that goes with its node",
                        found[0].strip(),
                        remedy="write them to storage that is mounted from outside, such as /fsx, or to s3://",
                    )


def keeping(template: PodTemplate, place: str) -> Keeping:
    """Return where an absolute path leads in the first container that mounts something there."""
    if not place.startswith("/") or "$" in place:
        return Keeping.UNKNOWN
    volumes = {str(mapping(row).get("name")): mapping(row) for row in rows(template.spec.get("volumes"))}
    best: tuple[int, Keeping] = (0, Keeping.NODE)
    for mount in _mounts(template):
        path = PurePosixPath(mount[0])
        if PurePosixPath(place).is_relative_to(path):
            best = max(best, (len(path.parts), _kept(volumes.get(mount[1], {}))), key=lambda found: found[0])
    return best[1]


def _mounts(template: PodTemplate) -> Iterator[tuple[str, str]]:
    for one in template.containers:
        for row in map(mapping, rows(one.get("volumeMounts"))):
            yield str(row.get("mountPath") or "/"), str(row.get("name"))


def _kept(volume: object) -> Keeping:
    match volume:
        case {"emptyDir": _} | {"ephemeral": _}:
            return Keeping.NODE
        case {"hostPath": {"path": str(path)}}:
            local = any(PurePosixPath(path).is_relative_to(each) for each in _OF_THE_NODE)
            return Keeping.NODE if local else Keeping.SHARED
        case _:
            return Keeping.SHARED
