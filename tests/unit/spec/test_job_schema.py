"""The JSON Schema of hpctl's job YAML agrees with what is loaded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

from hpctl.spec.job_file import JobFile
from hpctl.spec.json_schema import JOB_SCHEMA_ID, job_schema

WILD = Path(__file__).parent / "wild"


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    return job_schema()


def valid(schema: dict[str, Any], text: str) -> bool:
    return bool(Draft202012Validator(schema).is_valid(YAML(typ="safe").load(text)))


def objects(value: Any) -> list[dict[str, Any]]:
    below = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    own = [value] if isinstance(value, dict) and "properties" in value else []
    return own + [one for part in below for one in objects(part)]


def test_it_is_a_schema_of_the_2020_12_draft(schema: dict[str, Any]) -> None:
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert (schema["$id"], schema["title"]) == (JOB_SCHEMA_ID, "hpctl job")
    assert schema["required"] == ["api_version", "kind", "run"]
    assert set(schema["properties"]) == set(JobFile.model_fields)
    Draft202012Validator.check_schema(schema)


def test_every_property_is_described_and_no_other_is_taken(schema: dict[str, Any]) -> None:
    structures = objects(schema)
    assert len(structures) == 6
    assert {one["additionalProperties"] for one in structures} == {False}
    assert [name for one in structures for name, entry in one["properties"].items() if "description" not in entry] == []


@pytest.mark.parametrize("name", ["hp_minimal.yaml", "hp_full.yaml", "hp_choices.yaml"])
def test_files_that_load_are_valid(schema: dict[str, Any], name: str) -> None:
    assert valid(schema, (WILD / name).read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "rest",
    [
        "nodes: ${N}",
        "cpus: $CPUS\nefa: 0",
        "limits: 1.5",
        "model: {name: a, seq_len: '${N}'}",
        "pod_config: {spec: {anything: [1]}}",
        "ports: [80]",
    ],
)
def test_placeholders_and_parts_of_pods_are_valid(schema: dict[str, Any], rest: str) -> None:
    assert valid(schema, f"api_version: hpctl/v1\nkind: Job\nrun: a\n{rest}")


@pytest.mark.parametrize(
    "rest",
    ["nodes: 0", "nodes: two", "node: 1", "mounts: [{path: /a}]", "mounts: [{path: /a, claim: a, local: b}]",
     "topology: {}", "ports: [99999]", "limits: 0.5", "env: [A]", "secrets: A", "resume: {max_retries: 0}"],
)  # fmt: skip
def test_what_is_refused_is_invalid(schema: dict[str, Any], rest: str) -> None:
    assert not valid(schema, f"api_version: hpctl/v1\nkind: Job\nrun: a\n{rest}")
