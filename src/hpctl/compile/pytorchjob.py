"""A job as a PyTorchJob of the Kubeflow training operator, which HyperPod's Helm chart installs.

Sources: its CRD (kubeflow.org/v1, as HyperPod installs it); AWS documentation of HyperPod's auto-resume: two
annotations with `OnFailure`, a Master replica, and healthy nodes alone.
"""

from __future__ import annotations

import copy
from typing import Any, Final

from hpctl.compile.labels import resume_annotations
from hpctl.compile.making import Making
from hpctl.compile.pods import PodForm, template
from hpctl.spec.job import Contract, JobSpec

CONTAINER: Final = "pytorch"
"""The operator gives its variables to all containers, its port to the one of this name."""


def pytorch_job(making: Making) -> dict[str, Any]:
    """Return the `spec` of the PyTorchJob: a master, and workers where there are more nodes."""
    spec = making.spec
    hosts = pytorch_hosts(spec) if spec.contract is Contract.SKYPILOT else ()
    pod = template(making, PodForm(CONTAINER, hosts, resume_annotations(spec)))
    # `Running` would take the last lines of workers that end a moment after the master, with their logs.
    policy: dict[str, Any] = {"cleanPodPolicy": "None"}
    if spec.timeout_s is not None:
        policy["activeDeadlineSeconds"] = spec.timeout_s
    if spec.resume is not None:
        # A failing script restarts every rank once each time: without a limit for ever. The job fails with the restart
        # that reaches the limit (kubeflow/training-operator 1.8, PastBackoffLimit), so that is one more than it may.
        policy["backoffLimit"] = spec.resume.max_retries * spec.nodes + 1
    restart = "Never" if spec.resume is None else "OnFailure"
    replica = {"restartPolicy": restart, "template": pod}
    replicas = {"Master": {"replicas": 1, **replica}}
    if spec.nodes > 1:
        replicas["Worker"] = {"replicas": spec.nodes - 1, **copy.deepcopy(replica)}
    return {"runPolicy": policy, "pytorchReplicaSpecs": replicas}


def pytorch_hosts(spec: JobSpec) -> tuple[str, ...]:
    """Return the names of the ranks: the operator makes a Service for each of them."""
    return (f"{spec.name}-master-0", *(f"{spec.name}-worker-{index}" for index in range(spec.nodes - 1)))
