"""Which kind of object runs a job: what the cluster serves, and what keeps the job's contract."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from hpctl.compile.hyperpod import LAUNCHER
from hpctl.errors import UsageError
from hpctl.facts.jobs import BATCH_JOB, HYPERPOD_PYTORCH_JOB, JOB_SET, PYTORCH_JOB, ObjectKind
from hpctl.spec.job import Contract, JobSpec

COMPILED: Final = (PYTORCH_JOB, HYPERPOD_PYTORCH_JOB, JOB_SET, BATCH_JOB)
"""The kinds that a job compiles to; `--kind` names one of them."""


def job_kind(spec: JobSpec, served: Collection[ObjectKind], kind: ObjectKind | None = None) -> ObjectKind:
    """Return the kind that a job becomes, in the version that the cluster serves; `kind` forces one.

    Raises:
        UsageError: the forced kind is not served, or cannot keep the job's contract.
    """
    there = {one.qualified: one for one in (BATCH_JOB, *served)}
    if kind is not None:
        return _forced(spec, kind, there)
    if spec.contract is Contract.SKYPILOT:
        return there[BATCH_JOB.qualified]
    order = (*_wishes(spec), *(one for one in _usual(spec) if one not in _wishes(spec)))
    return next(there[one.qualified] for one in order if one.qualified in there)


def _forced(spec: JobSpec, kind: ObjectKind, there: dict[str, ObjectKind]) -> ObjectKind:
    if kind.qualified not in {one.qualified for one in COMPILED}:
        known = ", ".join(f"`{one.kind}`" for one in COMPILED)
        raise UsageError(f"jobs are not made into a `{kind.kind}`", hint=f"what they can become is {known}")
    if kind.qualified not in there:
        found = ", ".join(f"`{one.kind}`" for one in COMPILED if one.qualified in there)
        raise UsageError(f"the cluster serves no `{kind.qualified}`", hint=f"what it has for jobs is {found}")
    if spec.contract is Contract.SKYPILOT and kind.qualified == HYPERPOD_PYTORCH_JOB.qualified:
        message = f"a SkyPilot task cannot run as a `{kind.kind}`: its pods would have no names to meet by"
        raise UsageError(message, hint=f"`--kind {BATCH_JOB.kind}` keeps what the task is promised")
    return there[kind.qualified]


def _wishes(spec: JobSpec) -> tuple[ObjectKind, ...]:
    """Return what a job needs by what it says: the HyperPod operator's launcher works nowhere else."""
    return (HYPERPOD_PYTORCH_JOB,) if LAUNCHER in (spec.run or "") else ()


def _usual(spec: JobSpec) -> tuple[ObjectKind, ...]:
    """Return the kinds by how well they serve; a script of torchrun's never gets ready under HyperPod's operator."""
    resuming = (HYPERPOD_PYTORCH_JOB,) if spec.resume is not None else ()
    return (PYTORCH_JOB, *resuming, JOB_SET, BATCH_JOB)
