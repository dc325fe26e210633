"""Whose an object is that has the name of one that is to be created."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import Enum, auto
from typing import Any, Final

from hpctl.errors import NotFoundError
from hpctl.facts.job_ports import JobObjects
from hpctl.facts.jobs import JOB_KINDS, JOB_LABEL, MANAGED_BY
from hpctl.services.job.where import Where

_DECODED: Final = frozenset({"stringData"})
"""Members that no answer has: a Secret's texts come back in `data`."""


class Occupant(Enum):
    """Whose it is."""

    LEFT_OVER = auto()
    """Of a submission of this job that never came to its end, or of a job that is gone."""
    OF_A_JOB = auto()
    """Of a job that is there."""
    STRANGER = auto()
    """Not hpctl's, or another job's."""


def occupant(there: Mapping[str, Any], job: str, at: Where, jobs: JobObjects) -> Occupant:
    """Return whose an object is that stands where one of the job `job` is to be."""
    metadata = there["metadata"]
    labels = metadata.get("labels") or {}
    key, value = MANAGED_BY
    if labels.get(key) != value or labels.get(JOB_LABEL) != job:
        return Occupant.STRANGER
    return Occupant.OF_A_JOB if any(_living(metadata, job, at, jobs)) else Occupant.LEFT_OVER


def is_as_wanted(there: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    """Whether an object has everything that a manifest says, whatever else the server added."""
    return all(key in _DECODED or _has(there.get(key), value) for key, value in wanted.items())


def _has(there: object, wanted: object) -> bool:
    match wanted:
        case Mapping():
            return isinstance(there, Mapping) and all(_has(there.get(key), value) for key, value in wanted.items())
        case list() | tuple():
            return isinstance(there, list | tuple) and len(there) == len(wanted) and all(map(_has, there, wanted))
        case None:
            return not there
        case _:
            return there == wanted or str(there) == str(wanted)


def _living(metadata: Mapping[str, Any], name: str, at: Where, jobs: JobObjects) -> Iterator[str]:
    """Yield the jobs that use an object: its owners, or whichever has the name where it has no owner yet."""
    owners = {str(owner.get("uid")) for owner in metadata.get("ownerReferences") or ()}
    for kind in jobs.served(at.eks, JOB_KINDS):
        try:
            found = jobs.read(at.eks, kind, at.namespace, name)["metadata"]
        except NotFoundError:
            continue
        if not owners or (str(found.get("uid")) in owners and not found.get("deletionTimestamp")):
            yield kind.kind
