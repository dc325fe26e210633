"""Kubernetes objects in JSON become rows (Kubernetes API reference, v1.37)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from hpctl.facts.kubernetes import AccessReview, AccessWish, KubernetesNode, Taint, Toleration, Workload

TYPE_LABEL: Final = "node.kubernetes.io/instance-type"
"""The label of nodes that tells their instance type, on HyperPod with its `ml.`."""


def server_version_of(body: bytes) -> str:
    """Read `/version`; a server that hides it has none."""
    try:
        return str(json.loads(body)["gitVersion"])
    except (ValueError, KeyError, TypeError):
        return ""


def api_versions_of(answer: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """Read an APIGroupList."""
    return {
        str(group["name"]): tuple(
            dict.fromkeys(
                str(version["version"]) for version in (group.get("preferredVersion"), *group["versions"]) if version
            )
        )
        for group in answer["groups"]
    }


def review_of(answer: Mapping[str, Any], wish: AccessWish) -> AccessReview:
    """Read a SelfSubjectAccessReview's status."""
    status = answer["status"]
    reason = status.get("reason") or status.get("evaluationError") or ""
    return AccessReview(wish, bool(status["allowed"]), str(reason))


def workload_of(kind: str, row: Mapping[str, Any]) -> Workload:
    """Read a Deployment or a DaemonSet; a status that nobody has written yet is zero pods."""
    metadata, status = row["metadata"], row.get("status") or {}
    if kind == "DaemonSet":
        wanted, ready = status.get("desiredNumberScheduled", 0), status.get("numberReady", 0)
    else:
        wanted, ready = row["spec"].get("replicas", 1), status.get("readyReplicas", 0)
    pod = ((row.get("spec") or {}).get("template") or {}).get("spec") or {}
    return Workload(
        kind=kind,
        namespace=str(metadata["namespace"]),
        name=str(metadata["name"]),
        wanted=int(wanted),
        ready=int(ready),
        images=tuple(str(one.get("image") or "") for one in pod.get("containers") or ()),
        tolerations=tuple(map(toleration_of, pod.get("tolerations") or ())),
        instance_types=_confined_to(pod),
    )


def toleration_of(row: Mapping[str, Any]) -> Toleration:
    """Read a toleration of a pod; what is not said is Kubernetes' default."""
    key, operator = str(row.get("key") or ""), str(row.get("operator") or "Equal")
    return Toleration(key, operator, str(row.get("value") or ""), str(row.get("effect") or ""))


def _confined_to(pod: Mapping[str, Any]) -> tuple[str, ...] | None:
    """Return the instance types that pods are kept to by a selector or a required affinity; terms are alternatives."""
    chosen = (pod.get("nodeSelector") or {}).get(TYPE_LABEL)
    if chosen is not None:
        return (str(chosen),)
    affinity = (pod.get("affinity") or {}).get("nodeAffinity") or {}
    required = affinity.get("requiredDuringSchedulingIgnoredDuringExecution") or {}
    found: list[str] = []
    for term in required.get("nodeSelectorTerms") or ():
        rules = [one for one in term.get("matchExpressions") or () if one.get("key") == TYPE_LABEL]
        kept = [one for one in rules if one.get("operator") == "In"]
        if not kept:
            return None
        found += [str(value) for one in kept for value in one.get("values") or ()]
    return tuple(dict.fromkeys(found)) or None


def node_of(row: Mapping[str, Any]) -> KubernetesNode:
    """Read a Node."""
    metadata, spec, status = row["metadata"], row.get("spec") or {}, row.get("status") or {}
    conditions = {str(one["type"]): str(one["status"]) for one in status.get("conditions") or ()}
    return KubernetesNode(
        name=str(metadata["name"]),
        labels=dict(metadata.get("labels") or {}),
        allocatable={str(name): str(count) for name, count in (status.get("allocatable") or {}).items()},
        ready=conditions.get("Ready") == "True",
        version=str((status.get("nodeInfo") or {}).get("kubeletVersion") or ""),
        taints=tuple(
            Taint(str(one["key"]), str(one["effect"]), str(one.get("value") or "")) for one in spec.get("taints") or ()
        ),
        unschedulable=bool(spec.get("unschedulable")),
        annotations={str(key): str(value) for key, value in (metadata.get("annotations") or {}).items()},
    )
