"""The fields that Kubernetes manifests may have: of jobs, and of what stands beside them in a file.

The data is extracted from the OpenAPI definitions of Kubernetes and from the published CustomResourceDefinitions of
the Kubeflow training operator (as the HyperPod Helm chart carries it), the MPI operator and JobSet 0.12.0.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Final, TypeAlias

FieldType: TypeAlias = "str | list[Any] | Mapping[str, Any]"
"""A word (`string`, `integer`, `boolean`, `number`, `quantity`, `int-or-string`, `any`), `@NAME` of a definition, a
list of one type, or a mapping of fields to types, where `*` stands for any key and `...` for further fields."""

POD_TEMPLATE: Final = "@PodTemplateSpec"
OPEN: Final = "..."
EVERY: Final = "*"


def manifest_kind(api_version: str, kind: str) -> FieldType | None:
    """Return the fields of a kind's objects; None for a kind that is not known here."""
    found: FieldType | None = _data()["kinds"].get(f"{api_version} {kind}")
    return found


def resolved(field: FieldType) -> FieldType:
    """Return what `@NAME` stands for; anything else stands for itself."""
    if isinstance(field, str) and field.startswith("@"):
        definition: FieldType = _data()["definitions"].get(field[1:], "any")
        return definition
    return field


@cache
def _data() -> dict[str, dict[str, Any]]:
    text = (files("hpctl.catalog") / "manifest_fields.json").read_text(encoding="utf-8")
    data: dict[str, dict[str, Any]] = json.loads(text)
    return data
