"""Kubernetes objects in JSON become rows (Kubernetes API reference, v1.37)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from hpctl.facts.kubernetes import AccessReview, AccessWish, KubernetesNode, Taint, Workload


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
    return Workload(kind, str(metadata["namespace"]), str(metadata["name"]), int(wanted), int(ready))


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
    )
