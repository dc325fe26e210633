"""A job as checks judge it: what would be created, and where."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hpctl.errors import HpctlError
from hpctl.facts.job_model import JobModel
from hpctl.facts.jobs import ObjectKind
from hpctl.facts.kubernetes import ClusterOnEks
from hpctl.facts.placement import Placement
from hpctl.spec.job import Contract


@dataclass(frozen=True, slots=True)
class JobInCluster:
    """A job that is about to be submitted to a live cluster, whatever notation it was written in.

    `live` has the job's namespace. `job` is the object of `kind` exactly as it would be created, and `before` are kind
    and name of those that are created with it. Where nothing in the cluster fits, `job` is None and `refusal` says why.
    `contract` is what its scripts are promised, None for a manifest that is submitted as it is; `scripts` are the texts
    that its pods run (setup and run), by what they are called. `nodes` is how many pods it wants, `run_id` the
    submission's: objects that carry it are this job's own. `model` is None where nothing says which model it trains.
    """

    name: str
    live: ClusterOnEks
    run_id: str
    nodes: int = 1
    kind: ObjectKind | None = None
    job: Mapping[str, Any] | None = field(default=None, hash=False)
    before: tuple[tuple[ObjectKind, str], ...] = ()
    contract: Contract | None = None
    scripts: Mapping[str, str] = field(default_factory=dict, hash=False)
    placement: Placement | None = None
    refusal: HpctlError | None = None
    model: JobModel | None = None
