"""The page of hpctl's job file, and its JSON Schema, from the schema that the models give."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from hpctl.spec.json_schema import job_schema
from tools.pages.markdown import anchor, code, page, prose, sections, table

INTRODUCTION = """\
A job file is YAML with `api_version: hpctl/v1` and `kind: Job`. The same as JSON Schema:
[job.schema.json](job.schema.json), or `hpctl job schema`. SkyPilot task files and Kubernetes manifests are just as
good: `hpctl job submit` tells them apart by what is in them.

Values may hold `${VAR}`, filled from `--set VAR=VALUE` or the environment; in `setup`, `run` and `env` a `$` is the
shell's. An unknown key is an error that names the nearest known one. All errors are told at once, each with
`file:line:column`. A flag of `hpctl job submit` wins over the file."""

_WORDS = {
    "array": "list",
    "boolean": "true or false",
    "integer": "whole number",
    "number": "number",
    "object": "mapping",
    "string": "text",
}


def job_file() -> str:
    """Return the page."""
    schema = job_schema()
    parts = [("Job", _section(schema))]
    objects = {name: one for name, one in schema.get("$defs", {}).items() if one.get("properties")}
    parts += [(name, _section(one)) for name, one in objects.items()]
    return page("The job file", "`hpctl.spec`", INTRODUCTION, sections(parts))


def schema() -> str:
    """Return the JSON Schema as `hpctl job schema` prints it."""
    return json.dumps(job_schema(), indent=2) + "\n"


def _section(model: Mapping[str, Any]) -> Iterator[str]:
    yield prose(model.get("description") or "")
    required = model.get("required", ())
    rows = (
        (code(name), _value(one), "**required**" if name in required else _default(one), one.get("description", ""))
        for name, one in model["properties"].items()
    )
    yield table(("field", "value", "default", "meaning"), rows)


def _value(node: Mapping[str, Any]) -> str:
    """Say in words what a field takes."""
    if "$ref" in node:
        name = str(node["$ref"]).rpartition("/")[2]
        enum = job_schema()["$defs"][name].get("enum")
        return " or ".join(map(code, enum)) if enum else f"[{name}](#{anchor(name)})"
    if choices := node.get("anyOf") or node.get("oneOf"):
        return " or ".join(dict.fromkeys(_value(one) for one in choices if one.get("type") != "null"))
    if "const" in node or "enum" in node:
        return " or ".join(map(code, node.get("enum", [node.get("const")])))
    if "items" in node:
        return f"list, each {_value(node['items'])}"
    words = _WORDS.get(str(node.get("type")), "any value")
    bounds = [f"{word} {node[key]}" for key, word in _BOUNDS.items() if key in node]
    return ", ".join((words, *bounds))


_BOUNDS = {"minimum": "at least", "exclusiveMinimum": "more than", "maximum": "at most"}


def _default(node: Mapping[str, Any]) -> str:
    value = node.get("default")
    return "" if value is None or value in ([], {}, "") else code(json.dumps(value))
