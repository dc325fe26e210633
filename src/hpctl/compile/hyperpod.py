"""A job as a HyperPodPyTorchJob of the HyperPod training operator (an EKS add-on).

Sources: the models of aws/sagemaker-hyperpod-cli 3.12.0; AWS documentation, "Using the HyperPod training operator": the
image has hyperpod-elastic-agent, whose `hyperpodrun` stands in for torchrun.
"""

from __future__ import annotations

from typing import Any, Final

from hpctl.compile.labels import own_labels
from hpctl.compile.making import Making
from hpctl.compile.pods import HOST_NAME, PodForm, template

CONTAINER: Final = "pytorch"
REPLICAS: Final = "nodes"
LAUNCHER: Final = "hyperpodrun"
AGENT_PORT: Final = 8080
"""Where the elastic agent listens, as AWS's samples name it in their containers."""
_NAME: Final = {"name": "HPCTL_POD_NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}
"""The operator tells ranks to the agent alone; names of pods end in their index, and the scripts take it for theirs."""
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
    pod = template(making, PodForm(CONTAINER, ports=(AGENT_PORT,), env=(_NAME,), apart=_apart(making)))
    replica = {"name": REPLICAS, "replicas": spec.nodes, "template": pod}
    return {"nprocPerNode": str(placement.processes), "replicaSpecs": [replica], "runPolicy": policy}


def _apart(making: Making) -> dict[str, Any]:
    """Return what keeps each rank on a node of its own.

    The models know no required anti-affinity of pods (they take its terms for those of nodes). A spread with a skew of
    1 over as many domains as there are ranks comes to the same: while a node is missing, the least count is 0.
    """
    if making.spec.nodes == 1:
        return {}
    rule = {
        "maxSkew": 1,
        "minDomains": making.spec.nodes,
        "topologyKey": HOST_NAME,
        "whenUnsatisfiable": "DoNotSchedule",
        "labelSelector": {"matchLabels": own_labels(making.spec, making.payload)},
    }
    return {"topologySpreadConstraints": [rule]}
