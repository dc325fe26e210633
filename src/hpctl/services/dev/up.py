"""Start a development pod, or start it again: what is there already is gone on with."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import Final, Literal

from hpctl.compile.bundle import Manifest
from hpctl.compile.dev import claim, claim_name, dev_job
from hpctl.errors import ConflictError, HpctlError, NotFoundError
from hpctl.facts.dev import DevRecord, DevWish
from hpctl.facts.jobs import BATCH_JOB, Job
from hpctl.facts.local_files import LocalFiles
from hpctl.facts.ports import Ports
from hpctl.facts.world import World
from hpctl.report.job import JobPlanReport
from hpctl.services.create import Blindness, Judging
from hpctl.services.dev import records
from hpctl.services.dev.end import end_job
from hpctl.services.dev.inside import job_of
from hpctl.services.dev.wish import Said, changed_wish, demand_own, demand_same, new_wish
from hpctl.services.job.prepare import Asked, Prepared, demand_possible, prepare
from hpctl.services.job.submit import UnseenError, submit
from hpctl.services.job.where import Where
from hpctl.spec.job_wish import JobNotation, LoadedJob

Result = Literal["created", "resumed", "running"]

_OF_CLAIMS: Final = "job-storage"
"""The check of what a job mounts."""


@dataclass(frozen=True, slots=True)
class Starting:
    """What starting needs: where, by whom, judged how; `show` is told the plan before anything is created."""

    at: Where
    ports: Ports
    world: World
    files: LocalFiles
    asked: Asked
    judging: Judging
    blindness: Blindness
    show: Callable[[JobPlanReport], None]


def start(said: Said, starting: Starting) -> tuple[Result, DevRecord, Job]:
    """Create the pod, or resume it, and return what was done, its record and its job; does not wait for it.

    Raises:
        ConflictError: the name is somebody else's, or the pod runs with other wishes.
        HpctlError: what `services.job.prepare` and `submit` raise; what was made for a new pod is deleted again.
    """
    at, jobs = starting.at, starting.ports.jobs
    known = records.looked_up(said.wish.name, at, jobs)
    if known is None:
        return _new(said, starting)
    demand_own(known, starting.asked.user, at)
    wish = changed_wish(known, said, at, starting.ports)
    job = job_of(wish.name, at, starting.ports)
    if job and not job.state.final:
        demand_same(known, wish, at)
        return "running", known, job
    if job:
        end_job(job, at, starting.ports)
    if wish != known.wish:
        records.change(known, wish, at, jobs)
    if wish.claim == claim_name(wish.name):
        with suppress(ConflictError):  # it is there, unless the first start was ended before it made one
            _claimed(wish, starting)
    job = _submitted(wish, starting)
    return "resumed", records.found(wish.name, at, jobs), job


def planned(said: Said, starting: Starting) -> Prepared:
    """Return what starting the pod would create, judged; nothing is created."""
    at = starting.at
    known = records.looked_up(said.wish.name, at, starting.ports.jobs)
    if known is None:
        return _prepared(new_wish(said, at, starting.ports), starting)
    demand_own(known, starting.asked.user, at)
    return _prepared(changed_wish(known, said, at, starting.ports), starting)


def _new(said: Said, starting: Starting) -> tuple[Result, DevRecord, Job]:
    at, jobs = starting.at, starting.ports.jobs
    wish = new_wish(said, at, starting.ports)
    dev_job(wish)  # what no job can have is refused before anything is made
    if job_of(wish.name, at, starting.ports):
        raise ConflictError(
            f"there is a job `{wish.name}` in namespace `{at.namespace}`, and a development pod is a job of its name",
            hint=f"choose another name, or look at it: hpctl job describe {wish.name} {at.flags}",
        )
    made = [records.create(wish, at, starting.asked.user, jobs)]
    with _undone_on_failure(made, starting):
        if wish.claim == claim_name(wish.name):
            made.append(_claimed(wish, starting))
        job = _submitted(wish, starting)
    return "created", records.found(wish.name, at, jobs), job


@contextmanager
def _undone_on_failure(made: Sequence[Manifest], starting: Starting) -> Iterator[None]:
    try:
        yield
    except UnseenError:  # a pod that may be there needs what was made
        raise
    except HpctlError:
        for one in reversed(made):
            with suppress(HpctlError):  # the first error is the one to tell
                starting.ports.jobs.delete(starting.at.eks, one.kind, starting.at.namespace, one.name)
        raise


def _claimed(wish: DevWish, starting: Starting) -> Manifest:
    at, made = starting.at, claim(wish, starting.at.namespace)
    starting.ports.jobs.create(at.eks, made.kind, made.body)
    return made


def _submitted(wish: DevWish, starting: Starting) -> Job:
    at, prepared = starting.at, _prepared(wish, starting)
    starting.show(prepared.report)
    demand_possible(prepared, starting.blindness)
    submit(prepared, at, starting.ports)
    try:
        return starting.ports.jobs.job(at.eks, BATCH_JOB, at.namespace, wish.name)
    except NotFoundError as error:
        raise ConflictError(f"somebody deleted development pod `{wish.name}` at once") from error


def _prepared(wish: DevWish, starting: Starting) -> Prepared:
    loaded, judging = LoadedJob(dev_job(wish), JobNotation.COMMAND), starting.judging
    if wish.claim == claim_name(wish.name):
        # The pod's own claim is made with it, and usually has no volume before the pod has a node.
        judging = replace(judging, skip=(*judging.skip, _OF_CLAIMS))
    return prepare(loaded, starting.at, starting.asked, starting.world, starting.ports, starting.files, judging)
