"""The page of the spec file, and its JSON Schema, from the models."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from enum import StrEnum
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import StringConstraints
from pydantic.fields import FieldInfo

from hpctl.catalog.limits import Shape, shape
from hpctl.spec.cluster import ClusterSpec
from hpctl.spec.json_schema import cluster_schema
from hpctl.spec.limits import Limits
from hpctl.spec.members import members
from hpctl.spec.model import SpecModel
from tools.pages.markdown import anchor, code, codes, page, prose, sections, table

INTRODUCTION = """\
A cluster spec is a YAML file with `api_version: hpctl/v1` and `kind: Cluster`. The same as JSON Schema:
[cluster.schema.json](cluster.schema.json), or `hpctl cluster schema`. A CreateCluster request of the AWS CLI is just as
good: it has AWS's own member names, which the column *AWS* shows.

Values may hold `${VAR}` or `$VAR`, filled from `--set VAR=VALUE` or the environment; `$$` is a dollar sign. An unknown
key is an error that names the nearest known one. All errors are told at once, each with `file:line:column`.

*Change* says what AWS does when the field of an existing cluster is changed: `in place`, `replaces the group`, or
`never` (only a new cluster has it). Below a field that is not changed in place, its own word holds. Limits are those
of the SageMaker service model."""

HEADERS = ("field", "value", "default", "change", "AWS", "meaning")
LINKED = {"ClusterInstanceType": "an [instance type](instance-types.md)"}
_WORDS = {str: "text", int: "whole number", bool: "true or false", datetime: "time"}
_UNITS = {"string": " characters", "integer": "", "list": " entries", "map": " entries"}
_LISTABLE = 12


def spec() -> str:
    """Return the page."""
    parts = ((model.__name__, _section(model)) for model in _models(ClusterSpec))
    return page("The cluster spec", "`hpctl.spec`", INTRODUCTION, sections(parts))


def schema() -> str:
    """Return the JSON Schema as `hpctl cluster schema` prints it."""
    return json.dumps(cluster_schema(), indent=2) + "\n"


def _models(root: type[SpecModel]) -> tuple[type[SpecModel], ...]:
    """Every structure below `root`, each once, in the order of the file."""
    found = {root: None}
    for info in root.model_fields.values():
        for model in _named(info.annotation):
            found |= dict.fromkeys(_models(model))
    return tuple(found)


def _named(annotation: Any) -> Iterator[type[SpecModel]]:
    if isinstance(annotation, type) and issubclass(annotation, SpecModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _named(inner)


def _section(model: type[SpecModel]) -> Iterator[str]:
    yield prose(model.__doc__)
    if model.exactly_one:
        yield f"Exactly one of {codes(model.exactly_one)} is given."
    yield table(HEADERS, (_row(model, name, info) for name, info in model.model_fields.items()))


def _row(model: type[SpecModel], name: str, info: FieldInfo) -> tuple[object, ...]:
    member = members(model)[name]
    return (
        code(name),
        _value(info.annotation, info.metadata),
        _default(name, info),
        member.update.value,
        code(member.aws) if member.aws else "",
        member.description,
    )


def _default(name: str, info: FieldInfo) -> str:
    if info.is_required() or name in ("api_version", "kind"):
        return "**required**"
    return code(str(info.default).lower()) if isinstance(info.default, bool) else ""


def _value(annotation: Any, metadata: list[Any] | tuple[Any, ...] = ()) -> str:
    """Say in words what a field takes."""
    limits = next((shape(one.shape) for one in metadata if isinstance(one, Limits)), None)
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _value(inner[0], [*annotation.__metadata__, *metadata])
    if origin in (Union, UnionType):
        return _value(next(one for one in inner if one is not NoneType), metadata)
    if origin is tuple:
        return f"list{_size(limits, ' of ')}, each {_value(inner[0])}"
    if origin is not None and _is_mapping(origin):
        return f"mapping{_size(limits, ' of ')}, from {_value(inner[0])}, to {_value(inner[1])}"
    return _single(annotation, origin, limits, metadata)


def _is_mapping(origin: Any) -> bool:
    return isinstance(origin, type) and issubclass(origin, Mapping)


def _single(annotation: Any, origin: Any, limits: Shape | None, metadata: list[Any] | tuple[Any, ...]) -> str:
    if origin is Literal:
        return codes(get_args(annotation))
    if isinstance(annotation, type) and issubclass(annotation, StrEnum):
        return _choice(tuple(annotation))
    if isinstance(annotation, type) and issubclass(annotation, SpecModel):
        return f"[{annotation.__name__}](#{anchor(annotation.__name__)})"
    if limits and limits.name in LINKED:
        return LINKED[limits.name]
    if limits and limits.enum:
        return _choice(limits.enum)
    pattern = next((one.pattern for one in metadata if isinstance(one, StringConstraints)), None)
    return _WORDS[annotation] + _bounds(limits) + (f", {code(pattern)}" if pattern else "")


def _choice(values: tuple[str, ...]) -> str:
    return " or ".join(map(code, values)) if len(values) <= _LISTABLE else f"one of {len(values)} values"


def _bounds(limits: Shape | None) -> str:
    if limits is None:
        return ""
    size = _size(limits, ", " if limits.type == "integer" else " of ")
    return size + (f", {code(limits.pattern)}" if limits.pattern else "")


def _size(limits: Shape | None, lead: str) -> str:
    if limits is None or (not limits.min and limits.max is None):
        return ""
    least, most = limits.min or 0, limits.max
    if most is None:
        words = f"{least} or more"
    elif least == 0 and limits.type != "integer":
        words = f"up to {most}"
    else:
        words = f"{least} to {most}"
    return lead + words + _UNITS[limits.type]
