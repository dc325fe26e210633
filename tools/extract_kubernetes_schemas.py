"""Write `sandbox/kube/schemas/definitions.json`: what Kubernetes' OpenAPI says about the kinds that the sandbox knows.

Its source is the package kubernetes-validate, which carries the OpenAPI of each release with list types and merge keys,
and which nothing else here needs: `uv run --with kubernetes-validate==1.37.0 tools/extract_kubernetes_schemas.py`.
The contract test `tests/contract/test_sandbox_schemas.py` fails when the committed file and the installed Python client
of Kubernetes do not tell of the same fields.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Any

TARGET = Path(__file__).resolve().parents[1] / "src/hpctl/sandbox/kube/schemas/definitions.json"
SOURCE = "kubernetes-validate"
API, META = "io.k8s.api", "io.k8s.apimachinery.pkg.apis.meta.v1"
ROOTS = {
    f"{API}.admissionregistration.v1": ("MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"),
    f"{API}.apps.v1": ("ControllerRevision", "DaemonSet", "Deployment", "ReplicaSet", "StatefulSet"),
    f"{API}.authentication.v1": ("SelfSubjectReview", "TokenRequest", "TokenReview"),
    f"{API}.authorization.v1": (
        "LocalSubjectAccessReview",
        "SelfSubjectAccessReview",
        "SelfSubjectRulesReview",
        "SubjectAccessReview",
    ),
    f"{API}.autoscaling.v1": ("Scale",),
    f"{API}.autoscaling.v2": ("HorizontalPodAutoscaler",),
    f"{API}.batch.v1": ("CronJob", "Job"),
    f"{API}.coordination.v1": ("Lease",),
    f"{API}.core.v1": (
        "Binding",
        "ConfigMap",
        "Endpoints",
        "Event",
        "LimitRange",
        "Namespace",
        "Node",
        "PersistentVolume",
        "PersistentVolumeClaim",
        "Pod",
        "PodTemplate",
        "ReplicationController",
        "ResourceQuota",
        "Secret",
        "Service",
        "ServiceAccount",
    ),
    f"{API}.discovery.v1": ("EndpointSlice",),
    f"{API}.events.v1": ("Event",),
    f"{API}.networking.v1": ("Ingress", "IngressClass", "NetworkPolicy"),
    f"{API}.node.v1": ("RuntimeClass",),
    f"{API}.policy.v1": ("Eviction", "PodDisruptionBudget"),
    f"{API}.rbac.v1": ("ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"),
    f"{API}.scheduling.v1": ("PriorityClass",),
    f"{API}.storage.v1": ("CSIDriver", "CSINode", "StorageClass", "VolumeAttachment"),
    "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1": ("CustomResourceDefinition",),
    "io.k8s.kube-aggregator.pkg.apis.apiregistration.v1": ("APIService",),
    META: ("DeleteOptions", "Status", "WatchEvent"),
}
KEPT = (
    "type",
    "format",
    "required",
    "x-kubernetes-group-version-kind",
    "x-kubernetes-list-map-keys",
    "x-kubernetes-list-type",
    "x-kubernetes-map-type",
    "x-kubernetes-patch-merge-key",
    "x-kubernetes-patch-strategy",
)
# The package widens these for its own purpose. In Kubernetes' document they are strings; the format tells them apart.
WIDENED = {
    "io.k8s.apimachinery.pkg.api.resource.Quantity": {"type": "string", "format": "quantity"},
    "io.k8s.apimachinery.pkg.util.intstr.IntOrString": {"type": "string", "format": "int-or-string"},
}


def extract() -> dict[str, Any]:
    """Everything reachable from the roots, without documentation."""
    release = version(SOURCE)
    folder = files("kubernetes_validate") / f"kubernetes-json-schema/v{release}-local"
    published = json.loads((folder / "_definitions.json").read_text(encoding="utf-8"))["$defs"]
    found: dict[str, Any] = {}
    wanted = [f"{package}.{kind}" for package, kinds in ROOTS.items() for kind in kinds]
    while wanted:
        if (name := wanted.pop()) not in found:
            found[name] = _node(WIDENED.get(name, published[name]))
            wanted.extend(_references(found[name]))
    return {
        "source": f"the OpenAPI definitions of Kubernetes {release}, as the package {SOURCE} {release} carries them",
        "definitions": dict(sorted(found.items())),
    }


def _node(node: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in node:
        return {"$ref": f"#/definitions/{node['$ref'].rpartition('/')[2]}"}
    row = {key: node[key] for key in KEPT if key in node}
    if isinstance(row.get("type"), list):
        row["type"] = next(name for name in row["type"] if name != "null")
    if "properties" in node:
        row["properties"] = {name: _property(part) for name, part in sorted(node["properties"].items())}
    return row | {key: _node(node[key]) for key in ("items", "additionalProperties") if isinstance(node.get(key), dict)}


def _property(part: dict[str, Any]) -> dict[str, Any]:
    # How a field merges may stand beside its reference, and is of the field alone.
    own = {key: part[key] for key in KEPT if key.startswith("x-") and key in part}
    return _node(part) | own


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(reference := node.get("$ref"), str):
            yield reference.rpartition("/")[2]
        for part in node.values():
            yield from _references(part)


def render(model: dict[str, Any]) -> str:
    """JSON with one definition a line, so that a change reads well in a diff."""
    rows = ",\n".join(f"    {json.dumps(name)}: {json.dumps(row)}" for name, row in model["definitions"].items())
    return f'{{\n  "source": {json.dumps(model["source"])},\n  "definitions": {{\n{rows}\n  }}\n}}\n'


if __name__ == "__main__":
    TARGET.write_text(render(extract()), encoding="utf-8")
