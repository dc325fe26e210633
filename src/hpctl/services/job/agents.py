"""Why a HyperPodPyTorchJob whose pods run has not begun: its operator starts what agents say that they are ready."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from hpctl import timeouts
from hpctl.facts.jobs import HYPERPOD_PYTORCH_JOB, Job, JobState, Pod
from hpctl.report.cluster import Diagnosis


def why_not_begun(job: Job, pods: Sequence[Pod], now: datetime) -> Iterator[Diagnosis]:
    """Yield what the job waits for when all of its pods have run for a while, and it does not."""
    if job.kind.qualified != HYPERPOD_PYTORCH_JOB.qualified or job.state not in (JobState.PENDING, JobState.RESTARTING):
        return
    if len(pods) < job.nodes or not all(_runs(pod, now) for pod in pods):
        return
    yield Diagnosis(
        subject=job.reference,
        message="all pods run, and the job has not begun",
        cause="HyperPod's operator waits for an agent in each pod, which `hyperpodrun` is",
        remedy=f"hpctl job logs {job.name}\nstart the training by `hyperpodrun` in place of `torchrun`",
    )


def _runs(pod: Pod, now: datetime) -> bool:
    """Whether a pod has run for long enough for its agent to be heard."""
    began = [one.started for one in pod.containers if one.running and one.started]
    return bool(began) and (now - max(began)).total_seconds() > timeouts.JOB_UNTOUCHED_S
