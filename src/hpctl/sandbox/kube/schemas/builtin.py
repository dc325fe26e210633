"""What Kubernetes' own kinds look like: its OpenAPI definitions, extracted by `tools/extract_kubernetes_schemas.py`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Final

from hpctl.sandbox.kube.schemas.shape import Shape

METADATA: Final = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"
_GROUP_VERSION_KIND: Final = "x-kubernetes-group-version-kind"


@cache
def definitions() -> Mapping[str, Any]:
    """Return the definitions by name; read when first asked for, some milliseconds."""
    text = files(__package__).joinpath("definitions.json").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)["definitions"]
    return found


@cache
def names() -> Mapping[tuple[str, str], str]:
    """Return the name of each kind's definition by apiVersion and kind."""
    return {
        (f"{row['group']}/{row['version']}".lstrip("/"), row["kind"]): name
        for name, schema in definitions().items()
        for row in schema.get(_GROUP_VERSION_KIND, ())
        if len(schema[_GROUP_VERSION_KIND]) == 1
    }


def shape(api_version: str, kind: str) -> Shape | None:
    """Return the shape of a kind, or None when Kubernetes has no such kind here."""
    name = names().get((api_version, kind))
    return None if name is None else Shape(definitions()[name], definitions())
