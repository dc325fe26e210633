"""The sandbox's Kubernetes definitions tell of the same fields as the Python client, and as the published ones."""

from __future__ import annotations

import json
import os
import re
import runpy
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from kubernetes import client

ROOT = Path(__file__).resolve().parents[2]
TOOL = runpy.run_path(str(ROOT / "tools/extract_kubernetes_schemas.py"))
COMMITTED: dict[str, Any] = json.loads(TOOL["TARGET"].read_text(encoding="utf-8"))
DEFINITIONS: dict[str, Any] = COMMITTED["definitions"]
PUBLISHED = ROOT.parent / "shared/schemas/kubernetes-1.36-definitions.json"
# What the client calls by its group, because the same name stands in two.
GROUPS = {
    "io.k8s.api.authentication.v1.TokenRequest": "AuthenticationV1TokenRequest",
    "io.k8s.api.core.v1.EndpointPort": "CoreV1EndpointPort",
    "io.k8s.api.core.v1.Event": "CoreV1Event",
    "io.k8s.api.core.v1.EventSeries": "CoreV1EventSeries",
    "io.k8s.api.core.v1.ResourceClaim": "CoreV1ResourceClaim",
    "io.k8s.api.discovery.v1.EndpointPort": "DiscoveryV1EndpointPort",
    "io.k8s.api.discovery.v1.ForZone": "V1ForZone",
    "io.k8s.api.events.v1.Event": "EventsV1Event",
    "io.k8s.api.events.v1.EventSeries": "EventsV1EventSeries",
    "io.k8s.api.rbac.v1.Subject": "RbacV1Subject",
    "io.k8s.api.storage.v1.TokenRequest": "StorageV1TokenRequest",
    "io.k8s.api.admissionregistration.v1.ServiceReference": "AdmissionregistrationV1ServiceReference",
    "io.k8s.api.admissionregistration.v1.WebhookClientConfig": "AdmissionregistrationV1WebhookClientConfig",
}
_PLAIN = {
    "str": "string",
    "int": "integer",
    "bool": "boolean",
    "float": "number",
    "bytes": "string",
    "datetime": "string",
}


def _model(name: str) -> Any:
    package, _, kind = name.rpartition(".")
    version = package.rpartition(".")[2]
    usual = version.capitalize() if re.fullmatch(r"v\d+(?:\w+\d+)?", version) else ""
    group = package.split(".")[-2].capitalize()
    names = (GROUPS.get(name, ""), f"{group}{usual}{kind}", f"{usual}{kind}")
    return next((getattr(client, one) for one in names if one and hasattr(client, one)), None)


def _structures() -> list[str]:
    return [name for name, schema in DEFINITIONS.items() if "properties" in schema]


def test_the_tool_and_the_data_name_their_source() -> None:
    assert COMMITTED["source"].startswith("the OpenAPI definitions of Kubernetes 1.")
    assert TOOL["render"](COMMITTED) == TOOL["TARGET"].read_text(encoding="utf-8")


def test_every_root_is_there_with_all_that_it_refers_to() -> None:
    roots = {f"{package}.{kind}" for package, kinds in TOOL["ROOTS"].items() for kind in kinds}
    assert roots <= set(DEFINITIONS)
    referred = {name for schema in DEFINITIONS.values() for name in TOOL["_references"](schema)}
    assert referred <= set(DEFINITIONS)
    assert set(DEFINITIONS) == roots | referred


def test_every_structure_has_a_model_in_the_client() -> None:
    missing = [name for name in _structures() if _model(name) is None]
    assert missing == []


def test_fields_and_their_types_are_the_python_clients() -> None:
    assert [told for name in _structures() for told in _differences(name)] == []


def _differences(name: str) -> Iterator[str]:
    model, schema = _model(name), DEFINITIONS[name]
    ours, names = schema["properties"], model.attribute_map
    yield from (f"{name}.{field}: only in one of them" for field in set(ours) ^ set(names.values()))
    types = {names[key]: told for key, told in model.openapi_types.items()}
    yield from (f"{name}.{field}: {told}" for field, told in types.items() if not _is(ours.get(field, {}), told))
    needed = {names[key] for key, field in model.model_fields.items() if field.is_required()}
    yield from (f"{name}.{field}: needed in one of them" for field in set(schema.get("required", ())) ^ needed)


def _is(schema: Mapping[str, Any], told: str) -> bool:
    """Whether a field is of the type that the client's models tell: `List[V1Container]`, `Dict[str, str]`, `str`."""
    inner = re.fullmatch(r"(List|Dict)\[(?:str, )?(.+)\]", told)
    if inner:
        part = schema.get("items" if inner[1] == "List" else "additionalProperties")
        return part is not None and _is(part, inner[2])
    if reference := schema.get("$ref"):
        target = DEFINITIONS[reference.rpartition("/")[2]]
        kind = reference.rpartition(".")[2]
        return told.endswith(kind) or told in {"object", "Any"} or (told in _PLAIN and _is(target, told))
    return told in {"object", "Any"} or schema.get("type") == _PLAIN.get(told, told)


def test_merge_keys_and_list_types_are_those_of_the_published_definitions() -> None:
    if not PUBLISHED.exists():
        if os.environ.get("CI") == "true":
            pytest.fail(f"{PUBLISHED.name} is not there: CI puts it beside the project")
        pytest.skip(f"{PUBLISHED.name} is not beside the project")
    published = json.loads(PUBLISHED.read_text(encoding="utf-8"))["definitions"]
    differing: list[tuple[str, str]] = []
    for name in set(published) & set(DEFINITIONS):
        ours, theirs = DEFINITIONS[name].get("properties", {}), published[name].get("properties", {})
        fields = [field for field in theirs if dict(_merging(ours.get(field, {}))) != dict(_merging(theirs[field]))]
        differing.extend((name.rpartition(".")[2], field) for field in fields)
    # What 1.37 changed.
    assert sorted(differing) == [
        ("NodeAllocatableResourceClaimStatus", "resources"),
        ("PodStatus", "nodeAllocatableResourceClaimStatuses"),
    ]


def _merging(schema: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    yield from ((key, value) for key, value in schema.items() if key.startswith("x-kubernetes-"))
    yield "type", schema.get("type")
