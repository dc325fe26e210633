"""The CRD of HyperPodPyTorchJobs. The real one ships inside the EKS add-on and is not public.

Source: the models of sagemaker-hyperpod 3.12.0, which hyp reads and writes such jobs by. What they do not tell
(formats, limits, columns) is not here; a contract test compares the fields outside of pods.
"""

from __future__ import annotations

from functools import cache

from hpctl.sandbox.kube.crds.parts import INT, MOMENT, TEXT, TRUTH, definition, listed, structure, version
from hpctl.sandbox.kube.crds.templates import Schema, pod_template
from hpctl.sandbox.kube.resources import Object


@cache
def hyperpodpytorchjobs() -> Object:
    """Return the CRD."""
    spec = structure(
        {
            "elasticPolicy": _elastic_policy(),
            "nprocPerNode": {**TEXT, "default": "auto"},
            "replicaSpecs": listed(_replica_spec()),
            "runPolicy": _run_policy(),
        }
    )
    told = version("v1", spec, _status())
    return definition("sagemaker.amazonaws.com", "HyperPodPyTorchJob", "hyperpodpytorchjobs", told)


def _replica_spec() -> Schema:
    numbers = {"maxReplicas": INT, "replicas": {**INT, "default": 0}, "spares": {**INT, "default": 0}}
    return structure({"name": TEXT, "template": pod_template(), **numbers}, required=["name"])


def _run_policy() -> Schema:
    limits = ("activeDeadlineSeconds", "faultDeadlineSeconds", "jobMaxRetryCount", "startupDeadlineSeconds")
    return structure(
        {
            **dict.fromkeys(limits, INT),
            "cleanPodPolicy": {**TEXT, "default": "All"},
            "logMonitoringConfiguration": listed(_log_rule()),
            "restartPolicy": _restart_policy(),
            "suspend": TRUTH,
            "ttlSecondsAfterFinished": {**INT, "default": 0},
            "workloadMode": TEXT,
        }
    )


def _restart_policy() -> Schema:
    counts = ("evalPeriodSeconds", "maxFullJobRestarts", "maxNumRepeatOffendersToAvoid")
    more = {"numRestartBeforeFullJobRestart": INT, "scaleUpSnoozeTimeInSeconds": {**INT, "default": 0}}
    return structure({**dict.fromkeys(counts, INT), **more}, required=["evalPeriodSeconds"])


def _log_rule() -> Schema:
    texts = dict.fromkeys(("logPattern", "name", "operator", "stopPattern"), TEXT)
    times = dict.fromkeys(("expectedRecurringFrequencyInSeconds", "expectedStartCutOffInSeconds"), INT)
    metric = dict.fromkeys(("metricEvaluationDataPoints", "metricThreshold"), INT)
    return structure({**texts, **times, **metric}, required=["logPattern", "name"])


def _elastic_policy() -> Schema:
    times = ("faultyScaleDownTimeoutInSeconds", "gracefulShutdownTimeoutInSeconds", "scalingTimeoutInSeconds")
    numbers = ("maxReplicas", "minReplicas", "replicaIncrementStep")
    return structure({**dict.fromkeys((*times, *numbers), INT), "replicaDiscreteValues": listed(INT)})


def _status() -> Schema:
    reference = structure(
        dict.fromkeys(("apiVersion", "fieldPath", "kind", "name", "namespace", "resourceVersion", "uid"), TEXT)
    )
    return structure(
        {
            "completionTime": MOMENT,
            "conditions": listed(_condition()),
            "elasticScalingStatus": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
            "jobPods": listed(reference),
            "latestFaultyPodInstanceList": _faults(),
            "managerPods": reference,
            "masterAddr": TEXT,
            "masterPort": TEXT,
            "podManagerStatuses": listed(reference),
            "restartCount": INT,
            "restartStatus": structure(
                dict.fromkeys(("currentEvalPeriod", "fullJobRestartCount", "restartCount"), INT),
                required=["currentEvalPeriod", "fullJobRestartCount", "restartCount"],
            ),
            "startTime": MOMENT,
        }
    )


def _condition() -> Schema:
    words = dict.fromkeys(("message", "reason", "status", "type"), TEXT)
    moments = dict.fromkeys(("lastProbeTime", "lastTransitionTime"), MOMENT)
    return structure({**words, **moments}, required=["status", "type"])


def _faults() -> Schema:
    names = dict.fromkeys(("faultyInstanceIdList", "faultyPodList", "faultyRankList"), listed(TEXT))
    return structure({**names, "restartType": TEXT})
