"""Decide how a job is submitted: what goes along, where it goes, what is created, and how that is judged."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from hpctl.compile.bundle import Bundle, Manifest, Payload
from hpctl.compile.objects import redacted
from hpctl.errors import AccessError, HpctlError, UnavailableError, UsageError
from hpctl.facts.job_target import JobInCluster
from hpctl.facts.jobs import ObjectKind
from hpctl.facts.kubernetes import ClusterOnEks
from hpctl.facts.local_files import LocalFiles, Sensitive
from hpctl.facts.model_ports import EMPTY_HUB, ModelHub
from hpctl.facts.placement import Placement
from hpctl.facts.ports import Ports
from hpctl.facts.world import World
from hpctl.report.check import CheckReport
from hpctl.report.job import JobPlanReport, PlannedObject
from hpctl.services.create import Blindness, Judging, demand_passed
from hpctl.services.job.baggage import packed
from hpctl.services.job.check import judge_job
from hpctl.services.job.draft import Draft, as_it_is, compiled
from hpctl.services.job.secrets import secret_values
from hpctl.services.job.shape import PRIORITY_LABEL, QUEUE_LABEL, image, pods_wanted
from hpctl.services.job.where import Where
from hpctl.services.model.job_model import job_model
from hpctl.spec.job import JobSpec
from hpctl.spec.job_wish import LoadedJob
from hpctl.spec.manifest import KubernetesManifest
from hpctl.spec.sbatch import SbatchScript


@dataclass(frozen=True, slots=True)
class Asked:
    """How a job is to be submitted.

    `run_id` and `seed` (32 random bytes) are this submission's own; `user` is who submits. `env` is where secrets that
    are named without a file come from, `secrets` the words of `--secret`. `kind` is the kind of object that is wanted.
    """

    run_id: str
    user: str
    env: Mapping[str, str] = field(repr=False)
    seed: bytes = field(repr=False)
    secrets: tuple[str, ...] = ()
    kind: ObjectKind | None = None
    sensitive: Sensitive = Sensitive.REFUSED
    models: ModelHub = EMPTY_HUB


@dataclass(frozen=True, slots=True)
class Prepared:
    """A job that is ready to be created, unless its checks or `refusal` say otherwise; `bundle` is None then."""

    report: JobPlanReport
    bundle: Bundle | None
    refusal: HpctlError | None = None
    owned: bool = True


def prepare(
    loaded: LoadedJob, at: Where, asked: Asked, world: World, ports: Ports, files: LocalFiles, judging: Judging
) -> Prepared:
    """Return what submitting a job would do, judged; nothing is created.

    Raises:
        UsageError: secrets have no value, local files cannot go along, or what is asked for cannot be expressed.
        NotFoundError: the cluster does not know a kind of a manifest.
    """
    draft, told = _drafted(loaded, at, asked, world, ports, files)
    notices: tuple[str, ...] = (*loaded.notices, *(f"{one.file}:{one.line}: {one.message}" for one in loaded.warnings))
    checks = judge_job(_target(loaded, draft, at, asked), world, judging, locate=loaded.source.where)
    report = _report(loaded, draft, at, asked, world, checks, (*notices, *told, *draft.notices))
    return Prepared(report, draft.bundle, draft.refusal, draft.owned)


def job_target(
    loaded: LoadedJob, at: Where, asked: Asked, world: World, ports: Ports, files: LocalFiles
) -> JobInCluster:
    """Return a job as checks judge it: what submitting it would create. Raises what `prepare` raises.

    Where the cluster cannot be asked what that would be, `refusal` says why.
    """
    try:
        draft, _told = _drafted(loaded, at, asked, world, ports, files)
    except (AccessError, UnavailableError) as error:
        blind = JobInCluster(_name(loaded), ClusterOnEks(at.cluster, at.eks.name, at.namespace), asked.run_id)
        return replace(blind, refusal=error)
    return _target(loaded, draft, at, asked)


def demand_possible(prepared: Prepared, blindness: Blindness) -> None:
    """Raise what stands in the way of creating: failed checks, those that could not look, or that nothing fits."""
    if prepared.report.checks:
        demand_passed(prepared.report.checks, blindness)
    if prepared.refusal:
        raise prepared.refusal


def _drafted(
    loaded: LoadedJob, at: Where, asked: Asked, world: World, ports: Ports, files: LocalFiles
) -> tuple[Draft, tuple[str, ...]]:
    """Return what would be created, and what is to be said of what goes along."""
    match loaded.wish:
        case JobSpec() as spec:
            payload, told = _payload(spec, loaded, at, asked, ports, files)
            spec = spec.model_copy(update={"namespace": at.namespace})
            return compiled(spec, at, payload, asked.kind, world), told
        case KubernetesManifest() as manifest:
            return as_it_is(manifest, at, asked.run_id, ports.jobs), ()
        case SbatchScript(file=file):
            message = f"`{file}` is an sbatch script, and cluster `{at.cluster}` is orchestrated by EKS"
            raise UsageError(message, hint="name a cluster on Slurm with `--cluster`, or write the job as YAML")


def _payload(
    spec: JobSpec, loaded: LoadedJob, at: Where, asked: Asked, ports: Ports, files: LocalFiles
) -> tuple[Payload, tuple[str, ...]]:
    secrets = secret_values(spec.secrets, asked.secrets, asked.env, loaded.secret_values, files)
    baggage = packed(spec, files, asked.sensitive)
    payload = Payload(
        run_id=asked.run_id,
        secrets=secrets,
        archives=baggage.archives,
        user=asked.user,
        seed=asked.seed,
        submitted=ports.clock.now(),
        context=at.eks.arn,
    )
    return payload, baggage.notices


def _target(loaded: LoadedJob, draft: Draft, at: Where, asked: Asked) -> JobInCluster:
    live = ClusterOnEks(at.cluster, at.eks.name, at.namespace)
    bundle, wish = draft.bundle, loaded.wish
    scripts: dict[str, str] = {}
    if isinstance(wish, JobSpec):
        scripts = {name: text for name, text in (("setup", wish.setup), ("run", wish.run)) if text}
    return JobInCluster(
        name=_name(loaded),
        live=live,
        run_id=asked.run_id,
        nodes=_nodes(loaded, draft),
        kind=bundle.job.kind if bundle else None,
        job=bundle.job.body if bundle else None,
        before=tuple((one.kind, one.name) for one in bundle.before) if bundle else (),
        contract=wish.contract if isinstance(wish, JobSpec) else None,
        scripts=scripts,
        placement=draft.placement,
        refusal=draft.refusal,
        model=job_model(wish, draft.placement, asked.models) if isinstance(wish, JobSpec) else None,
    )


def _name(loaded: LoadedJob) -> str:
    return loaded.wish.job.name if isinstance(loaded.wish, KubernetesManifest) else loaded.wish.name


def _nodes(loaded: LoadedJob, draft: Draft) -> int:
    if isinstance(loaded.wish, JobSpec):
        return loaded.wish.nodes
    return pods_wanted(draft.bundle.job.kind, draft.bundle.job.body) if draft.bundle else 1


def _report(
    loaded: LoadedJob,
    draft: Draft,
    at: Where,
    asked: Asked,
    world: World,
    checks: CheckReport,
    notices: Iterable[str],
) -> JobPlanReport:
    bundle, placed = draft.bundle, draft.placement
    job = bundle.job if bundle else None
    labels = (job.body["metadata"].get("labels") or {}) if job else {}
    manifests = (*bundle.before, bundle.job) if bundle else ()
    return JobPlanReport(
        identity=world.identity(),
        cluster=at.cluster,
        eks_cluster=at.eks.name,
        namespace=at.namespace,
        job=f"{job.kind.kind.lower() if job else 'job'}/{_name(loaded) or '(generated)'}",
        run_id=asked.run_id,
        nodes=_nodes(loaded, draft),
        image=image(job.kind, job.body) if job else None,
        instance_type=placed.instance_type if placed else None,
        accelerators=_accelerators(placed),
        accelerator_resource=placed.accelerator_resource if placed else None,
        efa_interfaces=placed.efa if placed else None,
        cpus=placed.cpus if placed else None,
        memory_gib=placed.memory_gib if placed else None,
        queue=labels.get(QUEUE_LABEL),
        priority=labels.get(PRIORITY_LABEL),
        objects=tuple(map(_planned, manifests)),
        manifests=tuple(dict(redacted(one)) for one in manifests),
        notices=tuple(dict.fromkeys(notices)),
        checks=checks,
    )


def _accelerators(placed: Placement | None) -> str | None:
    if placed is None or not placed.devices:
        return None
    return f"{placed.devices} x {placed.accelerator_name or placed.accelerator_resource or 'accelerator'}"


def _planned(manifest: Manifest) -> PlannedObject:
    name = str(manifest.body["metadata"].get("name") or f"{manifest.body['metadata'].get('generateName')}*")
    return PlannedObject(kind=manifest.kind.kind, name=name, note=", ".join(_contents(manifest)) or None)


def _contents(manifest: Manifest) -> Iterator[str]:
    """Yield what is in a ConfigMap, or the names of what is in a Secret, and never its values."""
    texts, binaries = manifest.body.get("data") or {}, manifest.body.get("binaryData") or {}
    if manifest.kind.kind == "Secret":
        yield from sorted({*texts, *(manifest.body.get("stringData") or {})})
    elif manifest.kind.kind == "ConfigMap" and texts:
        yield f"{len(texts)} {'script' if len(texts) == 1 else 'scripts'}"
    if binaries:  # base64: four characters of it are three bytes
        yield f"{sum(len(str(value)) for value in binaries.values()) * 3 / 4 / 1024:.0f} KiB of files"
