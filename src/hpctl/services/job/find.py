"""Which job is meant: by its exact name, or by kind and name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from typing import Final

from hpctl.errors import AccessError, ConflictError, HpctlError, NotFoundError, UsageError
from hpctl.facts.job_ports import JobObjects
from hpctl.facts.jobs import JOB_KINDS, Job, ObjectKind
from hpctl.services.job.where import Where
from hpctl.spec.kubernetes_names import is_subdomain

_NEAR: Final = 3
"""Names that an error proposes."""


def find(reference: str, at: Where, jobs: JobObjects) -> Job:
    """Return the job of exactly this name, or of this `kind/name`.

    Raises:
        UsageError: the kind is none that hpctl manages, or there is no name.
        NotFoundError: there is no such job in the namespace; the nearest names are in the hint.
        ConflictError: jobs of several kinds have the name; they are in the hint.
        AccessError: the caller may look at none of the kinds.
    """
    kind, _, name = reference.rpartition("/")
    wanted = _of_word(kind) if kind else JOB_KINDS
    if not name:
        raise UsageError("the job's name is empty", hint=f"hpctl job list {at.flags}")
    if not is_subdomain(name):  # Kubernetes has no such names, and they would lead elsewhere in a path
        raise _nothing(reference, at, jobs)
    found, denied = _looked(name, tuple(ordered(jobs.served(at.eks, wanted))), at, jobs)
    match found:
        case [only]:
            return only
        case []:
            raise _nothing(reference, at, jobs, denied)
    raise ConflictError(
        f"{len(found)} jobs are called `{name}` in namespace `{at.namespace}`: say which",
        hint="\n".join(job.reference for job in found),
    )


def _looked(name: str, kinds: Sequence[ObjectKind], at: Where, jobs: JobObjects) -> tuple[list[Job], list[AccessError]]:
    """Return the jobs of a name, and which kinds could not be looked at; raises when that is all of them."""
    found: list[Job] = []
    denied: list[AccessError] = []
    for one in kinds:
        try:
            found.append(jobs.job(at.eks, one, at.namespace, name))
        except NotFoundError:
            continue
        except AccessError as error:
            denied.append(error)
    if denied and len(denied) == len(kinds):
        raise denied[0]
    return found, denied


def ordered(kinds: frozenset[ObjectKind]) -> Iterator[ObjectKind]:
    """Yield kinds in the order in which a name is looked for."""
    place = {(kind.group, kind.kind): number for number, kind in enumerate(JOB_KINDS)}
    yield from sorted(kinds, key=lambda kind: place.get((kind.group, kind.kind), len(place)))


def _of_word(word: str) -> tuple[ObjectKind, ...]:
    lower = word.lower()
    found = tuple(kind for kind in JOB_KINDS if lower in (kind.kind.lower(), kind.plural, kind.qualified))
    if not found:
        kinds = ", ".join(f"{kind.kind.lower()}/NAME" for kind in JOB_KINDS)
        raise UsageError(f"`{word}` is no kind of job", hint=f"write NAME alone, or one of {kinds}")
    return found


def _nothing(reference: str, at: Where, jobs: JobObjects, denied: Sequence[AccessError] = ()) -> NotFoundError:
    try:
        there = [job.reference for job in jobs.jobs(at.eks, at.namespace)]
    except HpctlError:  # the first answer stands, with or without a proposal
        there = []
    name = reference.rpartition("/")[2]
    by_name = {one.rpartition("/")[2]: one for one in there}
    near = [by_name[one] for one in get_close_matches(name.lower(), by_name, n=_NEAR)]
    hint = f"did you mean {' or '.join(f'`{one}`' for one in near)}?" if near else f"hpctl job list {at.flags}"
    if elsewhere := _elsewhere(name, at, jobs):
        hint += f"\nin namespace `{elsewhere}` there is one: --namespace {elsewhere}"
    unseen = "; ".join(error.message.partition(":")[0] for error in denied)
    return NotFoundError(
        f"there is no job `{reference}` in namespace `{at.namespace}`{' that may be looked at' if unseen else ''}",
        cause=unseen or None,
        hint=hint,
    )


def _elsewhere(name: str, at: Where, jobs: JobObjects) -> str | None:
    """Return another namespace that has a job of this name, where the caller may look."""
    try:
        there = (job.namespace for job in jobs.jobs(at.eks, None) if job.name == name)
        return next((namespace for namespace in there if namespace != at.namespace), None)
    except HpctlError:
        return None
