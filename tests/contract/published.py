"""The published schemas, made strict: a field that they do not know is an error, as `schemas/README.md` describes."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft4Validator, Draft202012Validator
from jsonschema.exceptions import ValidationError
from jsonschema.protocols import Validator
from ruamel.yaml import YAML

from tests.conftest import REPOSITORY, present

SCHEMAS = REPOSITORY.parent / "shared" / "schemas"
HYPERPOD_KEYS = {"nprocPerNode", "replicaSpecs", "runPolicy", "elasticPolicy"}
"""The top of that schema is open."""
_CRDS = {
    "PyTorchJob": "kubeflow.org_pytorchjobs.yaml",
    "JobSet": "jobset.x-k8s.io_jobsets.yaml",
    "LocalQueue": "kueue.x-k8s.io_localqueues.yaml",
}
_QUANTITY = "io.k8s.apimachinery.pkg.api.resource.Quantity"
_INT_OR_STRING = "io.k8s.apimachinery.pkg.util.intstr.IntOrString"


def faults(manifest: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with an object, each with its path."""
    if manifest["kind"] == "HyperPodPyTorchJob":
        unknown = [f"spec.{key}: unknown" for key in manifest["spec"].keys() - HYPERPOD_KEYS]
        return [*unknown, *_told(_hyperpod(), manifest["spec"])]
    return list(_told(_validator(manifest["apiVersion"], manifest["kind"]), manifest))


def _told(validator: Validator, value: Any) -> Iterator[str]:
    for error in validator.iter_errors(value):
        for leaf in _leaves(error):
            yield f"{'.'.join(map(str, leaf.absolute_path))}: {leaf.message[:200]}"


def _leaves(error: ValidationError) -> Iterator[ValidationError]:
    """Yield what is behind an `anyOf`, but for the alternative of null."""
    if not error.context:
        yield error
    for below in error.context or ():
        if below.validator_value != "null":
            yield from _leaves(below)


@cache
def _validator(api_version: str, kind: str) -> Validator:
    if kind in _CRDS:
        return Draft4Validator(_custom(kind, api_version.partition("/")[2]))
    definitions = _definitions()
    group, _, version = api_version.rpartition("/")
    wanted = {"group": group, "kind": kind, "version": version}
    names = (name for name, one in definitions.items() if wanted in one.get("x-kubernetes-group-version-kind", ()))
    return Draft4Validator({"$ref": f"#/definitions/{next(names)}", "definitions": definitions})


@cache
def _definitions() -> dict[str, Any]:
    text = _there(SCHEMAS / "kubernetes-1.36-definitions.json").read_text(encoding="utf-8")
    definitions: dict[str, Any] = json.loads(text)["definitions"]
    definitions[_QUANTITY] = {"type": ["string", "number"]}
    definitions[_INT_OR_STRING] = {"type": ["string", "integer"]}
    for one in definitions.values():
        if "properties" in one and "additionalProperties" not in one:
            one["additionalProperties"] = False
    return definitions


@cache
def _hyperpod() -> Validator:
    text = _there(SCHEMAS / "hyperpodpytorchjob.schema.json").read_text(encoding="utf-8")
    return Draft202012Validator(json.loads(text))


def _custom(kind: str, version: str) -> dict[str, Any]:
    crd = YAML(typ="safe").load(_there(SCHEMAS / "crds" / _CRDS[kind]))
    (told,) = (one for one in crd["spec"]["versions"] if one["name"] == version)
    schema: dict[str, Any] = copy.deepcopy(told["schema"]["openAPIV3Schema"])
    _close(schema["properties"]["spec"])
    return schema


def _close(schema: dict[str, Any]) -> None:
    if schema.get("x-kubernetes-int-or-string"):
        schema.pop("type", None)
        schema["type"] = ["integer", "string"]
    is_open = "additionalProperties" in schema or schema.get("x-kubernetes-preserve-unknown-fields")
    if "properties" in schema and not is_open:
        schema["additionalProperties"] = False
    for below in (*schema.get("properties", {}).values(), schema.get("items"), schema.get("additionalProperties")):
        if isinstance(below, dict):
            _close(below)


def _there(path: Path) -> Path:
    return present(path, "the published schemas", "put `shared/schemas` beside the project")
