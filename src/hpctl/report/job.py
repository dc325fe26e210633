"""What commands answer about jobs, and what a long one says while it works."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from hpctl.facts.jobs import Condition, JobState, KubernetesEvent
from hpctl.facts.records import Identity
from hpctl.report.base import Part, Report
from hpctl.report.check import CheckReport
from hpctl.report.cluster import Diagnosis


class PlannedObject(Part):
    """An object that submitting creates; `note` says what is in it."""

    kind: str
    name: str
    note: str | None = None


class JobPlanReport(Report):
    """What submitting a job does: where it goes, what it asks for on each node, and the objects that are created.

    `job` is kind and name, `pytorchjob/train`. What is asked for is null where a manifest alone says it. `manifests`
    are the objects in the order of creation, the job last; the values of secrets are redacted in them.
    On Slurm there are no objects, namespace and EKS cluster: `job` is the name, and `script` what `sbatch` is given
    in `folder` as `user`.
    """

    kind: Literal["JobPlan"] = "JobPlan"
    identity: Identity
    cluster: str
    eks_cluster: str | None = None
    namespace: str | None = None
    user: str | None = None
    folder: str | None = None
    job: str
    run_id: str
    nodes: int
    image: str | None = None
    instance_type: str | None = None
    accelerators: str | None = None
    accelerator_resource: str | None = None
    efa_interfaces: int | None = None
    cpus: float | None = None
    memory_gib: float | None = None
    queue: str | None = None
    priority: str | None = None
    objects: tuple[PlannedObject, ...] = ()
    manifests: tuple[dict[str, Any], ...] = ()
    script: str | None = None
    notices: tuple[str, ...] = ()
    checks: CheckReport | None = None

    def names(self) -> tuple[str, ...]:
        """Return `kind/name` of every object that is created."""
        return tuple(f"{one.kind.lower()}/{one.name}" for one in self.objects)


class JobRow(Part):
    """One job. `reason` says in a few words why it is where it is, where an object says so.

    On Slurm it has a `user` and a `partition` and no namespace, `uid` is its number, and `word` Slurm's own state.
    """

    namespace: str | None = None
    user: str | None = None
    partition: str | None = None
    word: str | None = None
    job: str
    uid: str
    state: JobState
    nodes: int
    created: datetime
    started: datetime | None = None
    ended: datetime | None = None
    restarts: int = 0
    queue: str | None = None
    reason: str | None = None


class JobListReport(Report):
    """The jobs of a namespace, or of all, newest first. `notes` say what could not be looked at."""

    kind: Literal["JobList"] = "JobList"
    cluster: str
    namespace: str | None
    jobs: tuple[JobRow, ...]
    notes: tuple[str, ...] = ()

    def names(self) -> tuple[str, ...]:
        """Return `kind/name` of every job; on Slurm, where names are shared, its number."""
        return tuple(row.uid if row.word else row.job for row in self.jobs)


class PodRow(Part):
    """One pod of a job: a rank. `status` is kubectl's word for it; `exit_code` is of the container that ended."""

    pod: str
    rank: int | None
    status: str
    node: str | None = None
    ip: str | None = None
    restarts: int = 0
    exit_code: int | None = None
    started: datetime | None = None
    ended: datetime | None = None


class FirstFailure(Part):
    """The rank that failed first, and its last words. `reason` is Kubernetes' (`Error`, `OOMKilled`).

    `together` are ranks that failed by themselves so close to it that nobody can say which was first.
    """

    rank: int | None
    pod: str
    container: str
    phase: str | None = None
    exit_code: int | None = None
    reason: str = ""
    at: datetime | None = None
    log: tuple[str, ...] = ()
    together: tuple[int, ...] = ()


class JobReport(Report):
    """One job: where it is, why it waits or what failed first, its pods, what happened, what to type next.

    On Slurm `pods` are its nodes, and `word`, `user`, `partition`, `folder` and `exit_code` are the job's own.
    """

    kind: Literal["Job"] = "Job"
    cluster: str
    namespace: str | None = None
    user: str | None = None
    partition: str | None = None
    folder: str | None = None
    word: str | None = None
    exit_code: int | None = None
    job: str
    uid: str
    run_id: str | None
    state: JobState
    nodes: int
    created: datetime
    started: datetime | None = None
    ended: datetime | None = None
    restarts: int = 0
    image: str | None = None
    queue: str | None = None
    priority: str | None = None
    conditions: tuple[Condition, ...] = ()
    pods: tuple[PodRow, ...] = ()
    first_failure: FirstFailure | None = None
    diagnoses: tuple[Diagnosis, ...] = ()
    events: tuple[KubernetesEvent, ...] = ()
    notes: tuple[str, ...] = ()
    next_steps: tuple[str, ...] = ()

    def names(self) -> tuple[str, ...]:
        """Return the job as `kind/name`."""
        return (self.job,)


class JobOutcomeReport(Report):
    """How submitting, waiting for, cancelling or deleting a job ended.

    `unchanged` says that there was nothing to do. `state` is the job's where it still exists.
    """

    kind: Literal["JobOutcome"] = "JobOutcome"
    verb: Literal["submit", "wait", "cancel", "delete"]
    result: Literal["submitted", "ended", "cancelled", "deleted", "unchanged"]
    cluster: str
    namespace: str | None = None
    user: str | None = None
    job: str
    uid: str
    state: JobState | None = None
    elapsed_s: float | None = None
    diagnoses: tuple[Diagnosis, ...] = ()
    notes: tuple[str, ...] = ()
    next_steps: tuple[str, ...] = ()

    def names(self) -> tuple[str, ...]:
        """Return the job as `kind/name`."""
        return (self.job,)


class JobObserved(Part):
    """The job as last seen: how many of its pods are in which status, and what it waits for, in words.

    `parts` is what is counted: on Slurm nodes.
    """

    type: Literal["job"] = "job"
    time: datetime
    elapsed_s: float
    job: str
    state: JobState
    nodes: int
    pods: dict[str, int]
    waiting_for: str
    parts: str = "pods"


class JobEventSeen(Part):
    """An event about the job or one of its pods that was not there before."""

    type: Literal["job_event"] = "job_event"
    time: datetime
    event: KubernetesEvent


class JobRemarked(Part):
    """Something to know while one waits."""

    type: Literal["remark"] = "remark"
    time: datetime
    message: str


class JobEnded(Part):
    """The job ended `elapsed_s` after its creation, and its state has settled; where it failed, what failed first."""

    type: Literal["job_ended"] = "job_ended"
    time: datetime
    elapsed_s: float
    job: str
    state: JobState
    first_failure: FirstFailure | None = None
    diagnoses: tuple[Diagnosis, ...] = ()


JobStep = JobObserved | JobEventSeen | JobRemarked | JobEnded
