"""Decide how a job is submitted to Slurm: what goes along, what `sbatch` is given, and how that is judged."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from hpctl.compile.bundle import Payload
from hpctl.compile.slurm.jobs import compile_for_slurm
from hpctl.errors import DoesNotFitError, HpctlError, UsageError
from hpctl.facts.local_files import LocalFiles
from hpctl.facts.placement import Placement
from hpctl.facts.ports import Ports
from hpctl.facts.slurm_job_ports import SlurmSubmission
from hpctl.facts.slurm_site import SlurmSite
from hpctl.facts.slurm_target import JobOnSlurm
from hpctl.facts.world import World
from hpctl.report.check import CheckReport
from hpctl.report.job import JobPlanReport
from hpctl.services.create import Blindness, Judging, demand_passed
from hpctl.services.job.baggage import packed
from hpctl.services.job.prepare import Asked
from hpctl.services.job.secrets import secret_values
from hpctl.services.slurm_job.judge import judge_on_slurm
from hpctl.services.slurm_job.where import SlurmWhere
from hpctl.spec.job import JobSpec
from hpctl.spec.job_wish import LoadedJob
from hpctl.spec.sbatch import SbatchScript
from hpctl.spec.sbatch_read import read_sbatch
from hpctl.spec.source import TextSource

_UNSAFE: Final = re.compile(r"[^A-Za-z0-9._-]+")
_LONGEST: Final = 60
_RUN: Final = 12
"""Characters of the run's id in the folder's name: enough that no two jobs of one name share it."""


@dataclass(frozen=True, slots=True)
class PreparedOnSlurm:
    """A job that is ready to be submitted, unless its checks or `refusal` say otherwise; `submission` is None then."""

    report: JobPlanReport
    submission: SlurmSubmission | None
    refusal: HpctlError | None = None


@dataclass(frozen=True, slots=True)
class _Draft:
    site: SlurmSite
    submission: SlurmSubmission | None
    placement: Placement | None = None
    refusal: DoesNotFitError | None = None
    notices: tuple[str, ...] = ()


def prepare_on_slurm(
    loaded: LoadedJob, at: SlurmWhere, asked: Asked, world: World, ports: Ports, files: LocalFiles, judging: Judging
) -> PreparedOnSlurm:
    """Return what submitting a job would do; nothing is sent.

    Raises:
        UsageError: secrets have no value, local files cannot go along, or what is asked for does not go with Slurm.
    """
    if asked.kind is not None:
        message = f"`--kind` does not go with jobs there: cluster `{at.cluster}` is orchestrated by Slurm"
        raise UsageError(message, hint="leave `--kind` out")
    draft = _drafted(loaded, at, asked, ports, files)
    notices = (*loaded.notices, *(f"{one.file}:{one.line}: {one.message}" for one in loaded.warnings), *draft.notices)
    checks = judge_on_slurm(_target(loaded, draft), world, judging)
    report = _report(loaded, draft, at, asked, world, checks, tuple(dict.fromkeys(notices)))
    return PreparedOnSlurm(report, draft.submission, draft.refusal)


def target_on_slurm(loaded: LoadedJob, at: SlurmWhere, asked: Asked, ports: Ports, files: LocalFiles) -> JobOnSlurm:
    """Return a job as checks judge it: what submitting it would send. Raises what `prepare_on_slurm` raises."""
    return _target(loaded, _drafted(loaded, at, asked, ports, files))


def demand_possible(prepared: PreparedOnSlurm, blindness: Blindness) -> SlurmSubmission:
    """Return what is to be submitted; raise what stands in the way: failed checks, or that nothing fits."""
    if prepared.report.checks:
        demand_passed(prepared.report.checks, blindness)
    if prepared.submission is None:
        raise prepared.refusal or AssertionError
    return prepared.submission


def _drafted(loaded: LoadedJob, at: SlurmWhere, asked: Asked, ports: Ports, files: LocalFiles) -> _Draft:
    match loaded.wish:
        case JobSpec() as spec:
            return _compiled(spec, loaded, at, asked, ports, files)
        case SbatchScript() as script:
            submission = _as_it_is(script, at, asked)
            return _Draft(_site(submission.folder, at, ports), submission)
    raise UsageError(
        f"cluster `{at.cluster}` is orchestrated by Slurm, which takes no Kubernetes manifests",
        hint="write the job as hpctl's YAML, as a SkyPilot task, or as an sbatch script",
    )


def _compiled(
    spec: JobSpec, loaded: LoadedJob, at: SlurmWhere, asked: Asked, ports: Ports, files: LocalFiles
) -> _Draft:
    secrets = secret_values(spec.secrets, asked.secrets, asked.env, loaded.secret_values, files)
    baggage = packed(spec, files, asked.sensitive)
    payload = Payload(
        run_id=asked.run_id,
        secrets=secrets,
        archives=baggage.archives,
        user=asked.user,
        seed=asked.seed,
        submitted=ports.clock.now(),
        context=at.cluster,
    )
    folder = _folder(spec.name, at, asked)
    site = _site(folder, at, ports)
    try:
        bundle = compile_for_slurm(spec, payload, site)
    except DoesNotFitError as refusal:
        return _Draft(site, None, refusal=refusal, notices=baggage.notices)
    submission = SlurmSubmission(
        run_id=asked.run_id,
        name=spec.name,
        script=bundle.script.encode(),
        folder=folder,
        files=bundle.files,
        archives=bundle.archives,
        folders=bundle.folders,
        work_dir=folder,
        nodes=spec.nodes,
    )
    return _Draft(site, submission, bundle.placement, notices=(*baggage.notices, *bundle.notices))


def _site(folder: str, at: SlurmWhere, ports: Ports) -> SlurmSite:
    fleet = ports.slurm_jobs.fleet(at.place)
    return SlurmSite(
        folder=folder,
        cluster=at.cluster,
        nodes=fleet.nodes,
        partitions=fleet.partitions,
        containers=fleet.containers,
    )


def _target(loaded: LoadedJob, draft: _Draft) -> JobOnSlurm:
    """Return what checks judge: a script of one's own, or the one that a spec compiles to."""
    if isinstance(loaded.wish, SbatchScript):
        return JobOnSlurm(loaded.wish.name, draft.site, loaded.wish)
    spec = loaded.wish if isinstance(loaded.wish, JobSpec) else None
    text = draft.submission.script.decode() if draft.submission else None
    script = None if text is None else read_sbatch(TextSource("the job's script", text))
    name = spec.name if spec else "job"
    return JobOnSlurm(name, draft.site, script, spec, draft.placement, draft.refusal)


def _as_it_is(script: SbatchScript, at: SlurmWhere, asked: Asked) -> SlurmSubmission:
    """Return a script as `sbatch` in the user's shared folder would take it, byte for byte."""
    return SlurmSubmission(
        run_id=asked.run_id,
        name=script.name,
        script=script.text.encode(),
        folder=_folder(script.name, at, asked),
        options=tuple(_options(script)),
        comment=script.value("comment") or "",
        login=True,
        work_dir=at.place.shared,
        nodes=script.nodes,
    )


def _options(script: SbatchScript) -> Iterator[str]:
    """Yield what the file's name would have said: the script arrives under another one."""
    if script.last("job-name") is None:
        yield f"--job-name={script.name}"


def _folder(name: str, at: SlurmWhere, asked: Asked) -> str:
    safe = _UNSAFE.sub("-", name)[:_LONGEST].strip(".-") or "job"
    return f"{at.place.jobs}/{safe}-{asked.run_id[:_RUN]}"


def _report(
    loaded: LoadedJob,
    draft: _Draft,
    at: SlurmWhere,
    asked: Asked,
    world: World,
    checks: CheckReport,
    notices: tuple[str, ...],
) -> JobPlanReport:
    submission, placed, wish = draft.submission, draft.placement, loaded.wish
    spec = wish if isinstance(wish, JobSpec) else None
    return JobPlanReport(
        identity=world.identity(),
        cluster=at.cluster,
        user=at.place.user,
        folder=submission.folder if submission else None,
        job=submission.name if submission else spec.name if spec else "job",
        run_id=asked.run_id,
        nodes=submission.nodes if submission else spec.nodes if spec else 1,
        image=spec.image if spec else None,
        instance_type=placed.instance_type if placed else None,
        accelerators=_accelerators(placed),
        accelerator_resource=placed.accelerator_resource if placed else None,
        cpus=placed.cpus or None if placed else None,
        memory_gib=round(placed.memory_gib, 1) or None if placed else None,
        queue=spec.queue if spec else wish.value("partition") if isinstance(wish, SbatchScript) else None,
        priority=spec.priority if spec else None,
        script=submission.script.decode("utf-8", "replace") if submission else None,
        notices=notices,
        checks=checks,
    )


def _accelerators(placed: Placement | None) -> str | None:
    if placed is None or not placed.devices:
        return None
    return f"{placed.devices} x {placed.accelerator_name or placed.accelerator_resource or 'accelerator'}"
