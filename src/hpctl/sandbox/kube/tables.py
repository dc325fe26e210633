"""Tables: what `kubectl get` asks for in place of the objects themselves (`meta.k8s.io/v1` Table)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from hpctl.sandbox.kube.columns import Column, age, columns_of, field
from hpctl.sandbox.kube.customs import version_of
from hpctl.sandbox.kube.durations import since
from hpctl.sandbox.kube.jsonpaths import looked_up
from hpctl.sandbox.kube.status import bad_request

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from hpctl.sandbox.kube.columns import Cell
    from hpctl.sandbox.kube.resources import Object, Resource

_INCLUDES: Final = ("", "None", "Metadata", "Object")


def columns(resource: Resource, definition: Object | None) -> tuple[Column, ...]:
    """Return the columns of a resource; `definition` is its CRD."""
    if definition is None:
        return columns_of(resource.kind)
    name = Column("Name", field("metadata.name"), format="name")
    printed = version_of(definition, resource).get("additionalPrinterColumns")
    return (name, *(_custom(told) for told in printed)) if printed else (name, Column("Age", age))


def table(
    items: Iterable[Object],
    shown: tuple[Column, ...],
    now: datetime,
    metadata: dict[str, Any],
    include: str,
) -> Object:
    """Return a table of objects; `include` says how much of each goes with its row."""
    if include not in _INCLUDES:
        raise bad_request(f'unrecognized includeObject value: "{include}"')
    return {
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": metadata,
        "columnDefinitions": [
            {
                "name": column.name,
                "type": column.kind,
                "format": column.format,
                "description": column.description,
                "priority": column.priority,
            }
            for column in shown
        ],
        "rows": [
            {"cells": [column.cell(found, now) for column in shown], **_included(found, include)} for found in items
        ],
    }


def partial(found: Object) -> Object:
    """Return the metadata of an object and nothing else of it."""
    return {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": found["metadata"]}


def _included(found: Object, include: str) -> dict[str, Any]:
    match include:
        case "None":
            return {}
        case "Object":
            return {"object": found}
        case _:
            return {"object": partial(found)}


def _custom(told: dict[str, Any]) -> Column:
    kind = told.get("type", "string")
    return Column(
        name=told["name"],
        cell=_cell(told["jsonPath"], kind),
        kind=kind,
        priority=told.get("priority", 0),
        format=told.get("format", ""),
        description=told.get("description", ""),
    )


def _cell(path: str, kind: str) -> Cell:
    def cell(found: Object, now: datetime) -> Any:
        values = looked_up(found, path)
        if not values:
            return None
        if kind == "date":
            return since(str(values[0]), now)
        return values[0] if kind in {"integer", "number", "boolean"} else " ".join(_text(value) for value in values)

    return cell


def _text(value: Any) -> str:
    return value if isinstance(value, str) else str(value)
