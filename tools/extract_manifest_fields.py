"""Write `catalog/manifest_fields.json`: the fields that manifests of jobs, and of what stands beside them, may have.

Sources: the OpenAPI definitions of Kubernetes that the sandbox carries (`extract_kubernetes_schemas.py`), and the
published CustomResourceDefinitions of PyTorchJob, MPIJob and JobSet, read from the folder that is the argument:
`.venv/bin/python tools/extract_manifest_fields.py ../shared/schemas/crds`. The operator of HyperPodPyTorchJob publishes
none; its fields are those of the Pydantic models of sagemaker-hyperpod 3.12.0, and others are let through.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "src/hpctl/catalog/manifest_fields.json"
OPENAPI = ROOT / "src/hpctl/sandbox/kube/schemas/definitions.json"
API = "io.k8s.api"
BUILTIN = {
    "batch/v1 Job": f"{API}.batch.v1.Job",
    "rbac.authorization.k8s.io/v1 Role": f"{API}.rbac.v1.Role",
    "rbac.authorization.k8s.io/v1 RoleBinding": f"{API}.rbac.v1.RoleBinding",
    "v1 ConfigMap": f"{API}.core.v1.ConfigMap",
    "v1 PersistentVolumeClaim": f"{API}.core.v1.PersistentVolumeClaim",
    "v1 Secret": f"{API}.core.v1.Secret",
    "v1 Service": f"{API}.core.v1.Service",
    "v1 ServiceAccount": f"{API}.core.v1.ServiceAccount",
}
CUSTOM = ("kubeflow.org_pytorchjobs", "kubeflow.org_mpijobs", "jobset.x-k8s.io_jobsets")
HYPERPOD = {
    "sagemaker.amazonaws.com/v1 HyperPodPyTorchJob": {
        "apiVersion": "string",
        "kind": "string",
        "metadata": "@ObjectMeta",
        "spec": {
            "elasticPolicy": "any",
            "nprocPerNode": "int-or-string",
            "replicaSpecs": [
                {
                    "...": "any",
                    "name": "string",
                    "replicas": "integer",
                    "maxReplicas": "integer",
                    "spares": "integer",
                    "template": "@PodTemplateSpec",
                }
            ],
            "runPolicy": "any",
            "...": "any",
        },
        "status": "any",
    }
}
_FORMATS = {"quantity": "quantity", "int-or-string": "int-or-string"}
_OPEN = {"RawExtension", "FieldsV1", "JSON"}


def builtin() -> dict[str, Any]:
    """Everything reachable from the kinds, by short name; statuses are left open, for nobody writes them."""
    published = json.loads(OPENAPI.read_text(encoding="utf-8"))["definitions"]
    found: dict[str, Any] = {}
    wanted = [f"{API}.core.v1.PodTemplateSpec", *BUILTIN.values()]
    while wanted:
        name = wanted.pop()
        if (short := name.rpartition(".")[2]) in found:
            continue
        found[short] = _fields(published[name], published)
        wanted.extend(full for full in _named(published[name]) if _is_structure(published[full]))
    return {name: fields for name, fields in sorted(found.items()) if not name.endswith("Status")}


def _is_structure(schema: Mapping[str, Any]) -> bool:
    return "properties" in schema


def _fields(schema: Mapping[str, Any], published: Mapping[str, Any]) -> dict[str, Any]:
    rows = schema.get("properties", {})
    return {name: "any" if name == "status" else _type(row, published) for name, row in sorted(rows.items())}


def _type(schema: Mapping[str, Any], published: Mapping[str, Any]) -> Any:
    if reference := schema.get("$ref"):
        full = reference.rpartition("/")[2]
        short = full.rpartition(".")[2]
        if _is_structure(published[full]):
            return f"@{short}"
        return "any" if short in _OPEN else _type(published[full], published)
    if schema.get("type") == "array":
        return [_type(schema.get("items", {}), published)]
    if isinstance(schema.get("additionalProperties"), dict):
        return {"*": _type(schema["additionalProperties"], published)}
    return _FORMATS.get(schema.get("format", ""), schema.get("type", "any")).replace("object", "any")


def _named(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(reference := node.get("$ref"), str):
            yield reference.rpartition("/")[2]
        for key, part in node.items():
            if key != "status":
                yield from _named(part)


def custom(folder: Path) -> dict[str, Any]:
    """The kinds of the CustomResourceDefinitions in `folder`; their pod templates are Kubernetes' own."""
    rows: dict[str, Any] = {}
    for name in CUSTOM:
        definition = YAML(typ="safe").load((folder / f"{name}.yaml").read_text(encoding="utf-8"))["spec"]
        for version in definition["versions"]:
            schema = version["schema"]["openAPIV3Schema"]
            fields = _structure(schema)
            fields |= {"metadata": "@ObjectMeta", "status": "any"}
            rows[f"{definition['group']}/{version['name']} {definition['names']['kind']}"] = fields
    return rows


def _structure(schema: Mapping[str, Any]) -> Any:
    rows = schema.get("properties")
    if rows is not None:
        if "containers" in rows.get("spec", {}).get("properties", {}):
            return "@PodTemplateSpec"
        return {name: "@ObjectMeta" if name == "metadata" else _structure(row) for name, row in sorted(rows.items())}
    if schema.get("x-kubernetes-int-or-string"):
        return "int-or-string"
    if "items" in schema:
        return [_structure(schema["items"])]
    if isinstance(schema.get("additionalProperties"), dict):
        return {"*": _structure(schema["additionalProperties"])}
    return str(schema.get("type", "any")).replace("object", "any")


def render(kinds: Mapping[str, Any], definitions: Mapping[str, Any]) -> str:
    """JSON with one kind or definition a line, so that a change reads well in a diff."""
    parts = (
        ",\n".join(f"    {json.dumps(name)}: {json.dumps(row)}" for name, row in rows.items())
        for rows in (dict(sorted(kinds.items())), definitions)
    )
    return '{{\n  "kinds": {{\n{}\n  }},\n  "definitions": {{\n{}\n  }}\n}}\n'.format(*parts)


def extract(folder: Path) -> str:
    """The text of the data file."""
    kinds = {name: f"@{full.rpartition('.')[2]}" for name, full in BUILTIN.items()}
    return render(kinds | custom(folder) | HYPERPOD, builtin())


if __name__ == "__main__":
    TARGET.write_text(extract(Path(sys.argv[1])), encoding="utf-8")
