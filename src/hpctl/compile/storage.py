"""What a job's pods have mounted: its scripts and archives, `/dev/shm`, a working directory, storage of the user's.

Sources: Kubernetes documentation, "Volumes", and API reference; /dev/shm is 64 MiB in a container that mounts nothing
there, which is too little for the workers of a data loader.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any, Final

from hpctl.compile.bundle import Manifest, Payload
from hpctl.compile.environment import secret_name, secret_values
from hpctl.compile.labels import own_labels
from hpctl.compile.scripts import SCRIPTS_PATH, TOKEN_KEY, ArchivePart, archive_items, is_shared, mesh_token, scripts
from hpctl.errors import UsageError
from hpctl.facts.jobs import CONFIG_MAP, SECRET, ObjectKind
from hpctl.facts.placement import Placement
from hpctl.spec.job import Contract, JobSpec, Mount, MountMode

WORK_DIRECTORY: Final = "/workdir"
SHARED_MEMORY: Final = "/dev/shm"  # noqa: S108  # of the pod, not of this machine
LARGEST: Final = 950 * 1024
"""Bytes in one ConfigMap: it may have 1 MiB with its names (Kubernetes API reference)."""
_LEAST_SHARED_GIB: Final = 10
_EXECUTABLE: Final = 0o755
_SECRET_FILE: Final = 0o400


def objects(spec: JobSpec, placement: Placement, payload: Payload) -> Iterator[Manifest]:
    """Yield what the volumes are made of: the Secret, and the ConfigMaps of scripts and archives.

    Raises:
        UsageError: the scripts are larger than a ConfigMap holds.
    """
    secrets = secret_values(spec, payload)
    if is_shared(spec):
        secrets[TOKEN_KEY] = mesh_token(payload.seed)
    if secrets:
        data = {name: _base64(value.encode()) for name, value in secrets.items()}
        yield _object(SECRET, secret_name(spec), spec, payload, {"type": "Opaque", "data": data})
    texts = dict(scripts(spec, placement, payload))
    size = sum(len(name) + len(text.encode()) for name, text in texts.items())
    if size > LARGEST:
        hint = "put what is long into a file of `workdir`"
        raise UsageError(f"`setup` and `run` take {size} bytes with their variables, above {LARGEST}", hint=hint)
    yield _object(CONFIG_MAP, f"{spec.name}-scripts", spec, payload, {"data": texts})
    for number, parts in enumerate(_boxes(payload)):
        data = {part.key: _base64(part.data) for part in parts}
        yield _object(CONFIG_MAP, _box_name(spec, number), spec, payload, {"binaryData": data})


def volumes(spec: JobSpec, placement: Placement, payload: Payload) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the volumes of a pod, and where its container mounts them.

    Raises:
        UsageError: something in S3 shall be mounted and no claim does it.
    """
    found = [_scripts_volume(spec, payload), *_memory(spec, placement), *_workdir(spec)]
    found.extend(_stored(number, mount) for number, mount in enumerate(spec.mounts) if mount.claim or mount.host_path)
    for mount in spec.mounts:
        if mount.s3 is not None and mount.mode is MountMode.MOUNT:
            hint = "copy it with `mode: COPY`, or name a claim of an S3 CSI driver as `claim`"
            raise UsageError(f"`{mount.s3}` cannot be mounted at `{mount.path}` by itself", hint=hint)
    return [volume for volume, _ in found], [mount for _, mount in found]


def _scripts_volume(spec: JobSpec, payload: Payload) -> tuple[dict[str, Any], dict[str, Any]]:
    sources: list[dict[str, Any]] = [{"configMap": {"name": f"{spec.name}-scripts"}}]
    if is_shared(spec):
        item = {"key": TOKEN_KEY, "path": "token", "mode": _SECRET_FILE}
        sources.append({"secret": {"name": secret_name(spec), "items": [item]}})
    for number, parts in enumerate(_boxes(payload)):
        items = [{"key": part.key, "path": part.path} for part in parts]
        sources.append({"configMap": {"name": _box_name(spec, number), "items": items}})
    volume = {"name": "job-files", "projected": {"defaultMode": _EXECUTABLE, "sources": sources}}
    return volume, {"name": "job-files", "mountPath": SCRIPTS_PATH, "readOnly": True}


def _memory(spec: JobSpec, placement: Placement) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    if any(mount.path == SHARED_MEMORY for mount in spec.mounts):
        return
    # A cap, not a reservation: pages count when they are written, and then as the container's memory.
    size = max(_LEAST_SHARED_GIB, round(placement.memory_gib / 2))
    volume = {"name": "shared-memory", "emptyDir": {"medium": "Memory", "sizeLimit": f"{size}Gi"}}
    yield volume, {"name": "shared-memory", "mountPath": SHARED_MEMORY}


def _workdir(spec: JobSpec) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    if spec.contract is Contract.TRAINING and all(mount.path != WORK_DIRECTORY for mount in spec.mounts):
        yield {"name": "workdir", "emptyDir": {}}, {"name": "workdir", "mountPath": WORK_DIRECTORY}


def _stored(number: int, mount: Mount) -> tuple[dict[str, Any], dict[str, Any]]:
    name = f"mount-{number}"
    at = {"name": name, "mountPath": mount.path, **({"readOnly": True} if mount.read_only else {})}
    if mount.claim:
        claim = {"claimName": mount.claim, **({"readOnly": True} if mount.read_only else {})}
        return {"name": name, "persistentVolumeClaim": claim}, at
    return {"name": name, "hostPath": {"path": mount.host_path}}, at


def _boxes(payload: Payload) -> list[list[ArchivePart]]:
    """Return the parts of the archives as they share ConfigMaps, in order."""
    boxes: list[list[ArchivePart]] = []
    room = 0
    for part in archive_items(payload):
        size = len(part.data) + len(part.key)
        if size > room:
            boxes.append([])
            room = LARGEST
        boxes[-1].append(part)
        room -= size
    return boxes


def _box_name(spec: JobSpec, number: int) -> str:
    return f"{spec.name}-files-{number}"


def _object(kind: ObjectKind, name: str, spec: JobSpec, payload: Payload, content: dict[str, Any]) -> Manifest:
    metadata: dict[str, Any] = {"name": name, "labels": own_labels(spec, payload)}
    if spec.namespace:
        metadata["namespace"] = spec.namespace
    return Manifest(kind, {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": metadata, **content})


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
