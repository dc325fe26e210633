"""A development pod as objects: the job that is its pod, its record, and the claim of its working directory."""

from __future__ import annotations

import json
from typing import Any, Final

from hpctl.compile.bundle import Manifest
from hpctl.compile.scripts import text_of
from hpctl.compile.storage import WORK_DIRECTORY
from hpctl.facts.dev import DEV_LABEL, USER_KEY, WISH_KEY, DevWish
from hpctl.facts.jobs import CLAIM, CONFIG_MAP, MANAGED_BY, ObjectKind
from hpctl.spec.job import Choice, JobSpec, Mount, Resume
from hpctl.spec.job_change import changed
from hpctl.spec.job_wish import JobOverrides

_RESTARTS: Final = 20
"""How often a pod that a node lost, or somebody evicted, is made again."""


def record_name(name: str) -> str:
    """Return what the ConfigMap of a development pod is called."""
    return f"{name}-dev"


def claim_name(name: str) -> str:
    """Return what the claim of a development pod is called, where it has one of its own."""
    return f"{name}-workdir"


def dev_job(wish: DevWish) -> JobSpec:
    """Return the job that is the pod.

    Raises:
        UsageError: a name, an accelerator or an instance type that no job can have.
    """
    given = JobOverrides(
        name=wish.name,
        accelerators=wish.accelerators,
        instance_type=wish.instance_type,
        image=wish.image,
        queue=wish.queue,
        priority=wish.priority,
    )
    spec = changed(JobSpec(name="dev", run=_run(wish)), given)
    mounts = (Mount(path=WORK_DIRECTORY, claim=wish.claim),) if wish.claim else ()
    update: dict[str, Any] = {
        "choices": _choices(spec, wish),
        "mounts": mounts,
        "pod_config": _in_folder(wish),
        "labels": {DEV_LABEL: wish.name},
        "resume": Resume(max_retries=_RESTARTS),
    }
    return JobSpec.model_validate({**dict(spec), **update})


def record(wish: DevWish, namespace: str, user: str) -> Manifest:
    """Return the ConfigMap that remembers the wish."""
    return _object(CONFIG_MAP, wish.name, namespace, record_name(wish.name), {"data": _told(wish, user)})


def claim(wish: DevWish, namespace: str) -> Manifest:
    """Return the claim of the working directory."""
    spec: dict[str, Any] = {
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": f"{wish.claim_gib}Gi"}},
    }
    if wish.storage_class:
        spec["storageClassName"] = wish.storage_class
    return _object(CLAIM, wish.name, namespace, claim_name(wish.name), {"spec": spec})


def _told(wish: DevWish, user: str) -> dict[str, str]:
    return {WISH_KEY: wish.text, USER_KEY: user}


def _object(kind: ObjectKind, name: str, namespace: str, called: str, content: dict[str, Any]) -> Manifest:
    key, value = MANAGED_BY
    metadata = {"name": called, "namespace": namespace, "labels": {key: value, DEV_LABEL: name}}
    return Manifest(kind, {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": metadata, **content})


def _run(wish: DevWish) -> str:
    return f"HPCTL_DEV_IDLE_S={wish.idle_stop_s or 0}\n{text_of('dev.sh')}"


def _choices(spec: JobSpec, wish: DevWish) -> tuple[Choice, ...]:
    if wish.cpus is None and wish.memory_gib is None:
        return spec.choices
    asked = {"cpus": wish.cpus, "memory_gib": wish.memory_gib}
    return tuple(Choice.model_validate({**dict(one), **asked}) for one in spec.choices or (Choice(),))


def _in_folder(wish: DevWish) -> str | None:
    """Return what lets a pod see one folder of a claim that others use as well."""
    if not (wish.claim and wish.claim_folder):
        return None
    mount = {"mountPath": WORK_DIRECTORY, "subPath": wish.claim_folder}
    return json.dumps({"spec": {"containers": [{"volumeMounts": [mount]}]}})
