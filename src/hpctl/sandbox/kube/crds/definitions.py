"""The CRDs that AWS's Helm chart and EKS bring: the training jobs in full, the others by name.

Sources: aws/sagemaker-hyperpod-cli 3.12.0, helm_chart (names, versions, the fields of PyTorchJob and MPIJob); Amazon
VPC CNI and its resource controller (names). A contract test compares them field by field.
"""

from __future__ import annotations

from functools import cache
from typing import Final

from hpctl.sandbox.kube.crds.parts import (
    INT32,
    INT64,
    MOMENT,
    OPEN,
    TEXT,
    TRUTH,
    definition,
    listed,
    mapped,
    structure,
    version,
)
from hpctl.sandbox.kube.crds.templates import Schema, label_selector, pod_template, quantity
from hpctl.sandbox.kube.resources import Object

_KUBEFLOW: Final = "kubeflow.org"
# Of the user that images run as.
_HOME: Final = "/root"


def usual() -> tuple[Object, ...]:
    """Return the CRDs that EKS puts into every cluster."""
    return (
        _by_name("crd.k8s.amazonaws.com", "v1alpha1", "ENIConfig", "eniconfigs", scope="Cluster"),
        _by_name("networking.k8s.aws", "v1alpha1", "PolicyEndpoint", "policyendpoints"),
        _by_name("vpcresources.k8s.aws", "v1alpha1", "CNINode", "cninodes", scope="Cluster"),
        _by_name("vpcresources.k8s.aws", "v1beta1", "SecurityGroupPolicy", "securitygrouppolicies"),
    )


@cache
def of_chart() -> tuple[Object, ...]:
    """Return the CRDs of AWS's Helm chart."""
    others = ("MXJob", "PaddleJob", "TFJob", "XGBoostJob")
    return (
        pytorchjobs(),
        mpijobs(),
        *(_by_name(_KUBEFLOW, "v1", kind, f"{kind.lower()}s", refused=True) for kind in others),
    )


def pytorchjobs() -> Object:
    """Return the CRD of PyTorchJobs."""
    spec = structure(
        {
            "elasticPolicy": _elastic_policy(),
            "nprocPerNode": TEXT,
            "pytorchReplicaSpecs": _replica_specs(),
            "runPolicy": _run_policy(),
        },
        required=["pytorchReplicaSpecs"],
    )
    scale = {
        "labelSelectorPath": ".status.replicaStatuses.Worker.selector",
        "specReplicasPath": ".spec.pytorchReplicaSpecs.Worker.replicas",
        "statusReplicasPath": ".status.replicaStatuses.Worker.active",
    }
    told = version("v1", spec, _job_status(), scale=scale) | {
        "additionalPrinterColumns": [
            {"jsonPath": ".status.conditions[-1:].type", "name": "State", "type": "string"},
            {"jsonPath": ".metadata.creationTimestamp", "name": "Age", "type": "date"},
        ]
    }
    return definition(_KUBEFLOW, "PyTorchJob", "pytorchjobs", told)


def mpijobs() -> Object:
    """Return the CRD of MPIJobs, which nobody here runs."""
    implementation = {"type": "string", "default": "OpenMPI", "enum": ["OpenMPI", "Intel", "MPICH"]}
    spec = structure(
        {
            "launcherCreationPolicy": {**TEXT, "default": "AtStartup"},
            "mpiImplementation": implementation,
            "mpiReplicaSpecs": _replica_specs(),
            "runLauncherAsWorker": {**TRUTH, "default": False},
            "runPolicy": _run_policy(),
            "slotsPerWorker": {**INT32, "default": 1},
            "sshAuthMountPath": {**TEXT, "default": f"{_HOME}/.ssh"},
        },
        required=["mpiReplicaSpecs"],
    )
    status = _job_status()
    conditions = status["properties"]["conditions"]
    conditions |= {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"]}
    conditions["items"]["properties"]["status"] = {**TEXT, "enum": ["True", "False", "Unknown"]}
    return definition(_KUBEFLOW, "MPIJob", "mpijobs", version("v2beta1", spec, status), refused=True)


def _replica_specs() -> Schema:
    return mapped(structure({"replicas": INT32, "restartPolicy": TEXT, "template": pod_template()}))


def _run_policy() -> Schema:
    scheduling = structure(
        {
            "minAvailable": INT32,
            "minResources": mapped(quantity()),
            "priorityClass": TEXT,
            "queue": TEXT,
            "scheduleTimeoutSeconds": INT32,
        }
    )
    return structure(
        {
            "activeDeadlineSeconds": INT64,
            "backoffLimit": INT32,
            "cleanPodPolicy": TEXT,
            "schedulingPolicy": scheduling,
            "suspend": {**TRUTH, "default": False},
            "ttlSecondsAfterFinished": INT32,
        }
    )


def _elastic_policy() -> Schema:
    return structure(
        {
            "maxReplicas": INT32,
            "maxRestarts": INT32,
            "metrics": listed(_metric()),
            "minReplicas": INT32,
            "nProcPerNode": INT32,
            "rdzvBackend": TEXT,
            "rdzvConf": listed(structure({"key": TEXT, "value": TEXT})),
            "rdzvHost": TEXT,
            "rdzvId": TEXT,
            "rdzvPort": INT32,
            "standalone": TRUTH,
        }
    )


def _metric() -> Schema:
    amounts = {"averageUtilization": INT32, "averageValue": quantity(), "type": TEXT, "value": quantity()}
    target = structure(amounts, required=["type"])
    metric = structure({"name": TEXT, "selector": label_selector()}, required=["name"])
    described = structure({"apiVersion": TEXT, "kind": TEXT, "name": TEXT}, required=["kind", "name"])
    container = {"container": TEXT, "name": TEXT, "target": target}
    about = {"describedObject": described, "metric": metric, "target": target}
    return structure(
        {
            "containerResource": structure(container, required=["container", "name", "target"]),
            "external": structure({"metric": metric, "target": target}, required=["metric", "target"]),
            "object": structure(about, required=["describedObject", "metric", "target"]),
            "pods": structure({"metric": metric, "target": target}, required=["metric", "target"]),
            "resource": structure({"name": TEXT, "target": target}, required=["name", "target"]),
            "type": TEXT,
        },
        required=["type"],
    )


def _job_status() -> Schema:
    words = dict.fromkeys(("message", "reason", "status", "type"), TEXT)
    condition = structure(
        {"lastTransitionTime": MOMENT, "lastUpdateTime": MOMENT, **words}, required=["status", "type"]
    )
    counts = dict.fromkeys(("active", "failed", "succeeded"), INT32)
    replicas = structure({**counts, "labelSelector": label_selector(), "selector": TEXT})
    moments = dict.fromkeys(("completionTime", "lastReconcileTime", "startTime"), MOMENT)
    return structure({**moments, "conditions": listed(condition), "replicaStatuses": mapped(replicas)})


def _by_name(
    group: str, served: str, kind: str, plural: str, *, scope: str = "Namespaced", refused: bool = False
) -> Object:
    return definition(group, kind, plural, version(served, OPEN, OPEN), scope=scope, refused=refused)
