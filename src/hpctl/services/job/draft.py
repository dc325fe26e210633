"""A wish for a job becomes the objects that are created, whatever notation it was written in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from hpctl.compile.bundle import Bundle, Manifest, Payload
from hpctl.compile.objects import compile_job
from hpctl.compile.placement import place
from hpctl.errors import AccessError, DoesNotFitError, UsageError
from hpctl.facts.job_ports import JobObjects
from hpctl.facts.jobs import JOB_KINDS, RUN_ID_LABEL, ObjectKind
from hpctl.facts.placement import Placement
from hpctl.facts.world import World
from hpctl.services.job.where import Where
from hpctl.spec.job import JobSpec
from hpctl.spec.manifest import KubernetesManifest, ManifestObject

_BLIND = "what other pods hold cannot be seen (no permission to list pods of all namespaces): nodes count as free"


@dataclass(frozen=True, slots=True)
class Draft:
    """What would be created; where nothing fits, `bundle` is None and `refusal` says why.

    `owned` says whether the objects before the job are made for it alone, and so come to belong to it.
    """

    bundle: Bundle | None
    placement: Placement | None = None
    refusal: DoesNotFitError | None = None
    owned: bool = True
    notices: tuple[str, ...] = field(default=())


def compiled(spec: JobSpec, at: Where, payload: Payload, kind: ObjectKind | None, world: World) -> Draft:
    """Return the objects of a spec, placed on the cluster's nodes as they are now.

    Raises:
        UsageError: the kind that was asked for cannot be had, or a text cannot travel.
    """
    notices: tuple[str, ...] = ()
    try:
        busy = world.in_use(at.eks)
    except AccessError:
        busy, notices = {}, (_BLIND,)
    try:
        placement = place(spec, world.kubernetes_nodes(at.eks), busy)
    except DoesNotFitError as refusal:
        return Draft(None, refusal=refusal, notices=notices)
    served = world.served(at.eks, JOB_KINDS)
    bundle = compile_job(spec, placement, served, payload, kind=kind)
    return Draft(bundle, placement, notices=(*notices, *placement.notices, *bundle.notices))


def as_it_is(manifest: KubernetesManifest, at: Where, run_id: str, jobs: JobObjects) -> Draft:
    """Return the objects of a manifest: unchanged but for the namespace, and on the job the label of this submission.

    Raises:
        UsageError: an object is for another namespace.
        NotFoundError: the cluster does not know a kind.
    """
    before = tuple(_placed(one, at, jobs.discovered(at.eks, one.api_version, one.kind)) for one in manifest.others)
    job = _placed(manifest.job, at, _kind(manifest.job))
    metadata = job.body["metadata"]
    labelled = {**metadata, "labels": {**(metadata.get("labels") or {}), RUN_ID_LABEL: run_id}}
    return Draft(Bundle(Manifest(job.kind, {**job.body, "metadata": labelled}), before), owned=False)


def _kind(one: ManifestObject) -> ObjectKind:
    """Return the kind of a job in the version that the manifest is written in."""
    known = next(kind for kind in JOB_KINDS if (kind.group, kind.kind) == (one.group, one.kind))
    return replace(known, version=one.api_version.rpartition("/")[2])


def _placed(one: ManifestObject, at: Where, kind: ObjectKind) -> Manifest:
    metadata: Mapping[str, Any] = one.body.get("metadata") or {}
    if not kind.namespaced:
        return Manifest(kind, one.body)
    if one.namespace not in (None, at.namespace):
        raise UsageError(
            f"{one.kind.lower()} `{one.name}` is for namespace `{one.namespace}`, and this goes to `{at.namespace}`",
            hint=f"--namespace {one.namespace}",
        )
    return Manifest(kind, {**one.body, "metadata": {**metadata, "namespace": at.namespace}})
