"""The CRD of JobSets, as its own release installs it.

Source: kubernetes-sigs/jobset v0.12.0, config/components/crd/bases. A contract test compares it field by field. Its
rules in CEL, by which policies are immutable, are not here.
"""

from __future__ import annotations

from functools import cache
from typing import Final

from hpctl.sandbox.kube.crds.parts import (
    INT,
    INT32,
    INT64,
    MOMENT,
    TEXT,
    TRUTH,
    atomic,
    definition,
    listed,
    structure,
    version,
)
from hpctl.sandbox.kube.crds.templates import Schema, Vintage
from hpctl.sandbox.kube.resources import Object

VINTAGE: Final = Vintage(
    {
        "ClusterTrustBundleProjection": ("user",),
        "ConfigMapVolumeSource": ("defaultUser",),
        "DownwardAPIVolumeFile": ("user",),
        "DownwardAPIVolumeSource": ("defaultUser",),
        "EmptyDirVolumeSource": ("mode",),
        "GRPCAction": ("mode",),
        "HTTPGetAction": ("protocol",),
        "JobSpec": ("scheduling",),
        "KeyToPath": ("user",),
        "PersistentVolumeClaimStatus": ("healthStatus",),
        "PodCertificateProjection": ("user",),
        "PodSpec": ("evictionResponders",),
        "ProjectedVolumeSource": ("defaultUser",),
        "SecretVolumeSource": ("defaultUser",),
        "ServiceAccountTokenProjection": ("user",),
        "VolumeMount": ("bindMountOptions",),
    }
)
_CLAIM: Final = "io.k8s.api.core.v1.PersistentVolumeClaim"
_MOST: Final = 50
_MOST_INDEXES: Final = 1024
_NATURAL: Final[Schema] = {**INT32, "minimum": 0}


@cache
def jobsets() -> Object:
    """Return the CRD."""
    told = version("v1alpha2", structure(_spec()), structure(_status()))
    told["additionalPrinterColumns"] = [
        _column("Final state of JobSet", ".status.terminalState", "TerminalState"),
        _column("Number of restarts", ".status.restarts", "Restarts"),
        _column("", '.status.conditions[?(@.type=="Completed")].status', "Completed"),
        _column("JobSet suspended", ".spec.suspend", "Suspended"),
        _column("Time this JobSet was created", ".metadata.creationTimestamp", "Age", "date"),
    ]
    return definition("jobset.x-k8s.io", "JobSet", "jobsets", told)


def _column(about: str, path: str, name: str, kind: str = "string") -> Schema:
    return {**({"description": about} if about else {}), "jsonPath": path, "name": name, "type": kind}


def _spec() -> Schema:
    return {
        "coordinator": structure({"jobIndex": INT, "podIndex": INT, "replicatedJob": TEXT}, required=["replicatedJob"]),
        "failurePolicy": _failure_policy(),
        "managedBy": TEXT,
        "network": structure({"enableDNSHostnames": TRUTH, "publishNotReadyAddresses": TRUTH, "subdomain": TEXT}),
        "replicatedJobs": listed(_replicated_job(), by="name"),
        "startupPolicy": structure(
            {"startupPolicyOrder": {**TEXT, "enum": ["AnyOrder", "InOrder"]}}, required=["startupPolicyOrder"]
        ),
        "successPolicy": structure(
            {"operator": {**TEXT, "enum": ["All", "Any"]}, "targetReplicatedJobs": atomic(TEXT)}, required=["operator"]
        ),
        "suspend": TRUTH,
        "ttlSecondsAfterFinished": _NATURAL,
        "volumeClaimPolicies": atomic(_claim_policy(), maxItems=_MOST),
    }


def _failure_policy() -> Schema:
    jobset = ["FailJobSet", "RestartJobSet", "RestartJobSetAndIgnoreMaxRestarts"]
    rule = {
        "action": {**TEXT, "enum": [*jobset, "RestartJob", "RestartJobAndIgnoreMaxRestarts"]},
        "name": TEXT,
        "onJobFailureMessagePatterns": listed(TEXT),
        "onJobFailureReasons": listed(TEXT),
        "targetReplicatedJobs": atomic(TEXT),
    }
    strategies = ["Recreate", "BlockingRecreate", "InPlaceRestart"]
    return structure(
        {
            "maxRestarts": INT32,
            "restartStrategy": {**TEXT, "enum": strategies, "default": "Recreate"},
            "rules": listed(structure(rule, required=["action", "name"])),
        }
    )


def _replicated_job() -> Schema:
    needed = structure({"name": TEXT, "status": {**TEXT, "enum": ["Ready", "Complete"]}}, required=["name", "status"])
    return structure(
        {
            "dependsOn": {**listed(needed, by="name"), "maxItems": 5},
            "groupName": {**TEXT, "default": "default"},
            "name": TEXT,
            "replicas": {**INT32, "default": 1},
            "template": VINTAGE.schema_of("io.k8s.api.batch.v1.JobTemplateSpec"),
        },
        required=["name", "template"],
    )


def _claim_policy() -> Schema:
    template = VINTAGE.schema_of(_CLAIM)
    kept = {"whenDeleted": {**TEXT, "enum": ["Delete", "Retain"], "default": "Delete"}}
    return structure({"retentionPolicy": structure(kept), "templates": atomic(template, maxItems=_MOST)})


def _status() -> Schema:
    counts = dict.fromkeys(("active", "failed", "ready", "succeeded", "suspended"), INT32)
    restarts = dict.fromkeys(("jobRestarts", "jobRestartsCountTowardsMax"), atomic(INT32, maxItems=_MOST_INDEXES))
    replicated = structure({**counts, **restarts, "name": TEXT}, required=sorted((*counts, "name")))
    return {
        "conditions": listed(_condition(), by="type"),
        "currentInPlaceRestartAttempt": _NATURAL,
        "previousInPlaceRestartAttempt": _NATURAL,
        "replicatedJobsStatus": listed(replicated, by="name"),
        "restarts": INT32,
        "restartsCountTowardsMax": INT32,
        "terminalState": TEXT,
    }


def _condition() -> Schema:
    """Return the schema of Kubernetes' own condition (apimachinery, meta/v1)."""
    domain = r"([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?"
    needed = {
        "lastTransitionTime": MOMENT,
        "message": {**TEXT, "maxLength": 32768},
        "reason": {**TEXT, "pattern": "^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$", "minLength": 1, "maxLength": 1024},
        "status": {**TEXT, "enum": ["True", "False", "Unknown"]},
        "type": {**TEXT, "pattern": f"^{domain}(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])$", "maxLength": 316},
    }
    return structure({**needed, "observedGeneration": {**INT64, "minimum": 0}}, required=list(needed))
