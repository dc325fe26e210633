"""The CRDs that AWS's Helm chart and EKS bring: the training jobs in full, the others by name.

Sources: aws/sagemaker-hyperpod-cli 3.12.0, helm_chart (names, versions, the fields of PyTorchJob and MPIJob); Amazon
VPC CNI and its resource controller (names). A contract test compares them field by field.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Final

from hpctl.sandbox.kube.crds.templates import Schema, label_selector, pod_template, quantity
from hpctl.sandbox.kube.resources import Object

NO_CONTROLLER: Final = "sandbox.hpctl/no-controller"
"""The annotation of CRDs whose objects nobody would ever look after: creating one is refused (501)."""
_KUBEFLOW: Final = "kubeflow.org"
# Of the user that images run as.
_HOME: Final = "/root"
_INT32: Final[Schema] = {"type": "integer", "format": "int32"}
_INT64: Final[Schema] = {"type": "integer", "format": "int64"}
_TEXT: Final[Schema] = {"type": "string"}
_TRUTH: Final[Schema] = {"type": "boolean"}
_MOMENT: Final[Schema] = {"type": "string", "format": "date-time"}
_OPEN: Final[Schema] = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}


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
    spec = _object(
        {
            "elasticPolicy": _elastic_policy(),
            "nprocPerNode": _TEXT,
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
    version = _version("v1", spec, _job_status(), scale=scale) | {
        "additionalPrinterColumns": [
            {"jsonPath": ".status.conditions[-1:].type", "name": "State", "type": "string"},
            {"jsonPath": ".metadata.creationTimestamp", "name": "Age", "type": "date"},
        ]
    }
    return _crd(_KUBEFLOW, "PyTorchJob", "pytorchjobs", version)


def mpijobs() -> Object:
    """Return the CRD of MPIJobs, which nobody here runs."""
    implementation = {"type": "string", "default": "OpenMPI", "enum": ["OpenMPI", "Intel", "MPICH"]}
    spec = _object(
        {
            "launcherCreationPolicy": {**_TEXT, "default": "AtStartup"},
            "mpiImplementation": implementation,
            "mpiReplicaSpecs": _replica_specs(),
            "runLauncherAsWorker": {**_TRUTH, "default": False},
            "runPolicy": _run_policy(),
            "slotsPerWorker": {**_INT32, "default": 1},
            "sshAuthMountPath": {**_TEXT, "default": f"{_HOME}/.ssh"},
        },
        required=["mpiReplicaSpecs"],
    )
    status = _job_status()
    conditions = status["properties"]["conditions"]
    conditions |= {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"]}
    conditions["items"]["properties"]["status"] = {**_TEXT, "enum": ["True", "False", "Unknown"]}
    return _crd(_KUBEFLOW, "MPIJob", "mpijobs", _version("v2beta1", spec, status), refused=True)


def _object(properties: Schema, *, required: list[str] | None = None) -> Schema:
    return {"type": "object", "properties": properties, **({"required": required} if required else {})}


def _list(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def _map(values: Schema) -> Schema:
    return {"type": "object", "additionalProperties": values}


def _replica_specs() -> Schema:
    return _map(_object({"replicas": _INT32, "restartPolicy": _TEXT, "template": pod_template()}))


def _run_policy() -> Schema:
    scheduling = _object(
        {
            "minAvailable": _INT32,
            "minResources": _map(quantity()),
            "priorityClass": _TEXT,
            "queue": _TEXT,
            "scheduleTimeoutSeconds": _INT32,
        }
    )
    return _object(
        {
            "activeDeadlineSeconds": _INT64,
            "backoffLimit": _INT32,
            "cleanPodPolicy": _TEXT,
            "schedulingPolicy": scheduling,
            "suspend": {**_TRUTH, "default": False},
            "ttlSecondsAfterFinished": _INT32,
        }
    )


def _elastic_policy() -> Schema:
    return _object(
        {
            "maxReplicas": _INT32,
            "maxRestarts": _INT32,
            "metrics": _list(_metric()),
            "minReplicas": _INT32,
            "nProcPerNode": _INT32,
            "rdzvBackend": _TEXT,
            "rdzvConf": _list(_object({"key": _TEXT, "value": _TEXT})),
            "rdzvHost": _TEXT,
            "rdzvId": _TEXT,
            "rdzvPort": _INT32,
            "standalone": _TRUTH,
        }
    )


def _metric() -> Schema:
    amounts = {"averageUtilization": _INT32, "averageValue": quantity(), "type": _TEXT, "value": quantity()}
    target = _object(amounts, required=["type"])
    metric = _object({"name": _TEXT, "selector": label_selector()}, required=["name"])
    described = _object({"apiVersion": _TEXT, "kind": _TEXT, "name": _TEXT}, required=["kind", "name"])
    container = {"container": _TEXT, "name": _TEXT, "target": target}
    about = {"describedObject": described, "metric": metric, "target": target}
    return _object(
        {
            "containerResource": _object(container, required=["container", "name", "target"]),
            "external": _object({"metric": metric, "target": target}, required=["metric", "target"]),
            "object": _object(about, required=["describedObject", "metric", "target"]),
            "pods": _object({"metric": metric, "target": target}, required=["metric", "target"]),
            "resource": _object({"name": _TEXT, "target": target}, required=["name", "target"]),
            "type": _TEXT,
        },
        required=["type"],
    )


def _job_status() -> Schema:
    words = dict.fromkeys(("message", "reason", "status", "type"), _TEXT)
    condition = _object(
        {"lastTransitionTime": _MOMENT, "lastUpdateTime": _MOMENT, **words}, required=["status", "type"]
    )
    counts = dict.fromkeys(("active", "failed", "succeeded"), _INT32)
    replicas = _object({**counts, "labelSelector": label_selector(), "selector": _TEXT})
    moments = dict.fromkeys(("completionTime", "lastReconcileTime", "startTime"), _MOMENT)
    return _object({**moments, "conditions": _list(condition), "replicaStatuses": _map(replicas)})


def _version(name: str, spec: Schema, status: Schema, *, scale: dict[str, str] | None = None) -> Schema:
    schema = _object(
        {"apiVersion": _TEXT, "kind": _TEXT, "metadata": {"type": "object"}, "spec": spec, "status": status}
    )
    beside: dict[str, Any] = {"status": {}, **({"scale": scale} if scale else {})}
    return {
        "name": name,
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": schema},
        "subresources": beside,
    }


def _by_name(
    group: str, version: str, kind: str, plural: str, *, scope: str = "Namespaced", refused: bool = False
) -> Object:
    return _crd(group, kind, plural, _version(version, _OPEN, _OPEN), scope=scope, refused=refused)


def _crd(
    group: str, kind: str, plural: str, version: Schema, *, scope: str = "Namespaced", refused: bool = False
) -> Object:
    names = {"kind": kind, "listKind": f"{kind}List", "plural": plural, "singular": kind.lower()}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {
            "name": f"{plural}.{group}",
            **({"annotations": {NO_CONTROLLER: "true"}} if refused else {}),
        },
        "spec": {"group": group, "names": names, "scope": scope, "versions": [version]},
    }
