"""A job's objects: what its pods need, and the job itself."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

from hpctl.compile.bundle import Bundle, Manifest, Payload
from hpctl.compile.hyperpod import LAUNCHER, hyperpod_job
from hpctl.compile.indexed import headless_service, indexed_job
from hpctl.compile.jobset import job_set
from hpctl.compile.kinds import job_kind
from hpctl.compile.labels import job_annotations, job_labels, resume_annotations
from hpctl.compile.making import Making
from hpctl.compile.pytorchjob import pytorch_job
from hpctl.compile.storage import objects
from hpctl.facts.dev import DEV_LABEL
from hpctl.facts.jobs import BATCH_JOB, HYPERPOD_PYTORCH_JOB, JOB_SET, PYTORCH_JOB, SECRET, ObjectKind
from hpctl.facts.placement import Placement
from hpctl.spec.job import Contract, JobSpec

__all__ = ["compile_job", "job_kind", "redacted"]

REDACTED: Final = "<redacted>"
_SPECS: Final[Mapping[str, Callable[[Making], dict[str, Any]]]] = MappingProxyType(
    {
        PYTORCH_JOB.qualified: pytorch_job,
        HYPERPOD_PYTORCH_JOB.qualified: hyperpod_job,
        JOB_SET.qualified: job_set,
        BATCH_JOB.qualified: indexed_job,
    }
)


def compile_job(
    spec: JobSpec,
    placement: Placement,
    served: Collection[ObjectKind],
    payload: Payload,
    *,
    kind: ObjectKind | None = None,
) -> Bundle:
    """Build the objects of a job, in the order of creation; `kind` forces what it becomes.

    Pure: the same arguments give the same objects.

    Raises:
        UsageError: the forced kind is not there or does not fit, a variable or a script cannot travel, a secret has no
            value, or `pod_config` does not fit a pod.
    """
    making, chosen = Making(spec, placement, payload), job_kind(spec, served, kind)
    body = _SPECS[chosen.qualified](making)
    before = [*objects(spec, placement, payload)]
    if chosen.qualified == BATCH_JOB.qualified:
        before.append(headless_service(making))
    job = Manifest(chosen, _object(making, chosen, body))
    return Bundle(job, tuple(before), tuple(_notices(spec, chosen)))


def redacted(manifest: Manifest) -> Mapping[str, Any]:
    """Return an object as it may be shown: a Secret's values are not in it.

    They stand as text (`stringData`): in `data` Kubernetes takes nothing but base64.
    """
    if manifest.kind.qualified != SECRET.qualified:
        return manifest.body
    values = [key for part in ("data", "stringData") for key in manifest.body.get(part) or {}]
    shown = {key: value for key, value in manifest.body.items() if key not in {"data", "stringData"}}
    return {**shown, "stringData": dict.fromkeys(values, REDACTED)} if values else shown


def _object(making: Making, kind: ObjectKind, body: Mapping[str, Any]) -> dict[str, Any]:
    spec, payload = making.spec, making.payload
    resume = resume_annotations(spec) if kind.qualified == PYTORCH_JOB.qualified else {}
    notes = {**job_annotations(spec), **resume}
    metadata: dict[str, Any] = {"name": spec.name, "labels": job_labels(spec, payload)}
    if notes:
        metadata["annotations"] = notes
    if spec.namespace:
        metadata["namespace"] = spec.namespace
    return {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": metadata, "spec": body}


def _notices(spec: JobSpec, kind: ObjectKind) -> Iterator[str]:
    if kind.qualified == HYPERPOD_PYTORCH_JOB.qualified and LAUNCHER not in (spec.run or ""):
        yield f"pods of a `{kind.kind}` have to start `{LAUNCHER}` (hyperpod-elastic-agent) in place of torchrun"
    # Nobody asked for a development pod to be resumed: it is, and its page says so.
    if spec.resume is None or kind.qualified != BATCH_JOB.qualified or DEV_LABEL in spec.labels:
        return
    if spec.contract is Contract.TRAINING and spec.nodes > 1:
        yield "nothing resumes it: the cluster has no operator that starts several nodes again together"
    else:
        yield "pods are made again where they fail; HyperPod's auto-resume itself is for a `PyTorchJob`"
