"""The Jobs and the Service of a JobSet, and the labels by which everybody finds them.

Source: kubernetes-sigs/jobset v0.12, pkg/controllers/jobset_controller.go, pkg/constants, pkg/webhooks (defaults).
Exclusive placement and the claims of `volumeClaimPolicies` are not here.
"""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from hpctl.sandbox.kube.controllers.owners import controlled_by

if TYPE_CHECKING:
    from hpctl.sandbox.kube.resources import Object

PREFIX: Final = "jobset.sigs.k8s.io/"
NAME: Final = f"{PREFIX}jobset-name"
REPLICATED: Final = f"{PREFIX}replicatedjob-name"
ATTEMPT: Final = f"{PREFIX}restart-attempt"
_DEFAULT_GROUP: Final = "default"


def replicated_jobs(jobset: Object) -> list[Object]:
    """Return the replicated jobs of a JobSet, in its order."""
    found: list[Object] = jobset["spec"].get("replicatedJobs") or []
    return found


def replicas(replicated: Object) -> int:
    """Return how many Jobs are made of a replicated job."""
    return int(replicated.get("replicas", 1))


def subdomain(jobset: Object) -> str | None:
    """Return the name of the Service that names the pods, None where the JobSet wants no names."""
    network = jobset["spec"].get("network") or {}
    if not network.get("enableDNSHostnames", True):
        return None
    return str(network.get("subdomain") or jobset["metadata"]["name"])


def new_service(jobset: Object, name: str) -> Object:
    """Return the headless Service of a JobSet."""
    network = jobset["spec"].get("network") or {}
    return {
        "metadata": {"name": name, "ownerReferences": [controlled_by(jobset)]},
        "spec": {
            "clusterIP": "None",
            "selector": {NAME: jobset["metadata"]["name"]},
            "publishNotReadyAddresses": network.get("publishNotReadyAddresses", True),
        },
    }


def new_jobs(jobset: Object, replicated: Object, attempt: int) -> Iterator[Object]:
    """Yield the Jobs of a replicated job as they are to be in this attempt."""
    for index in range(replicas(replicated)):
        yield _new_job(jobset, replicated, index, attempt)


def _new_job(jobset: Object, replicated: Object, index: int, attempt: int) -> Object:
    told = replicated["template"].get("metadata") or {}
    spec: dict[str, Any] = copy.deepcopy(replicated["template"]["spec"])
    labels = _labels(jobset, replicated, index, attempt)
    spec["completionMode"] = spec.get("completionMode") or "Indexed"
    spec["suspend"] = bool(jobset["spec"].get("suspend"))
    spec["template"] = _template(spec["template"], labels, subdomain(jobset))
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "name": name_of(jobset, replicated, index),
            "labels": {**(told.get("labels") or {}), **labels},
            "annotations": {**(told.get("annotations") or {}), **labels},
            "ownerReferences": [controlled_by(jobset)],
        },
        "spec": spec,
    }


def name_of(jobset: Object, replicated: Object, index: int) -> str:
    """Return the name of a Job."""
    return f"{jobset['metadata']['name']}-{replicated['name']}-{index}"


def _template(template: Object, labels: dict[str, str], service: str | None) -> Object:
    told, body = template.get("metadata") or {}, template["spec"]
    if service is not None:
        body["subdomain"] = body.get("subdomain") or service
    body["restartPolicy"] = body.get("restartPolicy") or "OnFailure"
    metadata = {key: {**(told.get(key) or {}), **labels} for key in ("labels", "annotations")}
    return {"metadata": metadata, "spec": body}


def _labels(jobset: Object, replicated: Object, index: int, attempt: int) -> dict[str, str]:
    metadata, name = jobset["metadata"], name_of(jobset, replicated, index)
    key = f"{metadata.get('namespace', '')}/{name}"
    before = 0
    for other in replicated_jobs(jobset):
        if other["name"] == replicated["name"]:
            break
        before += replicas(other)
    numbers = {
        "replicatedjob-replicas": replicas(replicated),
        "job-index": index,
        "restart-attempt": attempt,
        "global-replicas": sum(map(replicas, replicated_jobs(jobset))),
        "job-global-index": before + index,
    }
    texts = {
        "jobset-name": metadata["name"],
        "jobset-uid": metadata["uid"],
        "replicatedjob-name": replicated["name"],
        # Not a secret: a short name of the Job, as the controller makes it.
        "job-key": hashlib.sha1(key.encode(), usedforsecurity=False).hexdigest(),
        "group-name": replicated.get("groupName") or _DEFAULT_GROUP,
    }
    return {f"{PREFIX}{name}": str(value) for name, value in {**texts, **numbers}.items()}
