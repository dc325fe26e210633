"""Stop a development pod, and let it go."""

from __future__ import annotations

from contextlib import suppress

from hpctl import timeouts
from hpctl.compile.dev import claim_name
from hpctl.errors import NotFoundError, WaitTimeoutError
from hpctl.facts.dev import DEV_LABEL, DevRecord
from hpctl.facts.jobs import CLAIM, POD, Job
from hpctl.facts.ports import Ports
from hpctl.report.dev import DevOutcomeReport
from hpctl.services.dev.inside import job_of
from hpctl.services.dev.records import forget
from hpctl.services.job.cancel import delete
from hpctl.services.job.where import Where


def keeps_files(record: DevRecord) -> bool:
    """Whether the working directory outlives the pod."""
    return record.wish.claim is not None


def stop(record: DevRecord, at: Where, ports: Ports) -> DevOutcomeReport:
    """End the pod; its wish is remembered, and its claim keeps the working directory."""
    name = record.wish.name
    job = job_of(name, at, ports)
    if job is not None:
        end_job(job, at, ports)
    kept = f"claim `{record.wish.claim}` keeps its working directory" if keeps_files(record) else "its files are gone"
    return DevOutcomeReport(
        verb="stop",
        result="unchanged" if job is None else "stopped",
        cluster=at.cluster,
        name=name,
        namespace=at.namespace,
        notes=(kept,),
        next_steps=(f"hpctl dev up {name} {at.flags}",),
    )


def down(record: DevRecord, at: Where, ports: Ports) -> DevOutcomeReport:
    """Delete the pod, its own claim with the working directory in it, and its record, which goes last."""
    wish, notes = record.wish, list[str]()
    if job := job_of(wish.name, at, ports):
        end_job(job, at, ports)
    if wish.claim == claim_name(wish.name):
        with suppress(NotFoundError):
            ports.jobs.delete(at.eks, CLAIM, at.namespace, wish.claim)
    elif wish.claim:
        where = f", folder `{wish.claim_folder}`," if wish.claim_folder else ""
        notes.append(f"claim `{wish.claim}`{where} stays, for it is not the pod's own")
    forget(wish.name, at, ports.jobs)
    return DevOutcomeReport(
        verb="down", result="deleted", cluster=at.cluster, name=wish.name, namespace=at.namespace, notes=tuple(notes)
    )


def end_job(job: Job, at: Where, ports: Ports) -> None:
    """Delete the job and wait until its pods are gone: what comes after may have their name, or their claim.

    Raises:
        WaitTimeoutError: pods are still there after the grace that they have, such as on a node that is lost.
    """
    pods = ports.jobs.pods_of(at.eks, job)
    delete(job, at, ports)
    left = {pod.uid for pod in pods}
    for _ in range(timeouts.DEV_ENDS):
        left &= {pod.uid for pod in ports.jobs.pods(at.eks, job.namespace, f"{DEV_LABEL}={job.name}")}
        if not left:
            return
        ports.clock.sleep(timeouts.JOB_POLL_FIRST_S)
    there = ", ".join(pod.name for pod in pods if pod.uid in left)
    raise WaitTimeoutError(
        f"pods of `{job.name}` have not ended yet: {there}",
        hint=f"look at them: kubectl describe {POD.plural} --namespace {job.namespace} {there}\nand run it again",
    )
