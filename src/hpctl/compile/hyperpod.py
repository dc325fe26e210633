"""A job as a HyperPodPyTorchJob of the HyperPod training operator (an EKS add-on).

Sources: the models of aws/sagemaker-hyperpod-cli 3.12.0; AWS documentation, "Using the HyperPod training operator": the
image has hyperpod-elastic-agent, whose `hyperpodrun` stands in for torchrun.
"""

from __future__ import annotations

from typing import Any, Final

from hpctl.compile.pods import Making, template

CONTAINER: Final = "pytorch"
REPLICAS: Final = "nodes"
LAUNCHER: Final = "hyperpodrun"
_EVALUATED_S: Final = 3600
"""Restarts are counted in a window of this length."""


def hyperpod_job(making: Making) -> dict[str, Any]:
    """Return the `spec` of the HyperPodPyTorchJob."""
    spec, placement = making.spec, making.placement
    # Failed pods keep their logs; -1 is to keep the job until somebody deletes it.
    policy: dict[str, Any] = {"cleanPodPolicy": "None", "ttlSecondsAfterFinished": -1}
    if spec.timeout_s is not None:
        policy["activeDeadlineSeconds"] = spec.timeout_s
    policy["jobMaxRetryCount"] = spec.resume.max_retries if spec.resume else 0
    if spec.resume is not None:
        policy["restartPolicy"] = {"evalPeriodSeconds": _EVALUATED_S, "maxFullJobRestarts": spec.resume.max_retries}
    replica = {"name": REPLICAS, "replicas": spec.nodes, "template": template(making, CONTAINER, (), {})}
    return {"nprocPerNode": str(placement.processes), "replicaSpecs": [replica], "runPolicy": policy}
