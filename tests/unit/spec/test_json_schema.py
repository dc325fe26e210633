from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

from hpctl.spec.json_schema import SCHEMA_ID, cluster_schema

PLACEHOLDER = {"type": "string", "pattern": r"\$(\{[A-Za-z_]\w*\}|[A-Za-z_])"}


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    return cluster_schema()


def objects(value: Any) -> list[dict[str, Any]]:
    below = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    own = [value] if isinstance(value, dict) and "properties" in value else []
    return own + [one for part in below for one in objects(part)]


def test_it_is_a_schema_of_the_2020_12_draft(schema: dict[str, Any]) -> None:
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["$id"] == SCHEMA_ID
    assert schema["title"] == "hpctl cluster spec"
    Draft202012Validator.check_schema(schema)


def test_no_structure_takes_keys_that_it_does_not_know(schema: dict[str, Any]) -> None:
    assert len(objects(schema)) > 20
    assert {one["additionalProperties"] for one in objects(schema)} == {False}


def test_every_property_is_described_with_its_update_policy(schema: dict[str, Any]) -> None:
    properties = [entry for one in objects(schema) for entry in one["properties"].values()]
    assert all(entry["description"] for entry in properties)
    assert {entry["x-update-policy"] for entry in properties} == {"in place", "replaces the group", "never"}


def test_limits_of_the_service_are_in_it_and_a_placeholder_may_stand_for_the_value(schema: dict[str, Any]) -> None:
    group = schema["$defs"]["InstanceGroup"]["properties"]
    assert group["count"]["anyOf"] == [{"type": "integer", "maximum": 6758}, PLACEHOLDER]
    assert len(group["type"]["anyOf"][0]["enum"]) > 200
    assert schema["properties"]["name"]["anyOf"][0] == {
        "type": "string",
        "minLength": 1,
        "maxLength": 63,
        "pattern": "^(?:[a-zA-Z0-9](-*[a-zA-Z0-9])*)$",
    }
    assert schema["properties"]["instance_groups"]["maxItems"] == 100
    assert schema["properties"]["tags"]["maxProperties"] == 50
    assert schema["required"] == ["api_version", "kind", "name"]
    assert schema["$defs"]["Orchestrator"]["oneOf"] == [{"required": ["eks"]}, {"required": ["slurm"]}]


@pytest.mark.parametrize("example", ["eks.yaml", "slurm.yaml"])
def test_it_accepts_the_examples_with_their_placeholders(
    schema: dict[str, Any], repository: Path, example: str
) -> None:
    spec = YAML(typ="safe").load(repository / "src" / "hpctl" / "examples" / example)
    assert [error.message for error in Draft202012Validator(schema).iter_errors(spec)] == []


@pytest.mark.parametrize(
    "change",
    [
        {"name": "a_b"},
        {"names": "hp"},
        {"kind": "Clutser"},
        {"instance_groups": []},
        {"node_recovery": "automatic"},
        {"orchestrator": {"eks": {"cluster": "a"}, "slurm": {}}},
    ],
)
def test_it_refuses_what_loading_refuses(schema: dict[str, Any], change: dict[str, Any]) -> None:
    good = {"api_version": "hpctl/v1", "kind": "Cluster", "name": "hp"}
    validator = Draft202012Validator(schema)
    assert validator.is_valid(good)
    assert not validator.is_valid({**good, **change})


def test_what_is_not_wanted_is_left_out_not_null(schema: dict[str, Any]) -> None:
    text = json.dumps(schema)
    assert '"null"' not in text
    assert '"default": null' not in text
