"""The files that a job's containers begin with, as one ConfigMap has them.

What a script of the user's is promised is SkyPilot's contract (0.14.1, measured) or torchrun's rendezvous, and is kept
by the files of `task/`. This module adds what differs between jobs: the user's own texts, and a few settings.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import math
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from typing import Final

from hpctl.compile.bundle import Payload, Placement
from hpctl.compile.labels import AUTO_RESUME
from hpctl.spec.job import Contract, JobSpec

SCRIPTS_PATH: Final = "/opt/hpctl/job"
"""Where the pods of a job find these files: the ConfigMap, the token and the archives, as one projected volume."""
COMMAND: Final = ("/bin/bash", f"{SCRIPTS_PATH}/start.sh")
"""What a job's container runs; nothing of the user's stands in it."""
COORDINATOR_PORT: Final = 26590
"""The port between the nodes of a job; ssh has 22."""
TOKEN_KEY: Final = "mesh-token"  # noqa: S105  # the name of a secret
"""The key of the job's Secret that `mesh_token` belongs to, mounted as `token`."""
PART_BYTES: Final = 900 * 1024
"""A ConfigMap holds 1 MiB, and base64 is not counted against it, but its metadata is (Kubernetes API reference)."""
_ELASTIC: Final = re.compile(r"--nnodes[=\s]+\S*:|\bhyperpodrun\b")
"""A launcher that goes on with fewer nodes, or whose operator restarts ranks itself."""
_SHARED: Final = ("start.sh", "prepare.sh", "phase.sh")
SKYPILOT_FILES: Final = {
    "preamble.sh": "preamble.sh",
    "session.sh": "session.sh",
    "tool.sudo": "sudo.sh",
    "tool.uv": "uv.sh",
}
_AGENT: Final = ("__init__", "attendance", "coordinator", "member", "muster", "peer", "roll", "script", "wire")


@dataclass(frozen=True, slots=True)
class ArchivePart:
    """A piece of an archive: `key` is unique among the parts of a job, `path` where it is mounted in the volume."""

    key: str
    path: str
    data: bytes = field(repr=False)


def scripts(spec: JobSpec, placement: Placement, payload: Payload) -> Mapping[str, str]:
    """Return the files by name: the data of the job's ConfigMap.

    S3 mounts that `spec` still has are copied before `setup`; those that a claim serves must have become claims.
    """
    found = {name: text_of(name) for name in _SHARED}
    found |= {name: text for name, text in (("setup", spec.setup), ("run", spec.run)) if text is not None}
    found["settings.sh"] = _settings(spec, placement, payload)
    found["archives"] = "".join(_archive_lines(payload))
    found["copies"] = "".join(f"{mount.s3} {mount.path}\n" for mount in spec.mounts if mount.s3 is not None)
    found["env-names"] = "".join(f"{name}\n" for name in dict.fromkeys((*spec.env, *spec.secrets, *payload.secrets)))
    found["secret-names"] = "".join(f"{name}\n" for name in dict.fromkeys((*spec.secrets, *payload.secrets)))
    if spec.contract is Contract.SKYPILOT:
        found |= {name: text_of(source) for name, source in SKYPILOT_FILES.items()}
    if spec.nodes > 1:
        found |= {f"agent.{name}.py": text_of(f"agent/{name}.py") for name in _AGENT}
    return found


def is_shared(spec: JobSpec) -> bool:
    """Whether a job's nodes speak with each other, and so need the token."""
    return spec.nodes > 1


def mesh_token(seed: bytes) -> str:
    """Return what the pods of a job know each other by, from the submission's own random bytes."""
    return hmac.new(seed, b"nodes of one task", hashlib.sha256).hexdigest()


def archive_items(payload: Payload) -> tuple[ArchivePart, ...]:
    """Return the archives in pieces of at most PART_BYTES, in the order of `archives`."""
    return tuple(
        ArchivePart(f"archive-{index}-{number:04}", f"files/{index}/{number:04}", piece)
        for index, path in enumerate(sorted(payload.archives))
        for number, piece in enumerate(_pieces(payload.archives[path]))
    )


def _pieces(data: bytes) -> Iterator[bytes]:
    for start in range(0, len(data), PART_BYTES):
        yield data[start : start + PART_BYTES]


def _archive_lines(payload: Payload) -> Iterator[str]:
    for index, path in enumerate(sorted(payload.archives)):
        yield f"{index} {hashlib.sha256(payload.archives[path]).hexdigest()} {path}\n"


def _settings(spec: JobSpec, placement: Placement, payload: Payload) -> str:
    values = {
        "contract": spec.contract.value,
        "nodes": str(spec.nodes),
        "devices": str(math.ceil(placement.devices)),
        "processes": str(placement.processes),
        "retries": str(spec.resume.max_retries if spec.resume else 0),
        "failure": failure_of(spec),
        "task_id": task_id(spec.name, payload.submitted or datetime.fromtimestamp(0, UTC)),
        "cluster_info": _cluster_info(spec.name, payload.context),
        "user": payload.user,
    }
    return "".join(f"hpctl_{name}={shlex.quote(value)}\n" for name, value in values.items())


def failure_of(spec: JobSpec) -> str:
    """Return what the failure of one rank means for the others: `ends`, `restarts`, or they are left `alone`.

    Left alone are those of which somebody else takes care: torchrun's elastic agents, the HyperPod operator's, and
    HyperPod's auto-resume where the file itself asks for it.
    """
    if spec.resume is None:
        return "alone" if spec.annotations.get(AUTO_RESUME) == "true" else "ends"
    text = f"{spec.setup or ''}\n{spec.run or ''}"
    return "alone" if _ELASTIC.search(text) or ":" in spec.env.get("PET_NNODES", "") else "restarts"


def task_id(name: str, submitted: datetime) -> str:
    """Return SkyPilot's form: what stands before the first underscore is the task's log folder."""
    return f"sky-{submitted.astimezone(UTC):%Y-%m-%d-%H-%M-%S-%f}_{name}_1"


def _cluster_info(name: str, context: str) -> str:
    return json.dumps({"cluster_name": name, "cloud": "Kubernetes", "region": context, "zone": None})


@cache
def text_of(name: str) -> str:
    """Return a file of `task/`."""
    return (files("hpctl.compile.task") / name).read_text(encoding="utf-8")
