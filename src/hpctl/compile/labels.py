"""The labels and annotations of a job's objects.

Sources: Kueue's and Kubernetes' well-known labels; AWS documentation of HyperPod's auto-resume and task governance.
"""

from __future__ import annotations

from typing import Final

from hpctl.compile.bundle import Payload
from hpctl.facts.jobs import JOB_LABEL, MANAGED_BY, RUN_ID_LABEL
from hpctl.spec.job import JobSpec

QUEUE: Final = "kueue.x-k8s.io/queue-name"
PRIORITY: Final = "kueue.x-k8s.io/priority-class"
REQUIRED_TOPOLOGY: Final = "kueue.x-k8s.io/podset-required-topology"
PREFERRED_TOPOLOGY: Final = "kueue.x-k8s.io/podset-preferred-topology"
AUTO_RESUME: Final = "sagemaker.amazonaws.com/enable-job-auto-resume"
MAX_RETRIES: Final = "sagemaker.amazonaws.com/job-max-retry-count"


def own_labels(spec: JobSpec, payload: Payload) -> dict[str, str]:
    """Return what every object of the job carries, and nothing that is merged into a pod takes away."""
    name, value = MANAGED_BY
    return {name: value, JOB_LABEL: spec.name, RUN_ID_LABEL: payload.run_id}


def job_labels(spec: JobSpec, payload: Payload) -> dict[str, str]:
    """Return the labels of the job and of its pods: the user's, Kueue's, and its own."""
    return {**spec.labels, **queue_labels(spec), **own_labels(spec, payload)}


def queue_labels(spec: JobSpec) -> dict[str, str]:
    """Return what makes Kueue admit the job: its queue, and a priority class of workloads."""
    if spec.queue is None:
        return {}
    return {QUEUE: spec.queue, **({PRIORITY: spec.priority} if spec.priority else {})}


def job_annotations(spec: JobSpec) -> dict[str, str]:
    """Return the annotations of the job and of its pods: the user's, and how near its nodes shall be."""
    topology = {}
    if spec.topology is not None:
        told = {REQUIRED_TOPOLOGY: spec.topology.required, PREFERRED_TOPOLOGY: spec.topology.preferred}
        topology = {key: value for key, value in told.items() if value}
    return {**spec.annotations, **topology}


def resume_annotations(spec: JobSpec) -> dict[str, str]:
    """Return HyperPod's two for jobs of the training operator: both, or none where no resuming is asked for."""
    if spec.resume is None:
        return {}
    return {AUTO_RESUME: "true", MAX_RETRIES: str(spec.resume.max_retries)}
