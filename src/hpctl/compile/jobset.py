"""A job as a JobSet of one Indexed Job: it restarts all ranks together.

Source: its CRD (jobset.x-k8s.io/v1alpha2) and documentation; its controller makes the Service that names the pods.
"""

from __future__ import annotations

from typing import Any, Final

from hpctl.compile.making import Making
from hpctl.compile.pods import PodForm, template
from hpctl.spec.job import JobSpec

CONTAINER: Final = "task"
REPLICATED: Final = "n"
"""Short, for it is part of the names of pods, which have 63 characters: a job's own may take 50 of them."""


def job_set(making: Making) -> dict[str, Any]:
    """Return the `spec` of the JobSet."""
    spec = making.spec
    pod = template(making, PodForm(CONTAINER, job_set_hosts(spec)))
    pod["spec"] = {**pod["spec"], "restartPolicy": "Never"}
    job: dict[str, Any] = {
        "completions": spec.nodes,
        "parallelism": spec.nodes,
        "completionMode": "Indexed",
        "backoffLimit": 0,
        "template": pod,
    }
    if spec.timeout_s is not None:
        job["activeDeadlineSeconds"] = spec.timeout_s
    return {
        "network": {"enableDNSHostnames": True, "publishNotReadyAddresses": True, "subdomain": spec.name},
        "failurePolicy": {"maxRestarts": spec.resume.max_retries if spec.resume else 0},
        "replicatedJobs": [{"name": REPLICATED, "replicas": 1, "template": {"spec": job}}],
    }


def job_set_hosts(spec: JobSpec) -> tuple[str, ...]:
    """Return the names of the ranks: `<jobset>-<replicated job>-<its index>-<pod index>.<subdomain>`."""
    return tuple(f"{spec.name}-{REPLICATED}-0-{index}.{spec.name}" for index in range(spec.nodes))
