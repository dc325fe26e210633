"""The JSON Schema of an hpctl spec, for editors and for machines that write specs."""

from __future__ import annotations

from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core.core_schema import NullableSchema, WithDefaultSchema

from hpctl.spec.cluster import ClusterSpec
from hpctl.spec.job_file import JobFile

SCHEMA_ID = "https://github.com/hpctl/hpctl/schemas/cluster-v1.json"
JOB_SCHEMA_ID = "https://github.com/hpctl/hpctl/schemas/job-v1.json"


class _Generator(GenerateJsonSchema):
    """Leaves out null: what is not wanted is not written."""

    def nullable_schema(self, schema: NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: WithDefaultSchema) -> JsonSchemaValue:
        inner = self.generate_inner(schema["schema"])
        default = schema.get("default")
        return {**inner, "default": default} if isinstance(default, str | bool) else inner


def cluster_schema() -> dict[str, Any]:
    """Make the schema (draft 2020-12) of the file that `load_cluster` takes as hpctl YAML, before substitution."""
    body = ClusterSpec.model_json_schema(schema_generator=_Generator)
    head = {"$schema": GenerateJsonSchema.schema_dialect, "$id": SCHEMA_ID, **body, "title": "hpctl cluster spec"}
    return {**head, "required": ["api_version", "kind", *body["required"]]}


def job_schema() -> dict[str, Any]:
    """Make the schema (draft 2020-12) of the file that `load_job` takes as hpctl YAML, before substitution."""
    body = JobFile.model_json_schema(schema_generator=_Generator)
    head = {"$schema": GenerateJsonSchema.schema_dialect, "$id": JOB_SCHEMA_ID, **body, "title": "hpctl job"}
    return {**head, "required": ["api_version", "kind", "run"]}
