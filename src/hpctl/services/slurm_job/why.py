"""Why a job on Slurm does not run: Slurm's reasons in words, and what to do.

Source: squeue(1), "JOB REASON CODES", and slurm/src/common/slurm_protocol_defs.c, 20.11 to 24.11.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from hpctl.facts.jobs import JobState
from hpctl.facts.slurm_jobs import SlurmJob
from hpctl.report.cluster import Diagnosis
from hpctl.services.slurm_job.where import SlurmWhere

_NODES: Final = "hpctl slurm status --cluster {cluster}"
_RELEASE: Final = "on the controller: scontrol release {id}"
_SMALLER: Final = "hpctl job cancel {id} {flags}\nand submit it again, asking for less"

_REASONS: Final[dict[str, tuple[str, str | None, str | None]]] = {
    "Resources": ("it waits until enough nodes are free", None, _NODES),
    "Priority": ("jobs of higher priority are before it in its partition", None, "hpctl job list {flags}"),
    "Dependency": ("it waits for another job to end", "`--dependency` says for which", None),
    "DependencyNeverSatisfied": (
        "it waits for another job, and that will never end as the dependency wants",
        "`--dependency` cannot be satisfied any more",
        "hpctl job cancel {id} {flags}",
    ),
    "BeginTime": ("its time to begin has not come", "`--begin` says when, or Slurm waits before a requeue", None),
    "JobHeldUser": ("it is held by its user", None, _RELEASE),
    "JobHeldAdmin": (
        "it is held by an administrator, or by Slurm after it failed too often",
        "HyperPod's auto-resume and requeues may end here",
        _RELEASE,
    ),
    "JobHoldMaxRequeue": ("it was requeued as often as Slurm allows, and is held", None, _RELEASE),
    "launch failed requeued held": ("a node could not start it, and it is held", None, _RELEASE),
    "ReqNodeNotAvail": (
        "nodes that it needs are not available: they are down, drained, reserved, or replaced",
        "HyperPod drains a node that it replaces, and the job starts when it is back",
        _NODES,
    ),
    "NodeDown": ("a node that it needs is down", None, _NODES),
    "BadConstraints": ("no node can ever be what it asks for", None, _SMALLER),
    "PartitionDown": ("its partition is down", None, _NODES),
    "PartitionInactive": ("its partition is inactive and takes no jobs", None, _NODES),
    "PartitionNodeLimit": (
        "it asks for more nodes than its partition has or allows, or they are down or drained",
        None,
        _SMALLER,
    ),
    "PartitionTimeLimit": ("it asks for more time than its partition allows", None, _SMALLER),
    "Licenses": ("it waits for a license", None, None),
    "Reservation": ("it waits for its reservation to begin", None, None),
    "ReservationDeleted": ("its reservation is gone", None, "hpctl job cancel {id} {flags}"),
    "Cleaning": ("processes of its run before still end", None, None),
    "Prolog": ("the prolog still runs on its nodes: HyperPod checks their health there", None, None),
    "InvalidAccount": ("its account is not valid", None, "hpctl job cancel {id} {flags}"),
    "InvalidQOS": ("its QOS is not valid", None, "hpctl job cancel {id} {flags}"),
    "JobArrayTaskLimit": ("as many tasks of its array run as it allows", None, None),
    "NodeFailure": ("a node of it failed, and it starts again", None, _NODES),
    "FrontEndDown": ("no front end node is up", None, _NODES),
    "SchedDefer": ("it waits for the next round of the scheduler", None, None),
    "None": ("Slurm has not looked at it yet", None, None),
}

_FAMILIES: Final = (
    (re.compile(r"^ReqNodeNotAvail"), "ReqNodeNotAvail"),
    (re.compile(r"^Nodes[ _]required[ _]for[ _]job[ _]are[ _]DOWN"), "ReqNodeNotAvail"),
)
_LIMITS: Final = (
    (re.compile(r"^QOS"), "a limit of its QOS", "sacctmgr show qos"),
    (re.compile(r"^(Assoc|Association|MaxJobsPerAccount|MaxSubmit)"), "a limit of its account", "sacctmgr show assoc"),
    (re.compile(r"^(Max|Min)"), "a limit of its partition, account or QOS", "scontrol show partition"),
)
_WORDS: Final = {
    "CONFIGURING": "its nodes are made ready",
    "POWER_UP_NODE": "its nodes are made ready",
    "REQUEUED": "it starts again",
    "REQUEUE_HOLD": "it was requeued, and is held",
    "SPECIAL_EXIT": "it ended with a special exit code, and is held",
    "RESV_DEL_HOLD": "its reservation is gone, and it is held",
    "SUSPENDED": "it is suspended, and keeps its nodes",
    "STOPPED": "it is stopped, and keeps its nodes",
}
_HELD: Final = frozenset({"REQUEUE_HOLD", "SPECIAL_EXIT", "RESV_DEL_HOLD"})


def waiting_for(job: SlurmJob) -> str:
    """Return in words what a job waits for; "" for one that runs or has ended."""
    if job.state is JobState.RUNNING:
        return "its last processes end" if job.word == "COMPLETING" else ""
    if job.state.final:
        return ""
    if job.word in _WORDS:
        return _WORDS[job.word]
    return _meaning(job.reason or "None")[0]


def why_not_running(job: SlurmJob, at: SlurmWhere) -> Iterator[Diagnosis]:
    """Yield why a job waits."""
    said = waiting_for(job)
    if not said or job.state is JobState.RUNNING:
        return
    cause, remedy = (None, _RELEASE if job.word in _HELD else None) if job.word in _WORDS else _meaning(job.reason)[1:]
    values = {"cluster": at.cluster, "flags": at.flags, "id": job.reference}
    word = f" ({job.reason})" if job.reason else f" ({job.word})" if job.word != "PENDING" else ""
    yield Diagnosis(
        subject=job.name, message=f"{said}{word}", cause=cause, remedy=remedy.format(**values) if remedy else None
    )


def _meaning(reason: str) -> tuple[str, str | None, str | None]:
    """Return what a reason says, the cause, and what to do; one that is not known speaks for itself."""
    if reason in _REASONS:
        return _REASONS[reason]
    for pattern, name in _FAMILIES:
        if pattern.match(reason):
            return _REASONS[name]
    for pattern, whose, look in _LIMITS:
        if pattern.match(reason):
            return f"{whose} keeps it waiting", None, f"on the controller: {look}"
    return f"it waits: {reason}", None, None
